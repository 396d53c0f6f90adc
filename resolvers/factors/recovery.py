"""Recovery codes: ten of 80 random bits, returned once, stored as hashes, each valid for one sign-in (S4)."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from hashlib import sha256

import orjson

COUNT = 10
LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32, without I, L, O and U; typed I, L and O are read as digits."""
LENGTH = 16
_MEANT = str.maketrans({"I": "1", "L": "1", "O": "0"})


@dataclass(frozen=True, slots=True, repr=False)
class Left:
    """The remaining codes: the text to encrypt, and their number."""

    text: bytes
    count: int


def new_codes() -> list[str]:
    """Ten codes such as `7K3M-9QXT-4F2P-8RB0`."""
    return [_grouped("".join(secrets.choice(LETTERS) for _ in range(LENGTH))) for _ in range(COUNT)]


def kept(factor_id: int, codes: list[str]) -> Left:
    """Hash the codes for storage. 80 random bits need no slow hash; the factor's id is the salt."""
    return _left([_hash(factor_id, code) for code in codes])


def spend(stored: bytes, factor_id: int, code: str) -> Left | None:
    """The remaining codes after using this one; None if it is wrong or was used."""
    try:
        hashes = orjson.loads(stored)
    except orjson.JSONDecodeError:
        return None  # Codes imported from another system, in a format of its own.
    if not isinstance(hashes, list) or not all(isinstance(each, str) for each in hashes):
        return None
    wanted = _hash(factor_id, code)
    # Every hash is compared, so that the time does not reveal a position.
    rest = [each for each in hashes if not hmac.compare_digest(each, wanted)]
    return _left(rest) if len(rest) < len(hashes) else None


def _left(hashes: list[str]) -> Left:
    return Left(orjson.dumps(hashes), len(hashes))


def _hash(factor_id: int, code: str) -> str:
    # Separators, spaces and case do not matter: people type codes from paper.
    letters = "".join(c for c in code.upper().translate(_MEANT) if c in LETTERS)
    # 128 bits are enough for codes of 80 bits.
    return sha256(f"{factor_id}:{letters}".encode()).hexdigest()[:32]


def _grouped(letters: str) -> str:
    return "-".join(letters[at : at + 4] for at in range(0, LENGTH, 4))
