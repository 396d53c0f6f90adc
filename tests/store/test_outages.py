"""F2: each outage is a typed error that tells nothing, nothing is half written, and no restart is needed afterwards."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import column, func, insert, literal_column, select, text, update

from store.database.config import StoreConfig
from store.database.migrate import places, upgrade
from store.database.store import Store, open_store
from store.registers.clients import clients
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.outbox import outbox
from tests.postgres import PostgresServer
from tests.store.people import MOMENT, add_customers
from tests.stores import Databases, opened

pytestmark = pytest.mark.anyio

only_sqlite = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
only_postgresql = pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)

NOBODY = 65534


async def read(store: Store) -> Any:
    return await store.reader.fetch(store.reader.prepare(select(customers.c.id)), {})


async def write(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(insert(outbox).values(id=new_id(), topic="x", created_at=MOMENT))


async def append(store: Store) -> None:
    await store.ledger.append({"n": 1})


async def create(store: Store) -> None:
    await store.keys.create([new_id()])


async def look(store: Store) -> None:
    await store.keys.subjects([new_id()])


WRITES: list[Callable[[Store], Awaitable[Any]]] = [write, append, create]
ALL = [*WRITES, read, look]


async def refused(work: Awaitable[Any]) -> StoreUnavailableError:
    with pytest.raises(StoreUnavailableError) as caught:
        await work
    shown = f"{caught.value} {caught.value!r} {caught.value.detail} {caught.value.reason}"
    for telling in ("SELECT", "INSERT", "UPDATE", "outbox", "customers", "/", "person"):
        assert telling not in shown.replace("gateway db upgrade", "")
    assert caught.value.__cause__ is None, "the driver's error could hold a statement"
    assert caught.value.retry_after > 0
    return caught.value


async def all_well(store: Store) -> None:
    for work in ALL:
        await work(store)
    await store.ready()


async def becomes_ready(store: Store, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            return await store.ready()
        except StoreUnavailableError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.05)


# ---- a server that is down ----


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that a test may stop."""
    server = PostgresServer()
    yield server
    server.remove()


@asynccontextmanager
async def on_own_server(server: PostgresServer, folder: Path) -> AsyncIterator[StoreConfig]:
    async with Databases(folder, server).fresh("postgresql", migrated=False) as config:
        await upgrade(config)
        yield config


async def test_a_server_that_goes_away_and_comes_back(own_server: PostgresServer, tmp_path: Path) -> None:
    async with on_own_server(own_server, tmp_path) as config, opened(config) as store:
        await all_well(store)
        own_server.stop()
        for work in ALL:
            assert (await refused(work(store))).cause is OutageCause.DOWN
        assert (await refused(store.ready())).cause is OutageCause.DOWN
        own_server.start()
        await all_well(store)  # The very first request after it is back.
        own_server.stop()
        own_server.start()
        await read(store)  # A restart that nobody noticed while it lasted.
        await all_well(store)


async def test_a_server_that_is_down_at_the_start(own_server: PostgresServer, tmp_path: Path) -> None:
    async with on_own_server(own_server, tmp_path) as config:
        own_server.stop()
        try:
            async with opened(config) as store:
                for work in ALL:
                    assert (await refused(work(store))).cause is OutageCause.DOWN
                with pytest.raises(StoreUnavailableError):
                    store.keys.blind_index("email", "person1@example.com")
                own_server.start()
                await becomes_ready(store)
                assert store.keys.blind_index("email", "person1@example.com")
                await all_well(store)
        finally:
            own_server.start()


async def test_a_server_that_is_down_at_the_start_is_found_again_unasked(
    own_server: PostgresServer, tmp_path: Path
) -> None:
    async with on_own_server(own_server, tmp_path) as config:
        own_server.stop()
        async with opened(config) as store:
            own_server.start()
            for _ in range(60):
                await asyncio.sleep(0.1)
                if store._checked:
                    break
            assert store.keys.blind_index("email", "person1@example.com")


async def test_a_write_that_the_server_dies_under_is_not_half_there(own_server: PostgresServer, tmp_path: Path) -> None:
    async with on_own_server(own_server, tmp_path) as config, opened(config) as store:
        with pytest.raises(StoreUnavailableError):
            async with store.write() as connection:
                await connection.execute(insert(outbox).values(id=1, topic="x", created_at=MOMENT))
                own_server.stop()
                await connection.execute(insert(outbox).values(id=2, topic="x", created_at=MOMENT))
        own_server.start()
        assert not await store.reader.fetch(store.reader.prepare(select(outbox.c.id)), {})


@only_postgresql
async def test_an_address_where_nobody_listens_is_down_without_delay(store_config: StoreConfig) -> None:
    nowhere = "postgresql://someone:secret@127.0.0.1:1/main"
    start = time.monotonic()
    async with opened(replace(store_config, database_url=nowhere)) as store:
        outage = await refused(read(store))
        assert outage.cause is OutageCause.DOWN
        assert "secret" not in str(outage.detail)
    assert time.monotonic() - start < 20


@only_postgresql
async def test_a_password_that_is_refused_is_named_to_the_operator_only(store_config: StoreConfig) -> None:
    async with opened(
        replace(store_config, database_url=store_config.database_url.replace("postgres@", "nobody@"))
    ) as it:
        outage = await refused(read(it))
        assert outage.cause is OutageCause.DOWN
        assert "28" in outage.detail


# ---- a database that is locked ----


@only_sqlite
async def test_an_sqlite_file_locked_by_another_process(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, lock_timeout=0.2)) as store:
        await all_well(store)
        files = [address.path for _, address in places(store_config)]
        others = [sqlite3.connect(file, isolation_level=None) for file in files]
        for other in others:
            other.execute("BEGIN IMMEDIATE")
        for work in WRITES:
            assert (await refused(work(store))).cause is OutageCause.LOCKED
        await read(store)
        for other in others:
            other.close()
        await all_well(store)


@only_postgresql
async def test_a_table_locked_by_another_session(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, lock_timeout=0.2, read_deadline=0.2)) as store:
        other = await asyncpg.connect(store_config.database.dsn)
        async with other.transaction():
            await other.execute("LOCK TABLE outbox, customers, ledger_entries IN ACCESS EXCLUSIVE MODE")
            assert (await refused(write(store))).cause is OutageCause.LOCKED
            assert (await refused(append(store))).cause is OutageCause.LOCKED
            assert (await refused(read(store))).cause is OutageCause.SLOW
        await other.close()
        await all_well(store)


async def test_writers_of_two_replicas_wait_for_one_another_and_lose_nothing(store_config: StoreConfig) -> None:
    """Without BEGIN IMMEDIATE, or a lock on what is read, half of these updates would be lost."""
    async with opened(store_config) as one, opened(store_config) as other:
        (id_,) = await add_customers(one, 1)
        assert await _raised(one, other, id_) == 1 + 6 * 10


async def _raised(one: Store, other: Store, id_: int) -> int:
    query = select(customers.c.version).where(customers.c.id == id_).with_for_update()

    async def raise_version(store: Store) -> None:
        for _ in range(10):
            async with store.write() as connection:
                version = (await connection.execute(query)).scalar_one()
                await asyncio.sleep(0)
                await connection.execute(update(customers).values(version=version + 1))

    await asyncio.gather(*[raise_version(store) for store in (one, other) * 3])
    ((version,),) = await one.reader.fetch(one.reader.prepare(select(customers.c.version)), {})
    return int(version)


# ---- a database that takes no writes ----


@contextmanager
def somebody_else(*files: Path) -> Iterator[None]:
    """As a user who owns the folder, but may only read the files in it. Root may write everywhere."""
    privileged = os.geteuid() == 0
    for file in files:
        file.chmod(0o444)
        file.parent.parent.chmod(0o755)
        if privileged:
            os.chown(file.parent, NOBODY, -1)
    if privileged:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if privileged:
            os.seteuid(0)
        for file in files:
            file.chmod(0o600)


@only_sqlite
async def test_sqlite_files_that_may_only_be_read(store_config: StoreConfig) -> None:
    async with opened(store_config):
        pass
    files = [address.path for _, address in places(store_config)]
    if os.geteuid() == 0:
        os.chown(store_config.root_key_path, NOBODY, -1)
    with somebody_else(*files):
        store = await open_store(store_config)
        await read(store)
        for work in WRITES:
            assert (await refused(work(store))).cause is OutageCause.READ_ONLY
        assert (await refused(store.ready())).cause is OutageCause.READ_ONLY
    if os.geteuid() == 0:
        for file in (*files, *files[0].parent.iterdir()):
            os.chown(file, 0, -1)
    await all_well(store)
    await store.close()


@only_postgresql
async def test_a_server_that_takes_no_writes(store_config: StoreConfig, databases: Databases) -> None:
    async with opened(store_config):
        pass
    names = [address.url.database for _, address in places(store_config)]
    for name in names:
        await databases.administer(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    store = await open_store(store_config)
    await read(store)
    for work in WRITES:
        assert (await refused(work(store))).cause is OutageCause.READ_ONLY
    assert (await refused(store.ready())).cause is OutageCause.READ_ONLY
    for name in names:
        await databases.administer(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
    await becomes_ready(store)
    await all_well(store)
    await store.close()


# ---- a disk that is full ----


@only_sqlite
async def test_a_full_disk_takes_nothing_of_a_transaction(store: Store) -> None:
    async with store.write() as connection:
        pages = (await connection.execute(text("PRAGMA page_count"))).scalar_one()
        await connection.execute(text(f"PRAGMA max_page_count = {pages}"))  # SQLite's own SQLITE_FULL.

    async def much() -> None:
        async with store.write() as connection:
            await connection.execute(insert(outbox).values(id=1, topic="small", created_at=MOMENT))
            big = {"id": 2, "topic": "x", "payload": bytes(200_000), "created_at": MOMENT}
            await connection.execute(insert(outbox).values(big))

    assert (await refused(much())).cause is OutageCause.DISK_FULL
    assert not await store.reader.fetch(store.reader.prepare(select(outbox.c.id)), {})
    await read(store)
    async with store.write() as connection:
        await connection.execute(text("PRAGMA max_page_count = 1000000"))
    await much()


@only_postgresql
@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ("53100", OutageCause.DISK_FULL),
        ("53300", OutageCause.DOWN),
        ("40P01", OutageCause.ROLLED_BACK),
        ("57014", OutageCause.SLOW),
    ],
)
async def test_what_the_server_says_is_told_by_its_cause(store: Store, state: str, cause: OutageCause) -> None:
    async def fail() -> None:
        async with store.write() as connection:
            await connection.execute(insert(outbox).values(id=1, topic="x", created_at=MOMENT))
            await connection.execute(text(f"DO $$ BEGIN RAISE SQLSTATE '{state}'; END $$"))

    assert (await refused(fail())).cause is cause
    assert not await store.reader.fetch(store.reader.prepare(select(outbox.c.id)), {})


# ---- a database that is slow, or damaged ----


async def test_a_statement_that_takes_too_long_is_interrupted(store_config: StoreConfig, store_kind: str) -> None:
    async with opened(replace(store_config, read_deadline=0.2)) as store:
        await add_customers(store, 2)
        numbers = select(literal_column("1").label("n")).cte("numbers", recursive=True)
        numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < 500_000_000))
        endless = store.reader.prepare(select(func.max(numbers.c.n)))
        start = time.monotonic()
        assert (await refused(store.reader.fetch(endless, {}))).cause is OutageCause.SLOW
        assert time.monotonic() - start < 20
        assert len(await read(store)) == 2


@only_postgresql
async def test_more_readers_than_connections_take_turns_and_none_waits_for_ever(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, connections=11, read_deadline=1.0)) as store:
        sleep = store.reader.prepare(select(func.pg_sleep(0.05)))
        await asyncio.gather(*[store.reader.fetch(sleep, {}) for _ in range(10)])
        nap = store.reader.prepare(select(func.pg_sleep(0.9)))
        outcomes = await asyncio.gather(*[store.reader.fetch(nap, {}) for _ in range(6)], return_exceptions=True)
        late = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailableError)]
        assert 0 < len(late) <= 4
        assert {outage.cause for outage in late} == {OutageCause.SLOW}
        await asyncio.gather(*[read(store) for _ in range(10)])
        assert store.reader.slots.free == 2  # type: ignore[attr-defined]


@only_postgresql
async def test_a_reader_that_is_cancelled_gives_its_turn_back(store_config: StoreConfig) -> None:
    async with opened(replace(store_config, connections=10)) as store:
        nap = store.reader.prepare(select(func.pg_sleep(5)))
        tasks = [asyncio.create_task(store.reader.fetch(nap, {})) for _ in range(3)]
        await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(read(store), 1)
        assert store.reader.slots.free == 1  # type: ignore[attr-defined]


@only_sqlite
async def test_a_file_that_is_no_database_is_damaged_and_is_found_again_when_restored(
    store_config: StoreConfig,
) -> None:
    file = store_config.database.path
    async with opened(store_config) as store:
        await read(store)
    good = file.read_bytes()
    file.write_bytes(b"no database" * 1000)
    store = await open_store(store_config)
    assert (await refused(read(store))).cause is OutageCause.DAMAGED
    assert (await refused(write(store))).cause is OutageCause.DAMAGED
    file.write_bytes(good)
    await becomes_ready(store)
    await all_well(store)
    await store.close()


async def test_a_cancelled_write_leaves_nothing_and_blocks_nobody(store: Store) -> None:
    started = asyncio.Event()

    async def long() -> None:
        async with store.write() as connection:
            await connection.execute(insert(outbox).values(id=1, topic="x", created_at=MOMENT))
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(long())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await write(store)
    assert len(await store.reader.fetch(store.reader.prepare(select(outbox.c.id)), {})) == 1


async def test_our_own_mistakes_are_not_called_outages(store: Store) -> None:
    row = {"id": "a", "name": "a", "purposes": "[]", "scopes": "[]", "refusal": "WRONG", "documents_only": True}
    row |= {"introspection": False, "max_page": 1, "created_at": MOMENT}
    with pytest.raises(Exception, match="constraint") as caught:
        async with store.write() as connection:
            await connection.execute(insert(clients).values(row))
    assert not isinstance(caught.value, StoreUnavailableError)
    with pytest.raises(Exception) as caught:  # the driver's, whichever it is
        await store.reader.fetch(store.reader.prepare(select(customers.c.id).where(column("shoe_size") == 1)), {})
    assert caught.value.cause is OutageCause.NOT_MIGRATED  # type: ignore[attr-defined]
