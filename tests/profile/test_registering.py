"""A tool registers a customer, whose services start and stop the clock (R1)."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select

from policy.purposes import Purpose
from resolvers.account.passwords_resets import ResetRequested, Resets
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.registers.webhooks import webhooks
from store.tables.customers import customers
from store.tables.outbox import outbox
from tests.promises.gate import TODAY, Gate, grant, own
from tests.signin.lobby import means

pytestmark = pytest.mark.anyio

REGISTER = """mutation ($in: RegisterCustomerInput!) { registerCustomer(input: $in) {
  customer { id fullName email customerNumber } userErrors { code field message } } }"""
HOME = {"street": "Rue du Lac 5", "postalCode": "1003", "city": "Lausanne", "country": "CH"}
NEW = {"givenName": "Noé", "familyName": "Blanc", "email": "noe.blanc@example.net", "postalAddress": HOME}
SHOP = grant(Purpose.SERVICE_PROVISION, scopes=("customers:write", "services:write"), client="shop")


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 1)


async def register(gate: Gate, **changes: Any) -> Any:
    answer = await gate.ask(REGISTER, SHOP, variables={"in": NEW | changes})
    return answer.data["registerCustomer"]


async def test_a_customer_is_registered_and_sees_it(gate: Gate) -> None:
    """R1: what is needed and no more; news are off unless they were asked for."""
    done = await register(gate, locale="fr")
    assert done["userErrors"] == [] and done["customer"]["fullName"] == "Noé Blanc"
    async with gate.store.write() as connection:
        query = select(customers.c.id).order_by(customers.c.created_at.desc(), customers.c.id.desc())
        id_ = (await connection.scalars(query)).first()
    assert id_ is not None
    mine = "{ me { email phone locale productNews services { nodes { id } } postalAddress { formatted } } }"
    assert (await gate.ask(mine, own(id_))).data["me"] == {
        "email": NEW["email"], "phone": None, "locale": "fr", "productNews": False, "services": {"nodes": []},
        "postalAddress": {"formatted": ["Rue du Lac 5", "CH-1003 Lausanne", "SWITZERLAND"]},
    }  # fmt: skip


async def test_the_password_is_chosen_by_a_link_to_their_own_address(gate: Gate) -> None:
    await register(gate)
    visitor = Visitor("203.0.113.9", "Firefox")
    sent = await Resets(gate.store, means()).request("CLIENT_AREA", NEW["email"], visitor, TODAY)
    assert isinstance(sent, ResetRequested)
    async with gate.store.write() as connection:
        assert len((await connection.execute(select(outbox.c.id).where(outbox.c.topic == "email"))).all()) == 1


async def test_one_address_is_one_customer_also_at_once(gate: Gate) -> None:
    done = await asyncio.gather(*(register(gate) for _ in range(3)))
    codes = sorted(error["code"] for each in done for error in each["userErrors"])
    assert codes == ["EMAIL_TAKEN", "EMAIL_TAKEN"]
    taken = await register(gate, email=gate.people[0].email.upper())
    assert [each["code"] for each in taken["userErrors"]] == ["EMAIL_TAKEN"]


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"email": "nobody"}, ("INVALID_EMAIL", ["email"])),
        ({"givenName": "\u202ex"}, ("INVALID_CHARACTERS", ["givenName"])),
        ({"postalAddress": HOME | {"postalCode": "1"}}, ("INVALID_POSTAL_CODE", ["postalAddress", "postalCode"])),
    ],
)
async def test_bad_input_registers_nobody(gate: Gate, changes: Any, fault: tuple[str, list[str]]) -> None:
    done = await register(gate, **changes)
    assert fault in [(each["code"], each["field"]) for each in done["userErrors"]] and done["customer"] is None


async def test_only_with_the_scope(gate: Gate) -> None:
    answer = await gate.ask(REGISTER, grant(Purpose.SERVICE_PROVISION), variables={"in": NEW})
    assert {each["reason"] for each in answer.errors} == {"SCOPE_MISSING"}


async def test_internal_systems_are_told(gate: Gate) -> None:
    row = {"id": 7, "name": "crm", "url": "https://crm.example/h", "events": "[]", "secret": b"x", "created_at": TODAY}
    async with gate.store.write() as connection:
        await connection.execute(insert(webhooks).values(row))
    id_ = (await register(gate))["customer"]["id"]
    async with gate.store.write() as connection:
        (waiting,) = (await connection.execute(select(outbox))).all()
    (key,) = await gate.store.keys.subjects([waiting.customer_id])
    assert key is not None
    told = orjson.loads(key.open(outbox.c.payload, waiting.id, waiting.payload))
    assert told["type"] == "customer.registered" and told["data"] == {"customer": id_, "coordinates": []}
