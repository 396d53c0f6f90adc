"""Normalises passwords (RFC 8265, OpaqueString), and reduces them for comparison with words."""

from __future__ import annotations

import unicodedata
from typing import Literal

Class = Literal["upper", "lower", "digit", "sign"]
CLASSES: tuple[Class, ...] = ("upper", "lower", "digit", "sign")

MOST_BYTES = 1_024
"""Maximum bytes of a password (S2): hashing longer ones would let an attacker cause work."""


def too_long(password: str) -> bool:
    """True if it is too long to be processed; lone surrogates count with their bytes."""
    # The length first: encoding a huge text takes time.
    return len(password) > MOST_BYTES or len(password.encode(errors="surrogatepass")) > MOST_BYTES


def normal(password: str) -> str:
    """Normalise a password (NFC, all spaces equal), so that it is the same text on any keyboard.

    No compatibility forms (NFKC): "²" and "2" are different characters (RFC 8265). A text that is too long stays as it
    is: normalising takes quadratic time in the number of combining marks (G12).
    """
    if too_long(password):
        return password
    whole = password.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # Lone surrogates become U+FFFD.
    return unicodedata.normalize("NFC", "".join(" " if unicodedata.category(c) == "Zs" else c for c in whole))


def squeezed(text: str) -> str:
    """Letters and digits only, without accents and case."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in bare if character.isalnum())


def classes_of(password: str) -> frozenset[Class]:
    """The character classes that a password has (R37)."""
    return frozenset(_class_of(character) for character in password)


def _class_of(character: str) -> Class:
    if character.isdecimal():
        return "digit"
    if character.isupper():
        return "upper"
    return "lower" if character.isalpha() else "sign"
