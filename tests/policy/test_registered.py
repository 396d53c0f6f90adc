"""(D11) What operators register at run time obeys the hard rules that the schema obeys."""

from __future__ import annotations

import pytest

from policy.bases import LegalBasis
from policy.events import Event
from policy.purposes import Purpose
from policy.recipients import CONTRACTED, Recipient
from policy.registered import (
    AffiliateRegistration,
    ClientRegistration,
    PartnerRegistration,
    Registered,
    Webhook,
    offences,
)
from policy.registries import FIELDS, REGISTRIES
from schema.api.build import core_schema
from schema.model.model import SchemaModel

RULES = SchemaModel(core_schema()).rules
NAME = frozenset({"Customer.fullName"})
HTTPS = "https://pay.example/hook"


def partner(purpose: str = "INVOICING", country: str = "CH", fields: frozenset[str] = NAME) -> PartnerRegistration:
    return PartnerRegistration(purpose, country, fields, RULES)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_partner_works_for_a_part_of_the_contract_and_for_nothing_else(purpose: Purpose) -> None:
    """(D11) R7: whoever promotes, measures or personalises does not perform the contract."""
    fields = frozenset(
        coordinate for coordinate, rule in RULES.items() if rule.when(purpose) and coordinate.startswith("Customer.")
    )
    found = offences(partner(purpose.name, fields=fields))
    assert bool(found) is (purpose not in CONTRACTED), purpose
    if not found:
        assert not purpose.promotional and not purpose.own_data_only and LegalBasis.A6_1_B in purpose.bases
        assert Recipient.PARTNER.may_receive_for(purpose)


@pytest.mark.parametrize(
    ("entry", "rule"),
    [
        (partner("PRODUCT_NEWS", "US", frozenset({"Customer.email"})), "R7"),
        (partner("NO_SUCH_PURPOSE"), "R7"),
        (partner(country="Switzerland"), "R23"),
        (partner(fields=frozenset({"Customer.phone"})), "R2"),
        (partner(fields=frozenset({"Customer.shoeSize"})), "R2"),
        (ClientRegistration(frozenset({"LEGAL_REQUEST"})), "R24"),
        (AffiliateRegistration("http://pay.example/hook", "CH"), "R23"),
        (AffiliateRegistration(HTTPS, "Swiss"), "R23"),
        (Webhook("crm", "ftp://crm.example", frozenset()), "R23"),
        (Webhook("affiliate:Pay", HTTPS, frozenset()), "R22"),
        (Webhook("affiliate:Pay", HTTPS, frozenset({Event.CARD_WITHDRAWN.wire, Event.REGISTERED.wire})), "R22"),
    ],
)
def test_what_breaks_a_hard_rule(entry: Registered, rule: str) -> None:
    """(D11) Each says which requirement it is."""
    assert [each.partition(":")[0] for each in offences(entry)] == [rule]


@pytest.mark.parametrize(
    "entry",
    [
        partner(),
        ClientRegistration(frozenset({"INVOICING", "EMERGENCY_CONTACT"})),
        ClientRegistration(frozenset({"SELF_SERVICE"})),
        ClientRegistration(frozenset({"A_PURPOSE_OF_A_LATER_RELEASE"})),
        AffiliateRegistration("http://127.0.0.1:9/pay", "CH"),
        Webhook("crm", HTTPS, frozenset()),
        Webhook("affiliate:Pay", HTTPS, frozenset({Event.CARD_WITHDRAWN.wire})),
    ],
)
def test_what_keeps_them(entry: Registered) -> None:
    assert offences(entry) == []


def test_no_card_and_no_login_detail_reaches_a_partner_whatever_the_schema_says() -> None:
    """(D11) R16, R22: also when a later schema allows the field for a purpose of the contract."""
    from dataclasses import replace

    from policy.categories import Category

    for category in (Category.CARD_NUMBER, Category.CARD_EXPIRY, Category.PASSWORD, Category.AUTH_FACTOR):
        rules = {"Customer.fullName": replace(RULES["Customer.fullName"], category=category)}
        assert offences(PartnerRegistration("INVOICING", "CH", NAME, rules)), category


def test_the_policies_of_registries_are_code_and_name_the_owners_details_alone() -> None:
    """(D11) R25: no operator fills them at run time; a row says nothing but of these four details."""
    assert FIELDS == ("name", "address", "email", "phone")
    assert all(len(each.natural) == len(each.legal) == len(FIELDS) for each in REGISTRIES.values())
