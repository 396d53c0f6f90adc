"""Domains are registered with their owner, who is told and can be changed at any time (R25, R26, R30, R52)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from policy.purposes import Purpose
from store.database.store import Store
from store.registers.webhooks import webhooks
from store.tables.domains import domains
from store.tables.outbox import outbox
from tests.promises.gate import TODAY, Gate, grant, own
from tests.sharing.owners import (
    NAME,
    OWNER,
    REGISTER,
    UPDATE,
    change,
    confirmed,
    letters,
    order,
    register,
    registered,
    resting,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


async def test_whatever_may_be_hidden_of_an_owner_is_hidden_at_first(gate: Gate) -> None:
    """A6; the tool that wrote it down does not even get it back."""
    done = await register(gate, await order(gate), name=NAME.upper() + ".")
    assert done["userErrors"] == []
    assert done["domain"] | {"id": ""} == {
        "id": "", "name": NAME, "tld": "fr", "registrant": {"kind": "NATURAL_PERSON", "name": None},
        "hideName": True, "hideEmail": True,
    }  # fmt: skip
    row = await resting(gate, done["domain"]["id"])
    assert row["registrant_name"] is not None and b"Perrin" not in row["registrant_name"]
    query = "query ($d: String!) { rdap(domain: $d) }"
    told = (await gate.ask(query, grant(Purpose.DOMAIN_REGISTRATION), variables={"d": NAME})).data["rdap"]
    assert len(told["redacted"]) == 8


async def test_an_owner_who_is_not_the_customer_is_told_where_the_data_came_from(gate: Gate) -> None:
    """R52, GDPR Art. 14: the source, the purpose, the recipient, how long, and the rights; once they have confirmed."""
    await confirmed(gate)
    question, notice = await letters(gate)
    assert question["to"] == OWNER["email"]
    assert notice["to"] == OWNER["email"] and NAME not in notice["subject"]
    for part in (NAME, "client de", "AFNIC", "/registrant", "effacement", "réclamation"):  # the customer's language
        assert part in notice["text"], part


async def test_a_customer_who_is_the_owner_is_not_told_what_they_know(gate: Gate) -> None:
    await register(gate, await order(gate), registrant=OWNER | {"email": gate.people[0].email.upper()})
    assert await letters(gate) == []


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": "no name"}, "INVALID_DOMAIN", ["name"]),
        ({"name": "-x.fr"}, "INVALID_DOMAIN", ["name"]),
        ({"expiresAt": "2020-01-01T00:00:00Z"}, "INVALID_TIME", ["expiresAt"]),
        ({"registrant": {"email": "perrin@atelier.example"}}, "REQUIRED", ["registrant", "name"]),
        ({"registrant": {"name": "\u202eniveP"}}, "INVALID_CHARACTERS", ["registrant", "name"]),
        ({"registrant": {"name": "P" * 10_000}}, "TOO_LONG", ["registrant", "name"]),
        ({"registrant": OWNER | {"email": "perrin@аtelier.example"}}, "MIXED_SCRIPTS", ["registrant", "email"]),
        ({"registrant": OWNER | {"phone": "12"}}, "INVALID_PHONE", ["registrant", "phone"]),
        ({"registrant": OWNER | {"address": {"street": "x", "country": "CH"}}}, "REQUIRED",
         ["registrant", "address", "city"]),
    ],
)  # fmt: skip
async def test_what_cannot_be_is_said_field_by_field(
    gate: Gate, given: dict[str, Any], code: str, field: list[str]
) -> None:
    done = await register(gate, await order(gate), **given)
    assert (code, field) in [(each["code"], each["field"]) for each in done["userErrors"]]
    assert done["domain"] is None and await letters(gate) == []


async def test_a_domain_belongs_to_one_service_that_runs(gate: Gate) -> None:
    service = await order(gate)
    async with gate.store.write() as connection:
        before = await connection.scalar(select(func.count()).select_from(domains))
    assert (await register(gate, service))["userErrors"] == []
    for other, code in (
        (service, "TAKEN"), (await order(gate), "TAKEN"), (await order(gate, kind="WEB_HOSTING"), "NOT_A_DOMAIN"),
        (await order(gate, status="TERMINATED"), "NOT_FOUND"), (gate.id(0), "NOT_FOUND"), ("x", "NOT_FOUND"),
    ):  # fmt: skip
        done = await register(gate, other)
        assert [each["code"] for each in done["userErrors"]] == [code]
    async with gate.store.write() as connection:
        assert await connection.scalar(select(func.count()).select_from(domains)) == before + 1


async def test_only_a_tool_with_the_scope_registers(gate: Gate) -> None:
    asked = {"service": await order(gate), "name": NAME, "registrantKind": "LEGAL_PERSON", "registrant": OWNER}
    for who in (grant(Purpose.DOMAIN_REGISTRATION), grant(Purpose.SERVICE_PROVISION), own(gate.ids[0])):
        answer = await gate.ask(REGISTER, who, variables={"in": asked})
        assert set(answer.codes) == {"UNAUTHORIZED_FIELD_OR_TYPE"} and answer.statements == ()


async def test_the_customer_changes_the_owner_and_both_are_told(gate: Gate) -> None:
    """R30; with another address it is somebody else."""
    domain = await confirmed(gate)
    new = {"name": "Perrin Frères SA", "email": "freres@atelier.example", "phone": None}
    done = await change(gate, domain, registrant=new, registrantKind="LEGAL_PERSON")
    assert done == {
        "domain": {"registrant": {
            "name": "Perrin Frères SA", "email": "freres@atelier.example", "phone": None, "kind": "LEGAL_PERSON",
            "address": {"city": "Lausanne", "country": "CH"},
        }},
        "userErrors": [],
    }  # fmt: skip
    assert [each["to"] for each in await letters(gate)] == [OWNER["email"]] * 2 + [
        "freres@atelier.example",
        OWNER["email"],
    ]
    await change(gate, domain, registrant={"phone": "+41 21 555 01 03"})
    assert len(await letters(gate)) == 4, "a detail of the same owner is no news"
    found = (await gate.ask("{ me { changes(first: 1) { nodes { fields } } } }", own(gate.ids[0]))).data
    assert found["me"]["changes"]["nodes"] == [{"fields": ["Registrant.phone"]}]


async def test_a_change_of_owner_needs_a_fresh_sign_in(gate: Gate) -> None:
    variables = {"in": {"domainId": await registered(gate), "registrant": {"name": "Thief"}}}
    late = own(gate.ids[0], authenticated_at=int((TODAY - timedelta(minutes=6)).timestamp()))
    for who in (own(gate.ids[0]), late):
        assert (await gate.ask(UPDATE, who, variables=variables)).codes == ["STEP_UP_REQUIRED"]


async def test_nobody_changes_the_owner_of_anothers_domain(gate: Gate) -> None:
    """D6."""
    domain = await registered(gate)
    for id_ in (domain, "x", gate.id(1)):
        done = await change(gate, id_, place=1, registrant={"name": "Thief"})
        assert [each["code"] for each in done["userErrors"]] == ["NOT_FOUND"]
    done = await change(gate, domain, registrant={"name": None})
    assert [each["code"] for each in done["userErrors"]] == ["REQUIRED"]


async def test_internal_systems_hear_of_it_without_a_value(gate: Gate) -> None:
    """R30: whoever registers it tells the registry."""
    async with gate.store.write() as connection:
        await connection.execute(insert(webhooks).values(
            id=7, name="crm", url="https://crm.example/h", events="[]", secret=b"x", created_at=TODAY
        ))  # fmt: skip
    domain = await registered(gate)
    await change(gate, domain, registrant={"phone": "+41 21 555 01 03"})
    (key,) = await gate.store.keys.subjects([gate.ids[0]])
    assert key is not None
    async with gate.store.write() as connection:
        waiting = select(outbox.c.id, outbox.c.event, outbox.c.payload).where(outbox.c.topic == "webhook")
        rows = (await connection.execute(waiting.order_by(outbox.c.id))).all()
    assert [row.event for row in rows] == ["domain.registered", "domain.registrant.changed"]
    told = b"".join(key.open(outbox.c.payload, row.id, row.payload) for row in rows)
    assert b"Registrant.phone" in told and b"555" not in told and b"perrin" not in told.lower()
