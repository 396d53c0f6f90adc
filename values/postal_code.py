"""Postal codes in the form of their country, read as people write them: `CH-1003`, `pl 00950`, `1012ab`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from values.address_data import Customs, customs_of
from values.digits import in_ascii

LONGEST = 20
"""Maximum characters of a postal code."""

_SIGNS = {
    "AT": "A", "BE": "B", "DE": "D", "EE": "EST", "ES": "E", "FI": "FIN", "FR": "F", "GB": "UK", "HU": "H", "IT": "I",
    "LI": "FL", "LU": "L", "NO": "N", "PT": "P", "RU": "RUS", "SE": "S", "SI": "SLO", "RS": "SRB", "VA": "V",
}  # fmt: skip
"""Signs of countries on vehicles, which people write in front of postal codes where they differ from ISO 3166-1."""
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFF0D), "-")
_LETTERS = re.compile(r"[A-Z]{1,4}[ \-]?")


class PostalCodeError(ValueError):
    """The country has no such postal code; `example` is one that it has."""

    def __init__(self, example: str | None) -> None:
        super().__init__("This country has no such postal code.")
        self.example = example


def read_postal_code(text: str, country: str) -> str:
    """Return the code in the country's form; PostalCodeError if it has no such code.

    Only spaces, hyphens, capitals and the sign of the country are put right. Where the country has no postal codes, or
    none is known, the text stays as it was written.
    """
    rules = customs_of(country)
    if rules.postal_code is None:
        return text
    for each in _readings(text, country, rules):
        if rules.postal_code.fullmatch(each):
            return each
    raise PostalCodeError(rules.examples[0] if rules.examples else None)


def _readings(text: str, country: str, rules: Customs) -> Iterator[str]:
    """The forms that the text may have been meant in, the most likely one first."""
    plain = in_ascii(text).upper().replace("〒", " ").translate(_DASHES)
    typed = "-".join(" ".join(each.split()) for each in plain.split("-"))
    for each in (typed, *_without_sign(typed, country)):
        if each.isalnum():
            yield from _shaped(each, rules)
        yield each
        bare = "".join(filter(str.isalnum, each))
        yield from _shaped(bare, rules)
        yield bare
    for example in rules.examples[:1]:
        # The letters in front of all codes of the country, such as the `LV-` of Latvia, are often left out.
        if letters := _LETTERS.match(example):
            yield letters[0] + typed


def _without_sign(typed: str, country: str) -> Iterator[str]:
    for sign in (country, _SIGNS.get(country, country)):
        rest = typed.removeprefix(sign)
        if rest != typed and (rest[:1] in ("-", " ", ".") or rest[:1].isdigit()):
            yield rest.lstrip(" -.")


def _shaped(bare: str, rules: Customs) -> Iterator[str]:
    """The letters and digits with the spaces and hyphens of those examples that have as many."""
    for example in rules.examples:
        if sum(map(str.isalnum, example)) == len(bare):
            rest = iter(bare)
            yield "".join(next(rest) if each.isalnum() else each for each in example)
