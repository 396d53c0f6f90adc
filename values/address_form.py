"""An address form for people: the parts that a country uses, in the order of its envelopes, by the words used there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from messages.message import Text, marked
from values.address_data import LETTERS, customs_of
from values.regions import choices_of
from values.telephone import example_telephone

WORDS: Final[dict[str, dict[str, Text]]] = {
    "postalCode": {
        "": marked("Postal code"),
        "zip": marked("ZIP code"),
        "pin": marked("PIN code"),
        "eircode": marked("Eircode"),
    },
    "city": {
        "": marked("Town"),
        "post_town": marked("Post town"),
        "suburb": marked("Suburb"),
        "district": marked("District"),
    },
    "region": {
        "": marked("State, province, canton"),
        "area": marked("Area"),
        "county": marked("County"),
        "department": marked("Department"),
        "district": marked("District"),
        "do_si": marked("Province or city"),
        "emirate": marked("Emirate"),
        "island": marked("Island"),
        "oblast": marked("Oblast"),
        "parish": marked("Parish"),
        "prefecture": marked("Prefecture"),
        "province": marked("Province"),
        "state": marked("State"),
    },
}
"""The word for a part by its kind; "" is the word that is used where a country has no other."""

_CODE = re.compile(r"^(.+) \(([A-Z0-9]{1,3})\)$")


@dataclass(frozen=True, slots=True)
class AddressForm:
    """The form of one country."""

    rows: tuple[tuple[str, ...], ...]
    """The parts from top to bottom; those of one row stand beside each other."""
    required: frozenset[str]
    unusual: frozenset[str]
    """Parts that addresses of the country rarely have: to be shown only if something was given for them."""
    labels: dict[str, Text]
    regions: tuple[tuple[str, str], ...]
    """Each region as it is written in an address, and its name; none where the country has no list."""
    postal_code: str | None
    """An example; None where there is none."""
    telephone: str | None
    """A telephone number of the country as people write it for others abroad; None where none is known."""


@lru_cache(maxsize=256)
def address_form_of(country: str) -> AddressForm:
    """Return the form of a country of `COUNTRIES`."""
    customs = customs_of(country)
    lines = [[LETTERS[letter] for letter in re.findall("%([ACSZ])", line)] for line in customs.form.split("%n")]
    rows: list[tuple[str, ...]] = []
    for line in filter(None, lines):
        if "street" in line:
            rows += [("street",), ("street2",)]
            line = [part for part in line if part != "street"]
        if line:
            rows.append(tuple(line))
    labels = {part: words.get(customs.kinds.get(part, ""), words[""]) for part, words in WORDS.items()}
    return AddressForm(
        rows=tuple(rows),
        required=customs.required,
        unusual=frozenset(LETTERS.values()) - customs.usual - customs.required,
        labels=labels,
        regions=tuple(_choice(each) for each in choices_of(country)),
        postal_code=customs.examples[0] if customs.examples else None,
        telephone=example_telephone(country),
    )


def _choice(shown: str) -> tuple[str, str]:
    """The region as it is written, by its code where it is known by one, and its name."""
    found = _CODE.match(shown)
    return (found[2], found[1]) if found else (shown, shown)
