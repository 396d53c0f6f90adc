"""(O10) What an app of somebody else may have: what is opened, with the scope that opens it, and nothing for first
parties, whatever was declared."""

import pytest

from messages.catalogue import translate
from policy.app_scopes import APP_SCOPES, AppScope
from policy.categories import Category
from policy.decision import Granted, Reason, Refused, decide
from policy.hard_rules import never_shared, violations
from policy.purposes import Purpose
from policy.retention import RetentionRule
from policy.rules import Allowance, Rule

OWN, NEWS = Purpose.SELF_SERVICE, Purpose.SERVICE_COMMUNICATION
EMAIL, PROFILE = AppScope.EMAIL_READ, AppScope.PROFILE_READ
CLOSED = "O10: credentials, factors, sessions, cards and accesses are for first parties only"


def rule(
    category: Category | None = Category.EMAIL, *opened: AppScope, inbound: bool = False, first: bool = False
) -> Rule:
    allowances = (Allowance(frozenset({OWN}), third_party=frozenset(opened)), Allowance(frozenset({NEWS})))
    life = RetentionRule.CUSTOMER_LIFE
    return Rule("Customer.any", category, allowances, life, inbound=inbound, first_party=first)


def asked_by_an_app(declared: Rule, *scopes: str, purpose: Purpose = OWN) -> Granted | Reason:
    verdict = decide(declared, purpose, frozenset(scopes), third_party=True)
    if isinstance(verdict, Refused):
        return verdict.reason
    assert isinstance(verdict, Granted)
    return verdict


def test_with_the_scope_that_opens_it() -> None:
    assert asked_by_an_app(rule(Category.EMAIL, EMAIL), "email:read") == Granted()
    assert asked_by_an_app(rule(Category.EMAIL, EMAIL, PROFILE), "profile:read", "a:b") == Granted()


def test_not_without_it() -> None:
    assert asked_by_an_app(rule(Category.EMAIL, EMAIL)) is Reason.SCOPE_MISSING
    assert asked_by_an_app(rule(Category.EMAIL, EMAIL), "profile:read", "EMAIL_READ") is Reason.SCOPE_MISSING


def test_what_is_not_opened_is_closed_and_so_is_what_is_opened_for_another_purpose() -> None:
    assert asked_by_an_app(rule(Category.EMAIL), "email:read") is Reason.FIRST_PARTY_ONLY
    assert asked_by_an_app(rule(Category.EMAIL, EMAIL), "email:read", purpose=NEWS) is Reason.FIRST_PARTY_ONLY
    assert asked_by_an_app(rule(Category.EMAIL, EMAIL, first=True), "email:read") is Reason.FIRST_PARTY_ONLY


def test_the_company_s_own_clients_need_no_such_scope() -> None:
    assert decide(rule(Category.EMAIL), OWN, frozenset()) == Granted()


NEVER = {
    "PASSWORD", "AUTH_FACTOR", "CARD_NUMBER", "CARD_EXPIRY", "CARD_BRAND", "LOGIN_NAME", "PAYMENT_METHOD",
    "ACCESS_HISTORY", "IP_ADDRESS", "COARSE_LOCATION", "SUBJECT_PSEUDONYM",
}  # fmt: skip


@pytest.mark.parametrize("inbound", [False, True])
@pytest.mark.parametrize("category", [None, *Category], ids=lambda each: each.name if each else "none")
def test_what_no_declaration_opens(category: Category | None, inbound: bool) -> None:
    """Sign-in, cards and accesses are never shared; an e-mail address is shared and not changed."""
    declared = rule(category, EMAIL, inbound=inbound)
    why = never_shared(declared)
    if category is not None and category.name in NEVER:
        assert why == CLOSED
    elif category is Category.EMAIL and inbound:
        assert why == "O10: an e-mail address is changed by first parties only"
    else:
        assert why is None
    verdict = asked_by_an_app(declared, "email:read")
    assert (verdict == Granted()) is (why is None) or verdict is Reason.PURPOSE_NOT_ALLOWED
    assert (why in violations(declared)) is (why is not None)


def test_a_scope_is_exactly_one_of_the_list() -> None:
    assert {AppScope.of_scope(each) for each in APP_SCOPES} == set(AppScope)
    assert AppScope.of_scope("profile:read") is AppScope.PROFILE_READ
    for other in ("PROFILE:READ", "profile_read", "PROFILE_READ", "profile:read ", "profile:reads", "profile", ""):
        assert AppScope.of_scope(other) is None, other


def test_a_scope_is_told_in_the_reader_s_language() -> None:
    assert EMAIL.text == "Read your e-mail address."
    assert translate(EMAIL.text, "fr") == "Lire votre adresse e-mail."
