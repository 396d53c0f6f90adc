"""Scalars take on the way in what they give on the way out, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLScalarType, is_specified_scalar_type

from schema.api.build import core_schema
from schema.core.forms import FORMS

OWN = {
    name: type_
    for name, type_ in core_schema().type_map.items()
    if isinstance(type_, GraphQLScalarType) and not is_specified_scalar_type(type_)
}
CODEGEN = Path(__file__).parents[2] / "schema" / "codegen-scalars.json"

GOOD: dict[str, tuple[Any, ...]] = {
    "DateTime": ("2026-11-23T14:30:00Z", "0987-06-05T04:03:02Z"),
    "Date": ("2026-03-31", "2024-02-29"),
    "Decimal": ("0", "69.00", "-0.005", "9223372036854775.807"),
    "BigInt": ("0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"),
    "CurrencyCode": ("CHF", "JPY", "HRK"),
    "URL": ("https://example.org/a?b=c#d", "otpauth://totp/x:y?secret=A"),
    "CountryCode": ("CH", "XK"),
    "EmailAddress": ("anna@example.ch",),
    "LanguageTag": ("fr-CH",),
    "PhoneNumber": ("+41213200000",),
}
BAD: dict[str, tuple[Any, ...]] = {
    "DateTime": ("", "2026-11-23", "2026-11-23T14:30:00", "2026-13-45T00:00:00Z", 1, None, True),
    "Date": ("", "2026-02-29", "2026-11-23T14:30:00Z", "31.3.2026", 1, True),
    "Decimal": ("", "1e3", ".5", "1.", "01", "+1", "NaN", "1" * 40, 1, 0.1, True),
    "BigInt": ("", "1.0", "01", "+1", "-0", "1e3", "9223372036854775808", 2**63, 1.0, True),
    "CurrencyCode": ("", "chf", "ABC", "XAU", 756),
    "URL": ("", "example.org", "/a", "https://example.org/a b", "javascript", 1),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_comes_out_is_taken(name: str) -> None:
    scalar = OWN[name]
    for value in GOOD[name]:
        assert scalar.coerce_output_value(scalar.coerce_input_value(value)) == value


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused_on_the_way_in(name: str) -> None:
    for value in BAD[name]:
        with pytest.raises(GraphQLError):
            OWN[name].coerce_input_value(value)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_what_people_type_is_judged_by_their_form(name: str) -> None:
    assert OWN[name].coerce_input_value("anything at all") == "anything at all"
    for value in (1, True, [], {}):
        with pytest.raises(GraphQLError):
            OWN[name].coerce_input_value(value)


def test_what_is_stored_and_does_not_fit_is_refused_on_the_way_out() -> None:
    for name, value in (
        ("DateTime", "yesterday"),
        ("Date", "2026"),
        ("BigInt", 1.5),
        ("CurrencyCode", "ABC"),
        ("URL", "a b"),
    ):
        with pytest.raises(GraphQLError):
            OWN[name].coerce_output_value(value)


def test_moments_and_days_of_either_driver_are_told_alike() -> None:
    assert OWN["DateTime"].coerce_output_value(datetime(2026, 11, 23, 14, 30, tzinfo=UTC)) == "2026-11-23T14:30:00Z"
    assert OWN["Date"].coerce_output_value(date(2026, 3, 31)) == "2026-03-31"
    with pytest.raises(GraphQLError):  # A moment is a `date` in Python, and no day.
        OWN["Date"].coerce_output_value(datetime(2026, 3, 31, tzinfo=UTC))


def test_each_scalar_says_what_specifies_it() -> None:
    assert not [name for name, each in OWN.items() if not (each.specified_by_url or "").startswith("https://")]


def test_code_generators_find_a_type_for_each_scalar() -> None:
    mapping = json.loads(CODEGEN.read_text())
    assert mapping.keys() == {"typescript", "kotlin", "swift", "python"}
    for language, types in mapping.items():
        assert types.keys() == OWN.keys(), language
        assert list(types) == sorted(types) and all(types.values())


def test_the_documentation_has_each_scalar() -> None:
    text = (CODEGEN.parents[1] / "docs" / "scalars.md").read_text()
    assert not [name for name in OWN if f"| `{name}` |" not in text]
