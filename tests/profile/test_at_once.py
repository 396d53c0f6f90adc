"""A change of the profile on PostgreSQL is one statement, unless a system listens, or somebody else was faster."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select, update

from resolvers.customers import profile
from store.database.store import Store
from store.sql.errors import StoreUnavailableError
from store.tables.changes import customer_changes
from store.tables.customers import customers
from store.tables.outbox import outbox
from store.tables.restrictions import notices
from tests.promises.gate import Gate, own
from workers.outbox.register import Webhooks

pytestmark = pytest.mark.anyio

CHANGE = """mutation ($in: UpdateProfileInput!) { updateProfile(input: $in) {
  customer { version familyName } userErrors { code } } }"""
NAMES = [f"Elsewhere{letter}" for letter in "abcdefghij"]


class Counted:
    """A gate whose store says how changes were written."""

    def __init__(self, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gate, self.transactions, self.statements = gate, 0, 0
        write, once = gate.store.write, gate.store.once

        def noted(**options: Any) -> Any:
            self.transactions += 1
            return write(**options)

        def counted(*given: Any) -> Any:
            self.statements += 1
            return once(*given)

        monkeypatch.setattr(gate.store, "write", noted)
        monkeypatch.setattr(gate.store, "once", counted)

    async def change(self, **asked: Any) -> Any:
        answer = await self.gate.ask(CHANGE, own(self.gate.ids[0]), variables={"in": asked})
        return answer.data["updateProfile"]

    async def count(self, table: Any) -> int:
        reader = self.gate.store.reader
        ((found,),) = await reader.fetch(reader.prepare(select(func.count()).select_from(table)), {})
        return int(found)


@pytest.fixture
async def counted(store: Store, monkeypatch: pytest.MonkeyPatch) -> Counted:
    return Counted(await Gate.of(store, 1), monkeypatch)


async def test_a_change_with_its_record_is_one_statement_where_the_driver_allows(counted: Counted) -> None:
    before = await counted.count(customer_changes), await counted.count(notices)
    done = await counted.change(familyName=NAMES[0], locale="fr")
    assert done["userErrors"] == [] and (done["customer"]["familyName"], done["customer"]["version"]) == (NAMES[0], 2)
    assert (await counted.count(customer_changes), await counted.count(notices)) == (before[0] + 1, before[1] + 1)
    expected = (0, 1) if counted.gate.store.on_server else (1, 0)
    assert (counted.transactions, counted.statements) == expected
    again = await counted.change(familyName=NAMES[0])
    assert again["customer"]["version"] == 2 and counted.statements == expected[1], "no change, no statement"
    late = await counted.change(familyName=NAMES[1], ifVersion=1)
    assert late["userErrors"] == [{"code": "CONFLICT"}] and counted.statements == expected[1]


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_system_that_listens_is_told_in_the_transaction_of_the_change(counted: Counted) -> None:
    await Webhooks(counted.gate.store).add(
        "crm", "https://crm.example/hook", ["customer.profile.changed"], datetime.now(UTC)
    )
    counted.transactions = 0
    assert (await counted.change(familyName=NAMES[0]))["customer"]["familyName"] == NAMES[0]
    assert (counted.transactions, counted.statements) == (1, 1), "one attempt that wrote nothing"
    assert await counted.count(outbox) == 1


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_nothing_is_written_over_a_newer_version(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes the row between the read and the statement: it is read again under its lock."""
    once = counted.gate.store.once

    async def late(*given: Any) -> Any:
        async with counted.gate.store.write() as connection:
            await connection.execute(update(customers).values(version=customers.c.version + 1))
        return await once(*given)

    monkeypatch.setattr(counted.gate.store, "once", late)
    done = await counted.change(familyName=NAMES[0])
    assert (done["customer"]["familyName"], done["customer"]["version"]) == (NAMES[0], 3)
    assert await counted.count(notices) == 1


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_key_of_idempotency_takes_its_transaction(counted: Counted) -> None:
    done = await counted.change(familyName=NAMES[0], idempotencyKey="a-key")
    assert done["customer"]["familyName"] == NAMES[0] and (counted.transactions, counted.statements) == (1, 0)


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_value_that_customers_are_found_by_takes_its_transaction(counted: Counted) -> None:
    """Its look-up is in the key store, and reserved there."""
    assert (await counted.change(phone="+41446681800"))["userErrors"] == []
    assert (counted.transactions > 0, counted.statements) == (True, 0)


async def test_of_many_at_the_same_time_each_counts(counted: Counted) -> None:
    before = await counted.count(customer_changes)
    done = await asyncio.gather(*(counted.change(familyName=name) for name in NAMES))
    assert all(each["userErrors"] == [] for each in done)
    assert await counted.count(customer_changes) == before + len(NAMES)
    assert (await counted.change())["customer"]["version"] == 1 + len(NAMES)


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_statement_that_fails_is_an_outage_and_leaves_the_connection_good(counted: Counted) -> None:
    store = counted.gate.store
    statement = profile._whole(("name",))
    with pytest.raises((StoreUnavailableError, KeyError)):
        await store.once(statement, {})
    for name in NAMES:
        assert (await counted.change(familyName=name))["customer"]["familyName"] == name
