"""What is wrong with an input, in the languages that there is a catalogue for; the code itself speaks English."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = tuple(sorted(path.stem for path in HERE.glob("*.toml")))
"""The tags of the catalogues, beside `en`."""


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """Texts as they stand, and those with something put in."""

    plain: dict[str, str]
    patterns: tuple[tuple[re.Pattern[str], str], ...]


def translated(message: str, language: str) -> str:
    """The message in this language; as it is, where the catalogue does not have it."""
    if language not in LANGUAGES:
        return message
    catalogue = _read(language)
    if (found := catalogue.plain.get(message)) is not None:
        return found
    for pattern, text in catalogue.patterns:
        if match := pattern.fullmatch(message):
            return text.format(*match.groups())
    return message


def entries(language: str) -> dict[str, str]:
    """Every text with its translation; `{}` stands for what is put in."""
    return tomllib.loads((HERE / f"{language}.toml").read_text(encoding="utf-8"))


@cache
def _read(language: str) -> _Catalogue:
    found = entries(language)
    plain = {text: said for text, said in found.items() if "{}" not in text}
    patterns = tuple(
        (re.compile(re.escape(text).replace(r"\{\}", "(.{1,200})"), re.DOTALL), said)
        for text, said in found.items()
        if "{}" in text
    )
    return _Catalogue(plain, patterns)


def preferred(accepted: str | None) -> str:
    """The language that an `Accept-Language` header prefers, of those there are; English where it names none."""
    best, weight = "en", 0.0
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
