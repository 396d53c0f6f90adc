"""The ledger: durable before it returns (F1), appended to only, one commit for many."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import anyio
import orjson
import pytest
from sqlalchemy import select

from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.append import GROUP, WAITING, Entry, LedgerAppender
from store.ledger.entries import canonical, ledger_entries
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.metadata import instant
from store.tables.outbox import outbox
from tests.store import elsewhere
from tests.stores import KINDS, opened

pytestmark = pytest.mark.anyio

E = ledger_entries.c


async def entries(store: Store) -> list[dict[str, object]]:
    statement = store.ledger_reader.prepare(select(E.entry).order_by(E.sequence))
    return [orjson.loads(row[0]) for row in await store.ledger_reader.fetch(statement, {})]


async def test_an_entry_is_there_when_append_returns(store: Store) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    await store.ledger.append({"b": ["Customer.email"], "a": None, "n": 3})
    statement = store.ledger_reader.prepare(select(E.sequence, E.entry, E.at))
    ((sequence, entry, at),) = await store.ledger_reader.fetch(statement, {})
    nonce = orjson.loads(entry)["nonce"]
    assert entry == b'{"a":null,"b":["Customer.email"],"n":3,"nonce":"%s"}' % nonce.encode()
    assert len(nonce) == 22
    assert before <= instant(at) <= datetime.now(UTC)
    assert sequence == 1


async def test_entries_of_one_caller_stand_in_order_and_none_is_lost(store: Store) -> None:
    async def many(lane: int) -> None:
        for number in range(20):
            await store.ledger.append({"lane": lane, "number": number})

    await asyncio.gather(*[many(lane) for lane in range(20)])
    found = await entries(store)
    assert len(found) == 400
    for lane in range(20):
        assert [entry["number"] for entry in found if entry["lane"] == lane] == list(range(20))


async def test_two_replicas_append_to_one_ledger(store_config: StoreConfig) -> None:
    async with opened(store_config) as one, opened(store_config) as two:
        await asyncio.gather(*[store.ledger.append({"n": n}) for n in range(100) for store in (one, two)])
        assert len(await entries(one)) == 200


CHANGES = ("UPDATE ledger_entries SET entry = entry", "DELETE FROM ledger_entries")


@pytest.mark.parametrize(
    ("store_kind", "statement"),
    [(kind, change) for kind in KINDS for change in CHANGES] + [("postgresql", "TRUNCATE ledger_entries")],
    indirect=["store_kind"],
)
async def test_no_row_is_changed_or_deleted(store: Store, store_config: StoreConfig, statement: str) -> None:
    await store.ledger.append({"n": 1})
    engine = make_engine(store_config.ledger)
    with pytest.raises(Exception, match="append-only"):
        async with transaction(engine) as connection:
            await connection.exec_driver_sql(statement)
    await engine.dispose()
    assert len(await entries(store)) == 1


@pytest.mark.parametrize(
    "value", [1.5, b"bytes", {"ä": 1}, {1: 2}, datetime(2027, 1, 1, tzinfo=UTC), {"deep": [{"x": 0.1}]}]
)
async def test_only_what_has_one_form_is_taken(store: Store, value: object) -> None:
    with pytest.raises(TypeError):
        await store.ledger.append({"value": value})
    await store.ledger.append({"value": "fine"})
    assert len(await entries(store)) == 1


def test_two_alike_entries_differ_by_their_nonce() -> None:
    assert canonical({"a": 1}) != canonical({"a": 1})
    assert (
        canonical({"b": 1, "a": "é"}, lambda n: bytes(n)) == '{"a":"é","b":1,"nonce":"AAAAAAAAAAAAAAAAAAAAAA"}'.encode()
    )


class SlowWriter:
    """Counts groups, and waits for a signal; the only stand-in here, because a disk cannot be told when to be slow."""

    def __init__(self) -> None:
        self.groups: list[int] = []
        self.go = asyncio.Event()
        self.failure: Exception | None = None

    async def write(self, entries: Sequence[Entry]) -> None:
        await self.go.wait()
        self.groups.append(len(entries))
        if self.failure is not None:
            raise self.failure

    async def check(self) -> None: ...

    async def close(self) -> None: ...


async def test_what_comes_while_one_commit_runs_shares_the_next() -> None:
    writer = SlowWriter()
    ledger = LedgerAppender(writer)
    waiting = [asyncio.create_task(ledger.append({"n": n})) for n in range(GROUP + 60)]
    await anyio.wait_all_tasks_blocked()
    writer.go.set()
    await asyncio.gather(*waiting)
    assert writer.groups == [GROUP, 60] or writer.groups == [1, GROUP, 59]


async def test_all_of_a_group_that_failed_hear_of_it_and_the_next_one_goes_on() -> None:
    writer = SlowWriter()
    ledger = LedgerAppender(writer)
    writer.failure = StoreUnavailableError(OutageCause.DISK_FULL)
    writer.go.set()
    outcomes = await asyncio.gather(*[ledger.append({"n": n}) for n in range(5)], return_exceptions=True)
    assert [getattr(outcome, "cause", None) for outcome in outcomes] == [OutageCause.DISK_FULL] * 5
    writer.failure = None
    await ledger.append({"n": 6})


async def test_a_caller_that_gives_up_does_not_stop_the_others() -> None:
    writer = SlowWriter()
    ledger = LedgerAppender(writer)
    impatient, patient = (asyncio.create_task(ledger.append({"n": n})) for n in range(2))
    await anyio.wait_all_tasks_blocked()
    impatient.cancel()
    await anyio.wait_all_tasks_blocked()
    writer.go.set()
    await patient
    with pytest.raises(asyncio.CancelledError):
        await impatient


async def test_a_ledger_that_cannot_keep_up_takes_no_more() -> None:
    writer = SlowWriter()
    ledger = LedgerAppender(writer)
    tasks = [asyncio.create_task(ledger.append({})) for _ in range(WAITING + GROUP + 10)]
    await anyio.wait_all_tasks_blocked()
    refused = [task for task in tasks if task.done()]
    assert refused
    assert all(isinstance(task.exception(), StoreUnavailableError) for task in refused)
    writer.go.set()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_closing_writes_what_waits_and_takes_no_more(store_config: StoreConfig) -> None:
    async with opened(store_config) as store:
        waiting = [asyncio.create_task(store.ledger.append({"n": n})) for n in range(50)]
        await asyncio.sleep(0)
        await store.ledger.close()
        await asyncio.gather(*waiting)
        with pytest.raises(StoreUnavailableError):
            await store.ledger.append({"n": 51})
        assert len(await entries(store)) == 50


@pytest.mark.parametrize("lines", [30, 200])
async def test_f1_killed_under_load_every_acknowledged_write_is_there(store_config: StoreConfig, lines: int) -> None:
    process = elsewhere.start("acknowledging", store_config)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    while not any(line.startswith("entry ") for line in said):
        said.append(process.stdout.readline())
    process.kill()
    said += process.stdout.readlines()  # Said before it died.
    process.wait()
    process.stdout.close()
    acknowledged = {tuple(map(int, line.split()[1:])) for line in said if line.startswith("entry ")}
    rows = {int(line.split()[1]) for line in said if line.startswith("row ")}
    assert acknowledged and (rows or lines < 200), "rows may take longer at first than entries"
    async with opened(store_config) as store:
        found = {(entry["lane"], entry["number"]) for entry in await entries(store)}
        assert acknowledged <= found
        pairs = await store.reader.fetch(store.reader.prepare(select(outbox.c.attempts)), {})
        numbers = [row[0] for row in pairs]
        assert rows <= set(numbers)
        assert all(numbers.count(number) == 2 for number in numbers), "a transaction is whole or not there"
        await store.ledger.append({"after": True})
