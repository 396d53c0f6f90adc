"""Whoever is read is recorded first, durably; and the record holds nothing of them (issue 2, item 6; F1)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import orjson
import pytest
from graphql import parse

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from schema.documents.shapes import shape_hash
from store.database.config import StoreConfig
from store.database.store import open_store
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

BILLING = grant(Purpose.INVOICING, client="billing")
NAMES = "query ($n: Int!) { customers(first: $n) { nodes { fullName email services { nodes { name } } } } }"


async def pseudonyms(gate: Gate, *places: int) -> list[str]:
    keys = await gate.store.keys.subjects([gate.ids[place] for place in places])
    return [key.pseudonym for key in keys if key is not None]


async def new_entries(gate: Gate, query: str | None, who: Any, **request: Any) -> list[dict[str, Any]]:
    before = len(await gate.entries())
    await gate.ask(query, who, **request)
    return (await gate.entries())[before:]


async def test_an_entry_says_who_what_for_and_of_whom(gate: Gate) -> None:
    (entry,) = await new_entries(gate, NAMES, BILLING, variables={"n": 3}, reference="ERP-77")
    assert len(entry.pop("nonce")) == 22
    assert entry == {
        "version": 1,
        "at": int(TODAY.timestamp()),
        "client": "billing",
        "purpose": "INVOICING",
        "reference": "ERP-77",
        "operation": shape_hash(parse(NAMES)),
        "fields": ["Query.customers", "Customer.fullName", "Customer.email", "Customer.services", "Service.name"],
        "subjects": await pseudonyms(gate, 0, 1, 2),
    }


async def test_there_is_one_entry_for_each_operation_that_returned_something(gate: Gate) -> None:
    queries = [
        (NAMES, BILLING, {"variables": {"n": 2}}),
        (f'{{ customer(by: {{id: "{gate.id(4)}"}}) {{ id }} }}', BILLING, {}),
        (f'{{ node(id: "{gate.id(4)}") {{ __typename }} }}', BILLING, {}),
        ("{ me { __typename } }", own(gate.ids[0]), {}),
        ("{ customers(first: 1) { pageInfo { endCursor } } }", BILLING, {}),
        (f'{{ customer(by: {{email: "{gate.people[2].email}"}}) {{ __typename }} }}', BILLING, {}),
        ("{ customers(first: 1) { nodes { phone fullName } } }", grant(Purpose.INVOICING, withhold=True), {}),
    ]
    for query, who, request in queries:
        assert len(await new_entries(gate, query, who, **request)) == 1, query


async def test_nothing_is_recorded_of_what_revealed_nobody(gate: Gate) -> None:
    for query, who, request in (
        ("{ customers { nodes { phone } } }", BILLING, {}),
        (NAMES, BILLING, {"variables": {"n": 2}, "dry_run": True}),
        (NAMES, BILLING, {"variables": {"n": 1000}}),
        ("{ customers(first: 0) { nodes { id } } }", BILLING, {}),
        ("{ grant { client } __typename }", BILLING, {}),
        ('{ customer(by: {id: "Q3VzdG9tZXI6MQ=="}) { id } }', BILLING, {}),
        ('{ customer(by: {email: "nobody@example.org"}) { id } }', BILLING, {}),
        (f'{{ customer(by: {{id: "{gate.id(1)}"}}) {{ id }} }}', own(gate.ids[0]), {}),
        ("{ nothing }", BILLING, {}),
        (None, BILLING, {"document_id": "0" * 64}),
    ):
        assert await new_entries(gate, query, who, **request) == [], query


async def test_subjects_are_those_whose_rows_are_in_the_answer(gate: Gate) -> None:
    """The row beyond the page, which is fetched to know whether more follow, is nobody's business."""
    (entry,) = await new_entries(gate, "{ customers(first: 1) { nodes { id } } }", BILLING)
    assert entry["subjects"] == await pseudonyms(gate, 0)
    by_id = f'{{ a: customer(by: {{id: "{gate.id(5)}"}}) {{ id }} b: customer(by: {{id: "{gate.id(2)}"}}) {{ id }} }}'
    (entry,) = await new_entries(gate, by_id, BILLING)
    assert sorted(entry["subjects"]) == sorted(await pseudonyms(gate, 5, 2))


async def test_withheld_fields_are_not_said_to_be_read(gate: Gate) -> None:
    query = "{ customers(first: 1) { nodes { phone fullName signIns { nodes { ipAddress } } } } }"
    (entry,) = await new_entries(gate, query, grant(Purpose.INVOICING, withhold=True))
    assert entry["fields"] == ["Query.customers", "Customer.fullName"]


async def test_an_answer_with_errors_is_recorded_once(gate: Gate) -> None:
    """What the fast way could not answer is answered anew, and stands in the ledger once."""
    query = '{ customers(first: 1) { nodes { id } } bad: customer(by: {id: "?"}) { id } }'
    before = len(await gate.entries())
    answer = await gate.ask(query, BILLING)
    assert answer.codes == ["INVALID_ID"] and answer.body["data"]["customers"]["nodes"]
    assert len(await gate.entries()) == before + 1


async def test_no_value_and_no_id_of_a_customer_stands_in_the_ledger(gate: Gate) -> None:
    await gate.ask(
        "query ($e: String!) { customer(by: {email: $e}) { fullName email postalAddress { street } } }",
        BILLING,
        variables={"e": gate.people[3].email},
    )
    await gate.ask(f'{{ node(id: "{gate.id(3)}") {{ ... on Customer {{ fullName }} }} }}', BILLING)
    everything = orjson.dumps(await gate.entries()).decode()
    assert "Customer.fullName" in everything
    assert not [value for value in gate.values() if value in everything]
    for place, key in enumerate(gate.ids):
        assert str(key) not in everything and gate.id(place) not in everything


# The ledger fails, for real


async def ledger_sql(config: StoreConfig, *statements: str) -> None:
    """Run statements on the ledger's own database, past the gateway."""
    if config.ledger.is_sqlite:
        with sqlite3.connect(config.ledger.path) as connection:
            for each in statements:
                connection.execute(each)
        connection.close()
        return
    connection = await asyncpg.connect(config.database_url)
    try:
        for each in statements:
            await connection.execute(each)
    finally:
        await connection.close()


@asynccontextmanager
async def held(config: StoreConfig) -> AsyncIterator[None]:
    """Nobody else can write to the ledger inside this block."""
    if config.ledger.is_sqlite:
        connection = sqlite3.connect(config.ledger.path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
        connection.close()
        return
    other = await asyncpg.connect(config.database_url)
    async with other.transaction():
        await other.execute("LOCK TABLE ledger_entries IN EXCLUSIVE MODE")
        yield
    await other.close()


@pytest.fixture
async def recording(store_config: StoreConfig) -> AsyncIterator[tuple[Gate, StoreConfig]]:
    """A gateway and where its ledger is."""
    store = await open_store(store_config)
    yield await Gate.of(store, 3), store_config
    await store.close()


async def test_the_answer_waits_for_the_record(recording: tuple[Gate, StoreConfig]) -> None:
    gate, config = recording
    await gate.ask(NAMES, BILLING, variables={"n": 1})
    async with held(config):
        waiting = asyncio.create_task(gate.ask(NAMES, BILLING, variables={"n": 3}))
        done, _ = await asyncio.wait([waiting], timeout=0.4)
        assert not done, "it was revealed before it was recorded"
        refused = await asyncio.wait_for(gate.ask("{ customers { nodes { phone } } }", BILLING), 60)
        assert refused.kind is RequestOutcome.REFUSED, "what reveals nothing waits for nothing"
    answer = await asyncio.wait_for(waiting, 60)
    assert len(answer.data["customers"]["nodes"]) == 3
    assert len((await gate.entries())[-1]["subjects"]) == 3


async def test_what_cannot_be_recorded_is_not_revealed(recording: tuple[Gate, StoreConfig]) -> None:
    gate, config = recording
    await ledger_sql(config, "ALTER TABLE ledger_entries RENAME TO elsewhere")
    for query, who in ((NAMES, BILLING), ("{ me { email } }", own(gate.ids[0]))):
        answer = await gate.ask(query, who, variables={"n": 3})
        assert (answer.kind, answer.codes) == (RequestOutcome.UNAVAILABLE, ["UNAVAILABLE"])
        assert "data" not in answer.body and not answer.personal
        assert not any(value in answer.raw.decode() for value in gate.values())
        assert "ledger" not in answer.raw.decode() and "elsewhere" not in answer.raw.decode()
    assert (await gate.ask("{ grant { client } }", BILLING)).data
    await ledger_sql(config, "ALTER TABLE elsewhere RENAME TO ledger_entries")
    answer = await gate.ask(NAMES, BILLING, variables={"n": 3})
    assert answer.data["customers"]["nodes"], "it recovers without a restart"


async def test_a_closed_ledger_reveals_nothing(recording: tuple[Gate, StoreConfig]) -> None:
    gate, _ = recording
    await gate.store.ledger.close()
    answer = await gate.ask(NAMES, BILLING, variables={"n": 3})
    assert answer.kind is RequestOutcome.UNAVAILABLE
    assert not any(value in answer.raw.decode() for value in gate.values())


async def test_operations_at_the_same_time_have_an_entry_each(recording: tuple[Gate, StoreConfig]) -> None:
    gate, _ = recording
    before = len(await gate.entries())
    answers = await asyncio.gather(
        *(gate.ask(NAMES, BILLING, variables={"n": 1 + n % 3}, reference=f"T-{n}") for n in range(40))
    )
    assert all(answer.kind is RequestOutcome.OK for answer in answers)
    found = (await gate.entries())[before:]
    assert sorted(entry["reference"] for entry in found) == sorted(f"T-{n}" for n in range(40))
    assert all(len(entry["subjects"]) == 1 + int(entry["reference"][2:]) % 3 for entry in found)
