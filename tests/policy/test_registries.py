"""What registries publish is data, and fails closed (R25, R26, A6)."""

import re

import pytest

from gateway.demo.world import COUNTRIES
from policy.countries import EEA, SWISS, UNION, safe
from policy.registries import COUNTRIES as WHERE
from policy.registries import FIELDS, LEGAL, NATURAL, REGISTRIES, Publishing, pairs, registry_of, rule_of, shown


@pytest.mark.parametrize("tld", REGISTRIES)
def test_each_row_says_who_what_from_where_and_since_when(tld: str) -> None:
    registry = REGISTRIES[tld]
    assert registry.name and registry.source and re.fullmatch(r"\d{4}-\d\d-\d\d", registry.checked)
    assert re.fullmatch(r"[a-z]{2,63}", tld)
    assert len(registry.natural) == len(registry.legal) == len(FIELDS)


def test_every_ending_of_the_demo_has_a_row() -> None:
    assert {tld for country in COUNTRIES for tld in country.tlds} <= REGISTRIES.keys()


def test_of_an_unknown_ending_nothing_is_published() -> None:
    assert registry_of("zz") is None and registry_of(".CH") is REGISTRIES["ch"]
    assert all(not shown("zz", kind, field, False) for kind in (NATURAL, LEGAL) for field in FIELDS)
    with pytest.raises(KeyError):
        REGISTRIES["ch"].rule("ROBOT", "name")


@pytest.mark.parametrize(
    ("rule", "hidden", "told"),
    [
        (Publishing.ALWAYS, True, True), (Publishing.ALWAYS, False, True),
        (Publishing.NEVER, True, False), (Publishing.NEVER, False, False),
        (Publishing.HIDEABLE, True, False), (Publishing.HIDEABLE, False, True),
        (Publishing.OPT_IN, True, False), (Publishing.OPT_IN, False, True),
    ],
)  # fmt: skip
def test_a_wish_counts_only_where_the_registry_leaves_it_to_the_customer(
    rule: Publishing, hidden: bool, told: bool
) -> None:
    found = [(tld, kind, field) for field in FIELDS for tld, kind in pairs(field, rule)]
    assert found
    for tld, kind, field in found:
        assert rule_of(tld, kind, field) is rule and shown(tld, kind, field, hidden) is told


def test_every_registry_is_somewhere() -> None:
    """(D18) What is handed to it goes there, and the notice says so."""
    assert {each.name for each in REGISTRIES.values()} == WHERE.keys()
    assert all(re.fullmatch("[A-Z]{2}", each) for each in WHERE.values())


def test_where_data_may_go_as_it_goes_at_home() -> None:
    """(D18) GDPR Art. 45; a controller in Switzerland has the list of its own law besides."""
    assert all(safe("FR", country) for country in ("FR", "DE", "NO", "CH", "GB", "JP", "KR", "NZ"))
    assert all(safe("CH", country) for country in ("CH", "DE", "LI", "GB", "NZ"))
    assert not any(safe("CH", country) for country in ("JP", "KR", "US", "CA", "GI", "IN"))
    assert not any(safe("FR", country) for country in ("US", "CA", "GI", "MC", "IN")), "some recipients are not all"
    assert safe("US", "US") and not safe("US", "IN")
    assert not (EEA & UNION.countries) and not (UNION.countries & UNION.some) and SWISS.countries > EEA
    assert all(each.source and each.checked for each in (UNION, SWISS))
