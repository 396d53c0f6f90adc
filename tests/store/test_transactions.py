"""Write transactions: brief ones share a commit and nothing else; what befalls one leaves the others whole (F1, F2)."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import func, insert, select, text

from store.database.config import StoreConfig
from store.database.store import Store
from store.registers.clients import documents
from store.sql import writing_sqlite
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.transactions import TransactionAbortedError
from store.sql.transactions_sqlite import GROUP
from store.sql.writing_sqlite import WritingConnection
from store.tables.outbox import outbox
from tests.store.people import MOMENT
from tests.stores import opened

pytestmark = pytest.mark.anyio

only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
MANY = 3 * GROUP


async def add(store: Store, number: int, group_commit: bool = True) -> None:
    async with store.write(group_commit=group_commit) as connection:
        await connection.execute(row(number))


def row(number: int) -> object:
    return insert(outbox).values(id=number, topic="x", created_at=MOMENT)


async def numbers(store: Store) -> set[int]:
    """What is there for everybody."""
    return {id_ for (id_,) in await store.reader.fetch(store.reader.prepare(select(outbox.c.id)), {})}


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A word for each commit on an SQLite file."""
    found: list[str] = []
    commit = WritingConnection.commit

    async def counted(writing: WritingConnection) -> None:
        found.append("commit")
        await commit(writing)

    monkeypatch.setattr(WritingConnection, "commit", counted)
    yield found


@only_sqlite
async def test_brief_ones_share_a_commit_and_are_there_when_they_end(store: Store, commits: list[str]) -> None:
    async def added(number: int) -> None:
        await add(store, number)
        assert number in await numbers(store)

    await asyncio.gather(*[added(number) for number in range(MANY)])
    assert len(await numbers(store)) == MANY
    assert MANY / GROUP <= len(commits) <= MANY / GROUP + 2


@only_sqlite
async def test_whoever_is_not_brief_keeps_nobody_waiting(store: Store, commits: list[str]) -> None:
    """What ended before is on the disk when such a block begins, however long it then takes."""
    done = asyncio.Event()

    async def long() -> None:
        async with store.write() as connection:
            await connection.execute(row(99))
            await done.wait()

    group_commit = [asyncio.create_task(add(store, number)) for number in range(5)]
    task = asyncio.create_task(long())
    await asyncio.wait_for(asyncio.gather(*group_commit), 2)
    assert await numbers(store) == set(range(5)) and len(commits) < 5
    done.set()
    await task
    assert 99 in await numbers(store)


@pytest.mark.parametrize("which", [0, 1, 5])
async def test_what_one_undoes_is_its_own(store: Store, which: int) -> None:
    """Also the first of a group, whose transaction it is."""

    async def added(number: int) -> None:
        async with store.write(group_commit=True) as connection:
            await connection.execute(row(number))
            if number == which:
                raise ValueError

    outcomes = await asyncio.gather(*[added(number) for number in range(8)], return_exceptions=True)
    assert [isinstance(each, ValueError) for each in outcomes] == [number == which for number in range(8)]
    assert await numbers(store) == set(range(8)) - {which}


async def test_a_statement_that_fails_takes_no_other_block_with_it(store: Store) -> None:
    await add(store, 3)
    outcomes = await asyncio.gather(*[add(store, number) for number in range(6)], return_exceptions=True)
    (failure,) = [each for each in outcomes if each is not None]
    assert not isinstance(failure, StoreUnavailableError) and await numbers(store) == set(range(6))


@pytest.mark.parametrize("which", [0, 1, 5])
async def test_one_that_is_cancelled_takes_no_other_with_it(store: Store, which: int) -> None:
    tasks = [asyncio.create_task(add(store, number)) for number in range(8)]
    await asyncio.sleep(0)
    tasks[which].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert {number for number, each in enumerate(outcomes) if each is None} >= set(range(8)) - {which}
    assert await numbers(store) >= set(range(8)) - {which}
    await add(store, 9)


async def test_cancelled_at_any_step_it_leaves_the_way_free(store: Store) -> None:
    """The loop is run a step further each time, over a neighbour before and one behind."""
    for steps in range(40):
        base = steps * 10
        before, it, behind = [asyncio.create_task(add(store, base + place)) for place in range(3)]
        for _ in range(steps):
            await asyncio.sleep(0)
        it.cancel()
        await asyncio.gather(before, behind)
        with suppress(asyncio.CancelledError):
            await it
        assert {base, base + 2} <= await numbers(store)


@only_sqlite
@pytest.mark.parametrize("steps", [1, 2, 3])
async def test_cancelled_while_it_connects_it_leaves_no_connection_open(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """What CPython 3.13 warns of when a connection is collected, seen on every version."""
    left_open: list[int] = []

    class Watched(writing_sqlite._AutoRollbackConnection):
        def __del__(self) -> None:
            if not self.is_closed:
                left_open.append(id(self))

    monkeypatch.setattr(writing_sqlite, "_AutoRollbackConnection", Watched)
    async with opened(store_config) as store:
        task = asyncio.create_task(add(store, 1))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await add(store, 2)
    gc.collect()
    assert not left_open


SLOW = (
    "CREATE FUNCTION take_time() RETURNS trigger LANGUAGE plpgsql AS"
    " $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$",
    "CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED"
    " FOR EACH ROW EXECUTE FUNCTION take_time()",
)
QUICK = ("DROP TRIGGER slow ON outbox", "DROP FUNCTION take_time")


@pytest.fixture
async def slow_commits(store: Store, store_kind: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """Commits that take a third of a second: by a trigger that waits until then, or in the thread that commits."""
    if store_kind == "sqlite":
        commit = WritingConnection.commit

        async def slowly(writing: WritingConnection) -> None:
            await writing._execute(time.sleep, 0.3)
            await commit(writing)

        monkeypatch.setattr(WritingConnection, "commit", slowly)
        yield
        return
    for statements in (SLOW, QUICK):
        async with store.write() as connection:
            for statement in statements:
                await connection.execute(text(statement))
        if statements is SLOW:
            yield


async def test_cancelled_while_it_commits_it_ends_when_that_is_over(store: Store, slow_commits: None) -> None:
    """Otherwise whoever looks whether it is there could find nothing, and it comes a moment later."""
    task = asyncio.create_task(add(store, 1, group_commit=False))
    await asyncio.sleep(0.15)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await numbers(store) == {1}


@only_sqlite
async def test_when_the_commit_fails_everybody_hears_of_it(store: Store) -> None:
    """A foreign key that is looked at when the transaction ends, so that it is the commit that fails."""

    orphan = {"client_id": "nobody", "hash": "0", "text": "{ x }", "registered_at": MOMENT}

    async def added(number: int) -> None:
        async with store.write(group_commit=True) as connection:
            await connection.execute(row(number))
            if number == 2:
                await connection.execute(text("PRAGMA defer_foreign_keys = ON"))
                await connection.execute(insert(documents).values(orphan))

    outcomes = await asyncio.gather(*[added(number) for number in range(5)], return_exceptions=True)
    assert all(isinstance(each, Exception) for each in outcomes)
    assert await numbers(store) == set()
    await asyncio.gather(*[add(store, number) for number in range(5)])
    assert len(await numbers(store)) == 5


@only_sqlite
async def test_when_sqlite_gives_up_the_transaction_everybody_hears_of_it(store: Store) -> None:
    async with store.write() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))

    async def added(number: int) -> None:
        async with store.write(group_commit=True) as connection:
            await connection.execute(row(number))
            if number == 3:
                await connection.execute(
                    insert(outbox).values(id=99, topic="x", payload=bytes(500_000), created_at=MOMENT)
                )

    outcomes = await asyncio.gather(*[added(number) for number in range(6)], return_exceptions=True)
    kept = await numbers(store)
    assert isinstance(outcomes[3], StoreUnavailableError) and outcomes[3].cause is OutageCause.DISK_FULL
    assert kept == {number for number, each in enumerate(outcomes) if each is None}


async def test_a_block_that_goes_on_over_the_end_of_its_transaction_is_told(store: Store, store_kind: str) -> None:
    """Nothing is acknowledged that is not there."""
    with pytest.raises(TransactionAbortedError):
        async with store.write() as connection:
            await connection.execute(row(1))
            if store_kind == "sqlite":
                await connection.execute(text("ROLLBACK"))
            else:
                with suppress(Exception):
                    await connection.execute(text("SELECT 1 / 0"))
    assert await numbers(store) == set()
    await add(store, 2)


async def test_whoever_waits_too_long_is_told_and_the_others_go_on(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, lock_timeout=0.2, connections=10)) as store:
        done = asyncio.Event()

        async def long() -> None:
            async with store.write() as connection:
                await connection.execute(row(1))
                await done.wait()

        task = asyncio.create_task(long())
        await asyncio.sleep(0.05)
        with pytest.raises(StoreUnavailableError) as caught:
            await add(store, 2)
        assert caught.value.cause is OutageCause.SLOW
        done.set()
        await task
        await add(store, 3)
        assert await numbers(store) == {1, 3}


@only_postgresql
async def test_more_writers_than_connections_take_turns(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, connections=14)) as store:
        await asyncio.gather(*[add(store, number) for number in range(50)])
        assert len(await numbers(store)) == 50
        count = select(func.count()).select_from(text("pg_stat_activity"))
        named = count.where(text("application_name = 'gateway-write' AND datname = current_database()"))
        ((writers,),) = await store.reader.fetch(store.reader.prepare(named), {})
        assert writers <= 3, "two for transactions, one for what stands in none"


@only_postgresql
async def test_a_connection_that_the_server_ended_is_replaced_unnoticed(store: Store) -> None:
    await asyncio.gather(*[add(store, number) for number in range(8)])
    async with store.write() as connection:
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        await connection.execute(
            text(f"{ended} AND application_name = 'gateway-write' AND datname = current_database()")
        )
    await asyncio.gather(*[add(store, number) for number in range(8, 16)])
    assert len(await numbers(store)) == 16
