"""A password as text: normalised as RFC 8265 says (OpaqueString), and squeezed to what is compared with words."""

from __future__ import annotations

import unicodedata
from typing import Literal

Class = Literal["upper", "lower", "digit", "sign"]
CLASSES: tuple[Class, ...] = ("upper", "lower", "digit", "sign")

MOST_BYTES = 1_024
"""The longest password that is looked at (S2): hashing longer ones would be work for an attacker to order."""


def too_long(password: str) -> bool:
    """Whether it is refused unseen; a lone surrogate, which is no text, counts as bytes too."""
    return len(password) > MOST_BYTES or len(password.encode(errors="surrogatepass")) > MOST_BYTES


def normal(password: str) -> str:
    """The same password typed on another keyboard is the same text: NFC, and every kind of space is a space.

    Compatibility forms (NFKC) are left apart: "²" and "2" are two characters to whoever types them, as RFC 8265 has it.
    What is too long to be a password stays as it is: normalising takes the square of the number of combining marks.
    """
    if too_long(password):
        return password
    whole = password.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # Half a character is none.
    return unicodedata.normalize("NFC", "".join(" " if unicodedata.category(c) == "Zs" else c for c in whole))


def squeezed(text: str) -> str:
    """Letters and digits alone, without accents and case."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(character for character in bare if character.isalnum())


def classes_of(password: str) -> frozenset[Class]:
    """Which of the four classes of characters it has (R37)."""
    return frozenset(_class_of(character) for character in password)


def _class_of(character: str) -> Class:
    if character.isdecimal():
        return "digit"
    if character.isupper():
        return "upper"
    return "lower" if character.isalpha() else "sign"
