"""The customer hides all or part of a domain's owner, where the registry allows it (R25, R26, R51)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select, update

from policy.purposes import Purpose
from store.database.store import Store
from store.registers.webhooks import webhooks
from store.tables.consents import consents
from store.tables.domains import domains
from store.tables.outbox import outbox
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

D = domains.c
SET = """mutation ($in: SetWhoisVisibilityInput!) { setWhoisVisibility(input: $in) {
  domain { hideName hideAddress hideEmail hidePhone } userErrors { code field message } } }"""
POLICY = """query ($t: String!, $k: RegistrantKind!) { registryPolicy(tld: $t, kind: $k) {
  registry source checked rules { field rule meaning free } } }"""
REGISTRAR = "query ($id: ID!) { node(id: $id) { ... on Domain { registrant { name email phone } } } }"


HIDING = ("hideName", "hideAddress", "hideEmail", "hidePhone")


@pytest.fixture
async def gate(store: Store) -> Gate:
    """Two customers; the first one's first domain is a person's under .com, and wholly hidden."""
    gate = await Gate.of(store, 2)
    async with store.write() as connection:
        await connection.execute(insert(webhooks).values(
            id=7, name="crm", url="https://crm.example/h", events='["whois.changed"]', secret=b"x", created_at=TODAY
        ))  # fmt: skip
    await under(gate, "com")
    return gate


async def first(gate: Gate, place: int = 0) -> str:
    query = "{ me { domains { nodes { id } } } }"
    found: str = (await gate.ask(query, own(gate.ids[place]))).data["me"]["domains"]["nodes"][0]["id"]
    return found


async def under(gate: Gate, tld: str, kind: str = "NATURAL_PERSON") -> None:
    """Have the first customer's domains under this ending, all of them hidden."""
    hidden = {f"hide_{field}": True for field in ("name", "address", "email", "phone")}
    async with gate.store.write() as connection:
        mine = update(domains).where(D.customer_id == gate.ids[0])
        await connection.execute(mine.values(tld=tld, registrant_kind=kind, **hidden))


async def wish(gate: Gate, place: int = 0, **given: Any) -> Any:
    asked = {"domainId": await first(gate)} | given
    return (await gate.ask(SET, own(gate.ids[place]), variables={"in": asked})).data["setWhoisVisibility"]


async def registrar(gate: Gate) -> Any:
    answer = await gate.ask(REGISTRAR, grant(Purpose.DOMAIN_REGISTRATION), variables={"id": await first(gate)})
    return answer.data["node"]["registrant"]


async def test_what_is_published_by_choice_is_read_and_what_is_hidden_again_is_not(gate: Gate) -> None:
    """R26, and the consent to it is recorded (GDPR Art. 6(1)(a))."""
    assert set((await registrar(gate)).values()) == {None}
    done = await wish(gate, hideName=False, hideEmail=False)
    assert done["userErrors"] == []
    assert done["domain"] == {"hideName": False, "hideAddress": True, "hideEmail": False, "hidePhone": True}
    told = await registrar(gate)
    assert told["name"] and told["email"] and told["phone"] is None
    await wish(gate, hideName=True, hideEmail=True)
    assert set((await registrar(gate)).values()) == {None}
    async with gate.store.write() as connection:
        mine = select(consents.c.state).where(consents.c.customer_id == gate.ids[0])
        events = await connection.scalars(mine.where(consents.c.kind == "WHOIS_PUBLICATION").order_by(consents.c.id))
        assert list(events)[-2:] == ["GIVEN", "WITHDRAWN"]


@pytest.mark.parametrize(
    ("tld", "kind", "given", "code"),
    [
        ("us", "NATURAL_PERSON", {"hideName": True}, "REGISTRY_REQUIRES"),
        ("eu", "NATURAL_PERSON", {"hideEmail": True}, "REGISTRY_REQUIRES"),
        ("ch", "NATURAL_PERSON", {"hidePhone": False}, "REGISTRY_FORBIDS"),
        ("zz", "LEGAL_PERSON", {"hideName": False}, "REGISTRY_FORBIDS"),
    ],
)
async def test_where_the_registry_decides_it_says_so(
    gate: Gate, tld: str, kind: str, given: dict[str, bool], code: str
) -> None:
    """R51: refused with the reason, and nothing of it is changed."""
    await under(gate, tld, kind)
    done = await wish(gate, **given)
    (error,) = done["userErrors"]
    assert (error["code"], error["field"]) == (code, list(given)) and done["domain"] is None
    assert await wish(gate) == {"domain": dict.fromkeys(HIDING, True), "userErrors": []}


async def test_a_change_of_the_registrys_rules_holds_for_every_domain_at_once(gate: Gate) -> None:
    """R51: what was wished is stored, and what is shown is worked out when it is read."""
    await wish(gate, hideName=False)
    await_shown = {}
    for tld in ("com", "ch", "us", "zz"):
        async with gate.store.write() as connection:
            await connection.execute(update(domains).where(D.customer_id == gate.ids[0]).values(tld=tld))
        told = await registrar(gate)
        await_shown[tld] = (bool(told["name"]), bool(told["email"]))
    assert await_shown == {"com": (True, False), "ch": (False, False), "us": (True, True), "zz": (False, False)}


async def test_nobody_decides_for_another(gate: Gate) -> None:
    """D6."""
    for domain in (await first(gate), "x", gate.id(0)):
        done = await wish(gate, place=1, domainId=domain, hideName=False)
        assert [each["code"] for each in done["userErrors"]] == ["NOT_FOUND"]


async def test_before_ordering_one_sees_what_an_ending_publishes(gate: Gate) -> None:
    """R25: also without being a customer, since it is about nobody."""
    who = grant(Purpose.INVOICING)
    found = (await gate.ask(POLICY, who, variables={"t": "EU", "k": "NATURAL_PERSON"})).data["registryPolicy"]
    assert found["registry"] == "EURid"
    assert {each["field"]: (each["rule"], each["free"]) for each in found["rules"]} == {
        "NAME": ("NEVER", False), "ADDRESS": ("NEVER", False), "EMAIL": ("ALWAYS", False), "PHONE": ("NEVER", False),
    }  # fmt: skip
    assert (await gate.ask(POLICY, who, variables={"t": "zz", "k": "LEGAL_PERSON"})).data["registryPolicy"] is None


async def test_internal_systems_are_told_what_changed_and_no_value(gate: Gate) -> None:
    await wish(gate, hideName=False)
    await wish(gate, hideName=False)  # which is so already
    async with gate.store.write() as connection:
        (waiting,) = (await connection.execute(select(outbox))).all()
    (key,) = await gate.store.keys.subjects([gate.ids[0]])
    assert key is not None
    told = orjson.loads(key.open(outbox.c.payload, waiting.id, waiting.payload))
    assert told["data"] == {
        "customer": gate.id(0), "domain": await first(gate), "coordinates": ["Domain.hideName"],
    }  # fmt: skip
