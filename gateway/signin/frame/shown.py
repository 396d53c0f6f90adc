"""The values that templates of sign-in pages show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageLink:
    """The same page in another language."""

    tag: str
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class PageNotice:
    """Something to know, above a page; `kind`: note, warn or error."""

    text: str
    kind: str = "note"
    title: str | None = None


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A field for a new password: its rule, what is wrong with what was typed, and the kinds of characters in it."""

    least: int
    classes: bool
    """All kinds of characters are required."""
    errors: Sequence[str]
    meter: Mapping[str, bool]
    """The length that counts, and each kind of characters, there or missing (R37)."""


Ways = Sequence[tuple[str, str]]
"""Other ways to go: words and address."""
