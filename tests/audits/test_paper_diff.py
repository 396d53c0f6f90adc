"""(D18) What a new version of notice or record loosens, tightens or leaves, whichever of its sources has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from audits.papers.diff import paper_changes
from audits.papers.inputs import Inputs, policy_content
from audits.papers.registers import BoundPartner, Copies, PaymentAffiliate, Registers, registry_rules
from audits.schema.changes import ChangeKind, Direction
from audits.schema.sources import Text, read_text
from policy.purposes import Purpose
from tests.audits.papers import EXAMPLE
from tests.audits.schemas import HOUSE

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
PRINTERS = BoundPartner("Printers", "CH", Purpose.INVOICING, ("Customer.fullName",), SINCE, "aa")
PAY = PaymentAffiliate("Pay", "CARD", "CH", SINCE)
BILLING = Copies("billing", "Billing", "names", 30)
BEFORE = Registers((PRINTERS,), (PAY,), registry_rules(), (BILLING,), {"GATEWAY_BACKUP_DAYS": "P30D"})
SCHEMA = read_text(HOUSE)
OF_PAPERS = {
    ChangeKind.COUNTRY_ADDED, ChangeKind.COUNTRY_REMOVED, ChangeKind.SAFEGUARD_CHANGED, ChangeKind.PUBLISHED_MORE,
    ChangeKind.PUBLISHED_LESS,
    ChangeKind.COPY_ADDED, ChangeKind.COPY_REMOVED, ChangeKind.COPY_CHANGED, ChangeKind.LEGAL_GROUND_CHANGED,
    ChangeKind.MEASURE_REMOVED, ChangeKind.MEASURE_ADDED, ChangeKind.CONTROLLER_CHANGED, ChangeKind.UNDERTAKING_CHANGED,
}  # fmt: skip
"""The kinds that no schema shows: each is tried here."""


def inputs(registers: Registers = BEFORE, controller: str = EXAMPLE, schema: Text = SCHEMA, **policy: Any) -> Inputs:
    """What a paper is made from, through the form in which it rests."""
    made = Inputs.now(schema, registers, Text("controller.toml", controller))
    return Inputs.of(replace(made, policy=dict(made.policy) | policy).written())


def found(after: Inputs, before: Inputs | None = None) -> list[tuple[ChangeKind, str]]:
    return [(each.kind, each.coordinate) for each in paper_changes(before or inputs(), after)]


def test_what_is_the_same_says_the_same() -> None:
    assert found(inputs()) == []


PARTNER, AFFILIATE, BACKUPS = "PARTNER Printers", "PAYMENT_AFFILIATE Pay", "GATEWAY_BACKUP_DAYS"
CHANGED: list[tuple[Callable[[Registers], Registers], list[tuple[ChangeKind, str]]]] = [
    (
        lambda r: replace(r, partners=()),
        [(ChangeKind.RECIPIENT_REMOVED, PARTNER), (ChangeKind.COUNTRY_REMOVED, "PARTNER CH")],
    ),
    (
        lambda r: replace(r, partners=(replace(PRINTERS, country="FR"),)),
        [(ChangeKind.COUNTRY_ADDED, "PARTNER FR"), (ChangeKind.COUNTRY_REMOVED, "PARTNER CH")],
    ),
    (
        lambda r: replace(r, partners=(replace(PRINTERS, fields=("Customer.postalAddress",)),)),
        [(ChangeKind.RECIPIENT_ADDED, PARTNER), (ChangeKind.RECIPIENT_REMOVED, PARTNER)],
    ),
    (
        lambda r: replace(r, partners=(replace(PRINTERS, purpose=Purpose.SERVICE_COMMUNICATION),)),
        [(ChangeKind.PURPOSE_ADDED, PARTNER), (ChangeKind.PURPOSE_REMOVED, PARTNER)],
    ),
    (lambda r: replace(r, partners=(replace(PRINTERS, document="bb"),)), [(ChangeKind.UNDERTAKING_CHANGED, PARTNER)]),
    (
        lambda r: replace(r, affiliates=(PAY, replace(PAY, name="Other"))),
        [(ChangeKind.RECIPIENT_ADDED, "PAYMENT_AFFILIATE Other")],
    ),
    (
        lambda r: replace(r, affiliates=(replace(PAY, kind="PAYPAL"),)),
        [(ChangeKind.PURPOSE_ADDED, AFFILIATE), (ChangeKind.PURPOSE_REMOVED, AFFILIATE)],
    ),
    (lambda r: replace(r, copies=()), [(ChangeKind.COPY_REMOVED, "client billing")]),
    (lambda r: replace(r, copies=(BILLING, replace(BILLING, client="crm"))), [(ChangeKind.COPY_ADDED, "client crm")]),
    (lambda r: replace(r, copies=(replace(BILLING, days=31),)), [(ChangeKind.RETENTION_LONGER, "client billing")]),
    (lambda r: replace(r, copies=(replace(BILLING, days=None),)), [(ChangeKind.RETENTION_LONGER, "client billing")]),
    (lambda r: replace(r, copies=(replace(BILLING, keeps="all"),)), [(ChangeKind.COPY_CHANGED, "client billing")]),
    (lambda r: replace(r, periods={BACKUPS: "P31D"}), [(ChangeKind.RETENTION_LONGER, BACKUPS)]),
    (lambda r: replace(r, periods={BACKUPS: None}), [(ChangeKind.RETENTION_LONGER, BACKUPS)]),
    (lambda r: replace(r, periods={BACKUPS: "PT72H"}), [(ChangeKind.RETENTION_SHORTER, BACKUPS)]),
]


@pytest.mark.parametrize(("change", "expected"), CHANGED, ids=range(len(CHANGED)))
def test_a_register_that_changed(
    change: Callable[[Registers], Registers], expected: list[tuple[ChangeKind, str]]
) -> None:
    assert found(inputs(change(BEFORE))) == expected


def test_what_a_registry_publishes() -> None:
    rules = {each.tld: each for each in registry_rules()}
    more = replace(rules["de"], published=rules["us"].published)
    after = replace(BEFORE, registries=tuple((rules | {"de": more}).values()))
    assert set(found(inputs(after))) == {(ChangeKind.PUBLISHED_MORE, "REGISTRY .de")}
    assert set(found(inputs(), inputs(after))) == {(ChangeKind.PUBLISHED_LESS, "REGISTRY .de")}
    fewer = replace(BEFORE, registries=tuple(each for each in registry_rules() if each.tld not in ("jp", "us")))
    assert (ChangeKind.COUNTRY_REMOVED, "REGISTRY JP") in found(inputs(fewer))
    assert (ChangeKind.COUNTRY_REMOVED, "REGISTRY US") not in found(inputs(fewer)), "others are there, too"
    assert {(ChangeKind.RECIPIENT_ADDED, "REGISTRY .jp"), (ChangeKind.PUBLISHED_MORE, "REGISTRY .jp")} <= set(
        found(inputs(), inputs(fewer))
    )


def test_what_the_controller_says() -> None:
    safer = EXAMPLE.replace("An adequacy decision of the Union (Art. 45)", "Nothing")
    assert found(inputs(controller=safer)) == [(ChangeKind.SAFEGUARD_CHANGED, "REGISTRY JP")]
    assert found(inputs(controller=EXAMPLE.replace("dpo@example.com", "dpo2@example.com"))) == [
        (ChangeKind.CONTROLLER_CHANGED, "controller dpo")
    ]
    measures = EXAMPLE.replace('    "Staff sign', '    "Doors are locked.",\n    "Staff sign')
    assert found(inputs(controller=measures)) == [(ChangeKind.MEASURE_ADDED, "controller measures")]
    assert found(inputs(), inputs(controller=measures)) == [(ChangeKind.MEASURE_REMOVED, "controller measures")]


def test_what_the_policy_and_the_schema_say() -> None:
    told = policy_content()
    news = dict(told["purposes"]["PRODUCT_NEWS"]) | {"objection": ""}
    assert found(inputs(purposes=told["purposes"] | {"PRODUCT_NEWS": news})) == [
        (ChangeKind.LEGAL_GROUND_CHANGED, "Purpose.PRODUCT_NEWS")
    ]
    longer = told["retention"] | {"OUTBOX": "P60D"}
    assert found(inputs(retention=longer)) == [(ChangeKind.RETENTION_LONGER, "RetentionRule.OUTBOX")]
    assert found(inputs(deletion=told["deletion"] | {"on request": "P10D"})) == [
        (ChangeKind.RETENTION_SHORTER, "deletion on request")
    ]
    line = "phone: PhoneNumber @personalData(category: PHONE"
    assert SCHEMA.text.count("allows: [EMERGENCY_CONTACT") >= 1 and line in SCHEMA.text
    wider = SCHEMA.text.replace("allows: [EMERGENCY_CONTACT", "allows: [ACCOUNT_SECURITY, EMERGENCY_CONTACT", 1)
    assert ChangeKind.PURPOSE_ADDED in {kind for kind, _ in found(inputs(schema=Text("wider", wider)))}


def test_what_loosens_and_what_does_not() -> None:
    loose = {each for each in ChangeKind if each.direction is Direction.LOOSENS}
    assert {
        ChangeKind.COUNTRY_ADDED,
        ChangeKind.COPY_ADDED,
        ChangeKind.PUBLISHED_MORE,
        ChangeKind.LEGAL_GROUND_CHANGED,
    } <= loose
    assert not loose & {
        ChangeKind.COUNTRY_REMOVED,
        ChangeKind.COPY_REMOVED,
        ChangeKind.PUBLISHED_LESS,
        ChangeKind.CONTROLLER_CHANGED,
    }
