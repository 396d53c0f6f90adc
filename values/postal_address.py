"""A postal address by the rules of its country (R9, R30): required parts, postal code and region; kept as written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from messages.message import Message, Text, marked
from values.address_data import customs_of
from values.postal_code import PostalCodeError, read_postal_code
from values.regions import Region, choices_of, find_region, regions_of

PARTS = ("street", "street2", "postalCode", "city", "region", "country")

_LIKE = marked("This country has no such postal code; they look like {example}.")
_REGION = marked("This country has no such state or province; it has {choices}.")


@dataclass(frozen=True, slots=True)
class AddressFault:
    """A problem of one part of an address, without its value."""

    part: str
    code: str
    message: Text
    instead: tuple[str, ...] = ()
    """Words that the country would take: an example of a postal code, or its regions."""


def read_postal_address(given: Mapping[str, str | None]) -> tuple[dict[str, str | None], list[AddressFault]]:
    """Return the address with its problems; the parts are lines of text, the country is one of `COUNTRIES`.

    Only the postal code is brought to another form, that of its country. A region stays as it was written; where the
    country's regions are known, it must be one of them. A town that is a region too, such as Dubai, stands for it.
    """
    country = given["country"] or ""
    rules = customs_of(country)
    found = dict(given)
    problems = [
        AddressFault(part, "REQUIRED", "Addresses of this country need it.")
        for part in sorted(rules.required)
        if not given.get(part) and not (part == "region" and find_region(given.get("city") or "", country))
    ]
    region = None
    if (typed := given.get("region")) and regions_of(country):
        region = find_region(typed, country)
        if region is None:
            choices = tuple(choices_of(country))
            message = Message(_REGION, choices=choices)
            problems.append(AddressFault("region", "INVALID_REGION", message, choices))
    if code := given.get("postalCode"):
        try:
            found["postalCode"] = _code(code, country, region)
        except PostalCodeError as error:
            instead = (error.example,) if error.example else ()
            problems.append(AddressFault("postalCode", "INVALID_POSTAL_CODE", _sentence(error), instead))
    return found, problems


def _code(typed: str, country: str, region: Region | None) -> str:
    code = read_postal_code(typed, country)
    if region is not None and region.codes is not None and not region.codes.match(code):
        raise PostalCodeError(None)
    return code


def _sentence(error: PostalCodeError) -> Text:
    return Message(_LIKE, example=error.example) if error.example else marked("This region has no such postal code.")
