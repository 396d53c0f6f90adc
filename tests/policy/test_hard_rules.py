"""The notice's own exclusions: no declaration gets past them, by any path (R2, R6, R10, R14-R18, R20-R22, R27, R58)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.categories import Category
from policy.conditions import Condition
from policy.decision import Granted, decide
from policy.hard_rules import forbids, violations
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from policy.rules import Allowance, Rule

LIFE = RetentionRule.CUSTOMER_LIFE


def rule(
    coordinate: str,
    category: Category | None,
    *purposes: Purpose,
    when: Condition | None = None,
    disclosed_to: tuple[Recipient, ...] = (),
    inbound: bool = False,
) -> Rule:
    allowances = (Allowance(frozenset(purposes), when),) if purposes else ()
    return Rule(coordinate, category, allowances, LIFE, disclosed_to=disclosed_to, inbound=inbound)


def readable(coordinate: str, category: Category, inbound: bool = False) -> dict[str, str]:
    """Which purposes no hard rule excludes, and under which conditions, told by trying each."""
    conditions = (None, *Condition)
    tried = {
        purpose.name: [
            when for when in conditions if not forbids(rule(coordinate, category, inbound=inbound), purpose, when)
        ]
        for purpose in Purpose
    }
    everything = len(conditions)
    return {
        name: "always" if len(whens) == everything else " ".join(when.name for when in whens if when)
        for name, whens in tried.items()
        if whens
    }


SECRET = dict.fromkeys(("AUTHENTICATION", "SELF_PROTECTION", "SELF_SERVICE"), "always")
PAYING = {"PAYMENT_EXECUTION": "always", "CARD_ON_FILE": "CARD_STORAGE_CONSENTED", "SELF_SERVICE": "always"}
FREE = {p.name: "always" for p in Purpose} | {"PRODUCT_NEWS": "NEWS_NOT_DECLINED"}
UNPERSONAL = {name: when for name, when in FREE.items() if name != "PERSONALISE_COMMUNICATION"}
EXPECTED = {
    Category.PHONE: dict.fromkeys(("EMERGENCY_CONTACT", "DOMAIN_REGISTRATION", "SELF_SERVICE"), "always"),
    Category.IP_ADDRESS: dict.fromkeys(("ACCOUNT_SECURITY", "SELF_SERVICE"), "always"),
    Category.COARSE_LOCATION: dict.fromkeys(("ACCOUNT_SECURITY", "SELF_PROTECTION", "SELF_SERVICE"), "always"),
    Category.LOGIN_NAME: SECRET,
    Category.AUTH_FACTOR: SECRET,
    Category.PASSWORD: {},
    Category.CARD_NUMBER: PAYING,
    Category.CARD_EXPIRY: PAYING,
    Category.CARD_BRAND: PAYING,
    Category.POSTAL_ADDRESS: UNPERSONAL,
    Category.STREET: UNPERSONAL,
    Category.CITY: UNPERSONAL,
    Category.POSTAL_CODE: UNPERSONAL,
    Category.REGION: UNPERSONAL,
    Category.COUNTRY: UNPERSONAL,
}


@pytest.mark.parametrize("category", Category, ids=lambda c: c.name)
def test_what_each_category_may_serve_at_most(category: Category) -> None:
    """R10, R12-R16, R18, R20, R21, R60: the whole table, told from outside; on any path (R58)."""
    assert readable("Domain.anything", category) == EXPECTED.get(category, FREE)


def test_the_customer_s_phone_is_for_emergencies_only() -> None:
    """R14, A4: the registrant's is another datum."""
    only = {"EMERGENCY_CONTACT": "always", "SELF_SERVICE": "always"}
    assert readable("Customer.phone", Category.PHONE) == only
    assert readable("CustomerInput.phone", Category.PHONE, inbound=True) == only
    assert "DOMAIN_REGISTRATION" in readable("Registrant.phone", Category.PHONE)


@pytest.mark.parametrize(
    "purpose",
    [Purpose.PRODUCT_NEWS, Purpose.COOKIE_MEASUREMENT, Purpose.PERSONALISE_COMMUNICATION],
    ids=lambda p: p.name,
)
@pytest.mark.parametrize("inbound", [False, True])
@pytest.mark.parametrize("when", [None, *Condition])
def test_a_phone_number_never_promotes(purpose: Purpose, inbound: bool, when: Condition | None) -> None:
    """R15: {PHONE} x {marketing, analytics, personalisation}, under no condition, nor to search by."""
    found = violations(rule("Registrant.phone", Category.PHONE, purpose, when=when, inbound=inbound))
    assert any("R15" in each for each in found)
    assert all(each.startswith("R") and f"({purpose.name})" in each for each in found)


def test_a_password_comes_in_and_never_goes_out() -> None:
    """R16: it can be set and checked, for nobody is it shown."""
    assert readable("SignInInput.password", Category.PASSWORD, inbound=True) == SECRET
    shown = rule("Credential.password", Category.PASSWORD, Purpose.SELF_SERVICE)
    assert violations(shown) == ["R16: a password is never returned (SELF_SERVICE)"]


def test_news_and_cards_wait_for_the_customer() -> None:
    """R12, R13, R20, R48: the condition is part of the declaration."""
    assert violations(rule("Customer.email", Category.EMAIL, Purpose.PRODUCT_NEWS)) == [
        "R12, R13: news stops when declined (PRODUCT_NEWS)"
    ]
    kept = rule("Card.last4", Category.CARD_NUMBER, Purpose.CARD_ON_FILE)
    assert violations(kept) == ["R20, R48: a card is kept by consent (CARD_ON_FILE)"]
    consented = rule("Card.last4", Category.CARD_NUMBER, Purpose.CARD_ON_FILE, when=Condition.CARD_STORAGE_CONSENTED)
    assert violations(consented) == []


def test_an_argument_depends_on_no_row() -> None:
    """What is searched by is given by whoever asks; conditions are the fields' affair."""
    assert violations(rule("Query.customer(email:)", Category.EMAIL, Purpose.PRODUCT_NEWS, inbound=True)) == []


def test_violations_name_each_purpose_in_the_catalogue_s_order() -> None:
    declared = rule(
        "SignIn.ipAddress", Category.IP_ADDRESS, Purpose.SELF_SERVICE, Purpose.INVOICING, Purpose.SERVICE_PROVISION
    )
    assert violations(declared) == [
        "R18: an IP address serves to detect an unusual place (SERVICE_PROVISION)",
        "R18: an IP address serves to detect an unusual place (INVOICING)",
    ]


def test_what_is_not_personal_breaks_no_rule() -> None:
    assert violations(rule("PageInfo.hasNextPage", None, *Purpose)) == []


@pytest.mark.parametrize("recipient", Recipient, ids=lambda r: r.name)
def test_a_disclosure_needs_the_recipient_s_own_purpose(recipient: Recipient) -> None:
    """R2, R7, R23-R25."""
    category = Category.PAYMENT_METHOD
    (purpose, *_) = recipient.purposes
    assert violations(rule("X.y", category, purpose, disclosed_to=(recipient,))) == []
    assert violations(rule("X.y", category, Purpose.SELF_SERVICE, disclosed_to=(recipient,))) == [
        f"R2: a disclosure needs a purpose of that recipient ({recipient.name})"
    ]


@pytest.mark.parametrize("category", Category, ids=lambda c: c.name)
def test_a_payment_affiliate_receives_payment_information_only(category: Category) -> None:
    """R22, A3."""
    declared = rule("X.y", category, Purpose.PAYMENT_EXECUTION, disclosed_to=(Recipient.PAYMENT_AFFILIATE,))
    payment = {"PAYMENT_METHOD", "CARD_NUMBER", "CARD_EXPIRY", "CARD_BRAND", "TRANSACTION"}
    assert any("R22" in each for each in violations(declared)) == (category.name not in payment)


@pytest.mark.parametrize("recipient", Recipient, ids=lambda r: r.name)
@pytest.mark.parametrize("category", [Category.PASSWORD, Category.AUTH_FACTOR], ids=lambda c: c.name)
def test_secrets_are_disclosed_to_nobody(recipient: Recipient, category: Category) -> None:
    """R4, R16."""
    declared = rule("X.y", category, *recipient.purposes, disclosed_to=(recipient,), inbound=True)
    assert any("R16: login details are disclosed to nobody" in each for each in violations(declared))


@given(
    st.sampled_from(Category),
    st.frozensets(st.sampled_from(Purpose), min_size=1),
    st.none() | st.sampled_from(Condition),
    st.booleans(),
)
def test_what_violates_is_never_granted(
    category: Category, purposes: frozenset[Purpose], when: Condition | None, inbound: bool
) -> None:
    """R15: compiler and run time agree, and a further purpose never heals a violation."""
    declared = rule("Customer.any", category, *purposes, when=when, inbound=inbound)
    found = " ".join(violations(declared))
    for purpose in purposes:
        granted = isinstance(decide(declared, purpose, frozenset()), Granted)
        assert granted == (f"({purpose.name})" not in found and purpose.enabled)
