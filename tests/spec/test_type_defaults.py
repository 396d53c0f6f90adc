"""A directive on a type counts for its fields, which may only narrow it."""

from __future__ import annotations

import pytest

from audits.schema.facts import Fact
from policy.conditions import Condition
from policy.decision import Gap, Granted, Refused, decide
from policy.purposes import Purpose
from tests.audits.schemas import facts_of

TYPE = "@personalData(category: NAME) @purpose(allows: [INVOICING, ERASURE]) @retention(rule: CUSTOMER_LIFE)"


def field(written: str, type_: str = TYPE, kind: str = "type") -> Fact:
    return facts_of(f"{kind} T {type_} {{ x: String {written} }}").all["T.x"]


@pytest.mark.parametrize("kind", ["type", "interface", "input"])
def test_what_a_type_says_counts_for_its_fields(kind: str) -> None:
    said = field("", kind=kind)
    assert (said.category, set(said.purposes), said.retention) == ("NAME", {"INVOICING", "ERASURE"}, ("CUSTOMER_LIFE",))


def test_a_field_narrows_purposes_and_replaces_category_and_retention() -> None:
    said = field("@purpose(allows: [INVOICING]) @personalData(category: EMAIL) @retention(rule: KEYS)")
    assert (said.category, dict(said.purposes), said.retention) == ("EMAIL", {"INVOICING": None}, ("KEYS",))


def test_a_field_widens_nothing() -> None:
    said = field("@purpose(allows: [INVOICING, PRODUCT_NEWS])")
    assert set(said.purposes) == {"INVOICING"}


@pytest.mark.parametrize("category", ["@personalData(category: NAME)", ""])
def test_a_field_with_nothing_in_common_with_its_type_is_closed_and_not_open(category: str) -> None:
    said = field("@purpose(allows: [PRODUCT_NEWS])", f"{category} @purpose(allows: [ERASURE]) @retention(rule: KEYS)")
    assert said.governs
    for purpose in Purpose:
        assert isinstance(decide(said.rule(), purpose, frozenset()), (Gap, Refused))


def test_both_conditions_are_needed_and_two_different_ones_close() -> None:
    type_ = "@purpose(allows: [PRODUCT_NEWS], when: NEWS_NOT_DECLINED) @retention(rule: KEYS)"
    inherited = field("@purpose(allows: [PRODUCT_NEWS])", type_)
    assert dict(inherited.purposes) == {"PRODUCT_NEWS": "NEWS_NOT_DECLINED"}
    granted = decide(inherited.rule(), Purpose.PRODUCT_NEWS, frozenset())
    assert granted == Granted(frozenset({Condition.NEWS_NOT_DECLINED}))
    other = next(each.name for each in Condition if each is not Condition.NEWS_NOT_DECLINED)
    said = field(f"@purpose(allows: [PRODUCT_NEWS], when: {other})", type_)
    assert not said.purposes
    assert isinstance(decide(said.rule(), Purpose.PRODUCT_NEWS, frozenset()), (Gap, Refused))


@pytest.mark.parametrize(
    "written",
    [
        "@purpose(allows: [NO_SUCH])",
        "@purpose(allows: [INVOICING], when: NO_SUCH)",
        "@purpose(allows: [INVOICING]) @purpose(allows: [INVOICING], when: NEWS_NOT_DECLINED)",
    ],
)
def test_a_word_that_nobody_knows_and_a_purpose_named_twice_close(written: str) -> None:
    rule = field(written, "").rule()
    for purpose in Purpose:
        assert isinstance(decide(rule, purpose, frozenset()), (Gap, Refused))


def test_public_on_a_type_is_for_fields_that_say_nothing_else() -> None:
    type_ = '@public(why: "what a shop sells")'
    assert field("", type_).declared.public == "what a shop sells"
    assert field("@purpose(allows: [ERASURE])", type_).declared.public is None
    assert field('@public(why: "no")').governs, "public lifts nothing that the type says"


def test_a_types_recipients_are_narrowed_too() -> None:
    type_ = "@disclosedTo(recipients: [PARTNER, PAYMENT_AFFILIATE])"
    assert field("", type_).declared.recipients == ("PARTNER", "PAYMENT_AFFILIATE")
    assert field("@disclosedTo(recipients: [PARTNER])", type_).declared.recipients == ("PARTNER",)


def test_an_argument_speaks_for_itself() -> None:
    facts = facts_of(f"type T {TYPE} {{ x(a: String): String }}")
    assert facts.all["T.x(a:)"].category is None
