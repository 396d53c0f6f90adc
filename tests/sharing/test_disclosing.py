"""Whatever leaves the house is written down, and the customer can see it (R2, R22, R23, R27)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from policy.purposes import Purpose
from policy.recipients import Recipient
from resolvers.disclosures.disclosures import disclose
from store.database.store import Store
from tests.promises.gate import TODAY, Gate, own

pytestmark = pytest.mark.anyio
MINE = """{ me { disclosures { nodes {
  id recipientKind recipientName recipientCountry purpose legalBasis fields at
  cause { __typename ... on PaymentCause { invoiceId } ... on CardCause { reference } ... on OrderCause { reference }
          ... on RegistrationCause { domainId } ... on PartnerCause { partner } } } } } }"""
ORDERED = {"__typename": "OrderCause", "reference": "EDC-1"}
PAID: dict[str, Any] = {
    "recipient_kind": Recipient.PAYMENT_AFFILIATE,
    "recipient_name": "Example Card Acquirer",
    "country": "CH",
    "purpose": Purpose.PAYMENT_EXECUTION,
    "legal_basis": "A6_1_B",
    "coordinates": ["Invoice.amount", "Card.number", "Card.number"],
    "trigger": "card:77",
    "now": TODAY,
}


@pytest.fixture
async def gate(store: Store) -> Gate:
    """Two customers."""
    return await Gate.of(store, 2)


async def wrote(gate: Gate, place: int = 0, **other: Any) -> int:
    """One disclosure of a customer."""
    (key,) = await gate.store.keys.subjects([gate.ids[place]])
    assert key is not None
    async with gate.store.write() as connection:
        return await disclose(connection, key, **(PAID | other))


async def seen(gate: Gate, place: int = 0) -> list[dict[str, Any]]:
    """What the customer sees, newest first."""
    return (await gate.ask(MINE, own(gate.ids[place]))).data["me"]["disclosures"]["nodes"]


async def test_a_payment_is_disclosed_to_its_affiliate_and_the_customer_sees_it(gate: Gate) -> None:
    """R23: recipient, fields, purpose, time; never a value."""
    others = await seen(gate, 1)
    await wrote(gate)
    newest = (await seen(gate))[0]
    del newest["id"]
    assert newest == {
        "recipientKind": "PAYMENT_AFFILIATE",
        "recipientName": "Example Card Acquirer",
        "recipientCountry": "CH",
        "purpose": "PAYMENT_EXECUTION",
        "legalBasis": "A6_1_B",
        "fields": ["Card.number", "Invoice.amount"],
        "cause": {"__typename": "CardCause", "reference": "77"},
        "at": "2026-11-23T12:00:00Z",
    }
    assert await seen(gate, 1) == others


async def test_what_is_embargoed_is_not_seen_until_the_day(gate: Gate) -> None:
    """R24: an authority may order silence, for a time."""
    order: dict[str, Any] = {
        "recipient_kind": "AUTHORITY", "purpose": "LEGAL_REQUEST", "legal_basis": "A6_1_C", "trigger": "order:EDC-1",
        "embargoed_until": TODAY + timedelta(days=1),
    }  # fmt: skip
    await wrote(gate, **order)
    assert ORDERED not in [each["cause"] for each in await seen(gate)]
    gate.clock.now += timedelta(days=1)
    assert ORDERED in [each["cause"] for each in await seen(gate)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient_kind": "ADVERTISER"},
        {"purpose": Purpose.PRODUCT_NEWS},
        {"recipient_kind": Recipient.REGISTRY},
        {"legal_basis": "A6_1_F"},
        {"coordinates": []},
        {"coordinates": ["4111111111111111"]},
        {"country": "Switzerland"},
        {"recipient_name": ""},
        {"trigger": "card:" + "x" * 201},
        {"trigger": "payment:77"},
    ],
    ids=str,
)
async def test_there_is_no_other_case(gate: Gate, wrong: dict[str, Any]) -> None:
    """R2, R27: what the policy has no case for is not recorded, and so does not leave."""
    before = await seen(gate)
    with pytest.raises(ValueError, match=r"\w"):
        await wrote(gate, **wrong)
    assert await seen(gate) == before
