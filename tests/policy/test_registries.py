"""What registries publish is data, and fails closed (R25, R26, A6)."""

import re

import pytest

from gateway.demo.world import COUNTRIES
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
