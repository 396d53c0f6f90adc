"""Looking up a sealed value without storing it: a keyed fingerprint of its normal form."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from enum import Enum

LENGTH = 16
"""Bytes: 128 bits, so that two of a billion values meet with a probability of 10^-21."""


LONGEST = 1_024
"""Characters of a value that is brought into its normal form; nothing that is kept is longer."""


def _folded(value: str) -> str:
    if len(value) > LONGEST:
        return value  # It is found nowhere, and normalising takes the square of the number of combining marks.
    return unicodedata.normalize("NFKC", value).strip().casefold()


def _digits(value: str) -> str:
    return "".join(character for character in value if character.isdecimal())


class Lookup(Enum):
    """What can be looked up, and how it is brought into one form first."""

    def __init__(self, word: str, normalise: Callable[[str], str]) -> None:
        self.word = word
        self.normalise = normalise

    EMAIL = "email", _folded
    CUSTOMER_NUMBER = "customer_number", lambda value: _folded(value).upper()
    DOMAIN = "domain", lambda value: _folded(value).rstrip(".")
    LOGIN = "login", _folded
    CARD = "card", _digits


WORDS = {kind.word: kind for kind in Lookup}


def blind_index(key: bytes, kind: Lookup | str, value: str) -> bytes:
    """HMAC-SHA-256 of the kind and the value's normal form, cut to 16 bytes; ValueError for an unknown kind."""
    lookup = WORDS.get(kind) if isinstance(kind, str) else kind
    if lookup is None:
        raise ValueError(f"nothing is looked up by {kind}; known are {sorted(WORDS)}")
    return hmac.digest(key, f"{lookup.word}\0{lookup.normalise(value)}".encode(), "sha256")[:LENGTH]
