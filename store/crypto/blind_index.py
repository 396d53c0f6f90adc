"""Blind indexes: an encrypted value is looked up by a keyed hash of its normal form."""

from __future__ import annotations

import hmac
import unicodedata
from collections.abc import Callable
from enum import Enum

from values import domain_name, external_id, lines, mailbox, telephone

LENGTH = 16
"""Bytes of a blind index: with 128 bits two of a billion values collide with a probability of 10^-21."""


LONGEST = 1_024
"""Maximum characters of a value that is normalised; no stored value is longer."""


def _number(value: str) -> str:
    # Customer numbers are ASCII. Upper-casing other letters could turn one into ASCII (`ı` into `I`).
    if len(value) > LONGEST:
        return value  # It matches nothing, and normalising takes quadratic time in the number of combining marks.
    bare = unicodedata.normalize("NFC", value).strip()
    return bare.upper() if bare.isascii() else bare


class Lookup(Enum):
    """A kind of value that can be looked up, with its normalisation."""

    def __init__(self, word: str, normalise: Callable[[str], str], unique: bool = True) -> None:
        self.word = word
        self.normalise = normalise
        self.unique = unique
        """False for a value that several customers may have: each row has a look-up of its own."""

    EMAIL = "email", mailbox.lookup_form
    CUSTOMER_NUMBER = "customer_number", _number
    DOMAIN = "domain", domain_name.lookup_form
    LOGIN = "login", mailbox.lookup_form
    EXTERNAL_ID = "external_id", external_id.lookup_form
    PHONE = "phone", telephone.lookup_form, False
    SERVICE_NAME = "service_name", lines.lookup_form, False


WORDS = {kind.word: kind for kind in Lookup}


def blind_index(key: bytes, kind: Lookup | str, value: str) -> bytes:
    """HMAC-SHA-256 of the kind and the value's normal form, cut to 16 bytes; ValueError for an unknown kind."""
    lookup = WORDS.get(kind) if isinstance(kind, str) else kind
    if lookup is None:
        raise ValueError(f"nothing is looked up by {kind}; known are {sorted(WORDS)}")
    # The kind separates the domains: an e-mail address and an equal login name have different indexes. `replace`,
    # because a lone surrogate in a request cannot be encoded.
    return hmac.digest(key, f"{lookup.word}\0{lookup.normalise(value)}".encode(errors="replace"), "sha256")[:LENGTH]
