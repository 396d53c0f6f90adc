"""Translates messages about input problems; the code has them in English, catalogues have the other languages."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in HERE.glob("*.toml")))
"""The language tags of the catalogues, without `en`."""


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """Fixed texts, and patterns of texts with parameters."""

    plain: dict[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]


def translated(message: str, language: str) -> str:
    """The message in this language; unchanged if the catalogue does not contain it."""
    if language not in LANGUAGES:
        return message
    catalogue = _read(language)
    if (found := catalogue.plain.get(message)) is not None:
        return found
    # Patterns last: most messages are fixed texts, found by one look-up.
    for pattern, text in catalogue.patterns:
        if match := pattern.fullmatch(message):
            return text.format(*match.groups())
    return message


def entries(language: str) -> dict[str, str]:
    """All texts with their translations; `{}` marks a parameter."""
    return tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def _read(language: str) -> _Catalogue:
    found = entries(language)
    plain = {text: translation for text, translation in found.items() if "{}" not in text}
    patterns = tuple(
        # Bounded, so that matching takes linear time in foreign text (G12).
        (re.compile(re.escape(text).replace(r"\{\}", "(.{1,200})"), re.DOTALL), translation)
        for text, translation in found.items()
        if "{}" in text
    )
    return _Catalogue(plain, patterns)


def preferred(accepted: str | None) -> str:
    """The available language that an `Accept-Language` header prefers (RFC 9110, section 12.5.4); English otherwise."""
    best, weight = "en", 0.0
    # Bounded: the header is foreign text.
    for each in (accepted or "")[:200].split(","):
        tag, _, quality = each.partition(";")
        name = tag.strip().lower().partition("-")[0]
        try:
            value = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if name in (*LANGUAGES, "en") and value > weight:
            best, weight = name, value
    return best
