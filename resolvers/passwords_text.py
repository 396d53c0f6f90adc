"""A password as text: normalised as RFC 8265 says (OpaqueString), and squeezed to what is compared with words."""

from __future__ import annotations

import unicodedata
from typing import Literal

Class = Literal["upper", "lower", "digit", "sign"]
CLASSES: tuple[Class, ...] = ("upper", "lower", "digit", "sign")


def normal(password: str) -> str:
    """The same password typed on another keyboard is the same text: NFC, and every kind of space is a space.

    Compatibility forms (NFKC) are left apart: "²" and "2" are two characters to whoever types them, as RFC 8265 has it.
    """
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
