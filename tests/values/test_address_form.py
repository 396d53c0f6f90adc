"""Forms of addresses: every country has one, with all parts, and what people meet there (R9, R30)."""

from __future__ import annotations

from values.address_form import address_form_of
from values.country import COUNTRIES
from values.postal_address import PARTS, read_postal_address
from values.regions import find_region


def test_each_country_asks_for_every_part_once_and_hides_none_that_it_needs() -> None:
    for country in COUNTRIES:
        form = address_form_of(country)
        parts = [part for row in form.rows for part in row]
        assert sorted([*parts, "country"]) == sorted(PARTS), country
        assert not form.required & form.unusual, country


def test_what_a_form_offers_as_a_region_is_taken() -> None:
    """The values of the list are what the gateway accepts."""
    for country in ("US", "CA", "AE", "IE", "BR", "JP", "IN"):
        form = address_form_of(country)
        assert form.regions, country
        assert [value for value, _ in form.regions if find_region(value, country) is None] == [], country


def test_the_words_are_those_of_the_country() -> None:
    america, japan, france = (address_form_of(each) for each in ("US", "JP", "FR"))
    assert (america.labels["postalCode"], america.labels["region"]) == ("ZIP code", "State")
    assert japan.labels["region"] == "Prefecture"
    assert ("postalCode", "city") in france.rows and "region" in france.unusual
    assert france.telephone == "+33 1 23 45 67 89"


def test_what_a_form_requires_is_what_the_gateway_requires() -> None:
    for country in COUNTRIES:
        empty = dict.fromkeys(PARTS) | {"country": country}
        _, faults = read_postal_address(empty)
        assert {each.part for each in faults if each.code == "REQUIRED"} == address_form_of(country).required, country
