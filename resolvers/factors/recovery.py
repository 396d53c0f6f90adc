"""Recovery codes: ten of 80 random bits, shown once, kept as hashes, each good for one sign-in (S4)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

import orjson

COUNT = 10
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O and U, and what people type instead is understood."""
LENGTH = 16
_MEANT = str.maketrans({"I": "1", "L": "1", "O": "0"})


@dataclass(frozen=True, slots=True, repr=False)
class Left:
    """What remains of a set: the text to seal, and how many."""

    text: bytes
    count: int


def new_codes() -> list[str]:
    """Ten codes such as `7K3M-9QXT-4F2P-8RB0`."""
    return [_grouped("".join(secrets.choice(LETTERS) for _ in range(LENGTH))) for _ in range(COUNT)]


def kept(factor_id: int, codes: list[str]) -> Left:
    """What is stored of them. 80 random bits need no slow hash; the factor's id keeps sets apart."""
    return _left([_hash(factor_id, code) for code in codes])


def spend(stored: bytes, factor_id: int, code: str) -> Left | None:
    """What remains after using this code; None when it is not one of the set, or was used."""
    try:
        hashes = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return None  # A set that was imported from elsewhere, in a form that is not ours.
    if not isinstance(hashes, list) or not all(isinstance(each, str) for each in hashes):
        return None
    wanted = _hash(factor_id, code)
    rest = [each for each in hashes if not hmac.compare_digest(each, wanted)]
    return _left(rest) if len(rest) < len(hashes) else None


def _left(hashes: list[str]) -> Left:
    return Left(orjson.dumps(hashes), len(hashes))


def _hash(factor_id: int, code: str) -> str:
    letters = "".join(c for c in code.upper().translate(_MEANT) if c in LETTERS)
    return sha256(f"{factor_id}:{letters}".encode()).hexdigest()[:32]


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, LENGTH, 4))
