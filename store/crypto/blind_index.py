"""Looking up a sealed value without storing it: a keyed fingerprint of its normal form."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from enum import Enum

from values import domain_name, mailbox

LENGTH = 16
"""Bytes: 128 bits, so that two of a billion values meet with a probability of 10^-21."""


LONGEST = 1_024
"""Characters of a value that is brought into its normal form; nothing that is kept is longer."""


def _number(value: str) -> str:
    # Customer numbers are ASCII: nothing else is brought to their form, so that nothing else can be taken for one.
    if len(value) > LONGEST:
        return value  # It is found nowhere, and normalising takes the square of the number of combining marks.
    bare = unicodedata.normalize("NFC", value).strip()
    return bare.upper() if bare.isascii() else bare


class Lookup(Enum):
    """What can be looked up, and how it is brought into one form first."""

    def __init__(self, word: str, normalise: Callable[[str], str]) -> None:
        self.word = word
        self.normalise = normalise

    EMAIL = "email", mailbox.lookup_form
    CUSTOMER_NUMBER = "customer_number", _number
    DOMAIN = "domain", domain_name.lookup_form
    LOGIN = "login", mailbox.lookup_form


WORDS = {kind.word: kind for kind in Lookup}


def blind_index(key: bytes, kind: Lookup | str, value: str) -> bytes:
    """HMAC-SHA-256 of the kind and the value's normal form, cut to 16 bytes; ValueError for an unknown kind."""
    lookup = WORDS.get(kind) if isinstance(kind, str) else kind
    if lookup is None:
        raise ValueError(f"nothing is looked up by {kind}; known are {sorted(WORDS)}")
    return hmac.digest(key, f"{lookup.word}\0{lookup.normalise(value)}".encode(errors="replace"), "sha256")[:LENGTH]
