"""A probe never disturbs what it probes, and each database connection has one user at a time (F7)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import func, select

from store.database.config import StoreConfig
from store.database.store import Store
from store.ledger.entries import ledger_entries
from store.sql.addresses import connect_postgresql
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.exclusive import ExclusiveConnection

pytestmark = pytest.mark.anyio

APPENDS = 400
only_postgresql = pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)


async def test_f7_probes_under_load_fail_no_append_and_no_probe_fails(store: Store) -> None:
    done = asyncio.Event()

    async def probe() -> int:
        answered = 0
        while not done.is_set():
            await store.ready()
            answered += 1
        return answered

    async def impatient() -> None:
        while not done.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(store.ledger.check(), 0.001)
            await asyncio.sleep(0)

    probing = [asyncio.create_task(each) for each in (probe(), probe(), impatient())]
    lanes = [[store.ledger.append({"lane": lane, "n": n}) for n in range(20)] for lane in range(APPENDS // 20)]
    for lane in lanes:
        await asyncio.gather(*lane)
    done.set()
    answered = await asyncio.gather(*probing)
    assert sum(filter(None, answered)) > 2
    ((kept,),) = await store.ledger_reader.fetch(
        store.ledger_reader.prepare(select(func.count()).select_from(ledger_entries)), {}
    )
    assert kept == APPENDS, "nothing that was acknowledged is missing, and nothing stands there twice"


@only_postgresql
async def test_f7_who_gives_up_waiting_for_a_connection_leaves_its_user_alone(store_config: StoreConfig) -> None:
    connection = ExclusiveConnection(lambda: connect_postgresql(store_config.database, "tests", 5.0), 0.2)
    long = asyncio.create_task(connection.fetchval("SELECT pg_sleep(0.6)"))
    await asyncio.sleep(0.05)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connection.fetchval("SELECT 1"), 0.05)
    with pytest.raises(StoreUnavailableError) as late:
        await connection.fetchval("SELECT 1")
    assert late.value.cause is OutageCause.SLOW
    closing = asyncio.create_task(connection.close())
    await long
    await closing


@only_postgresql
async def test_f7_after_a_failure_the_next_statement_has_a_new_connection(store_config: StoreConfig) -> None:
    connection = ExclusiveConnection(lambda: connect_postgresql(store_config.database, "tests", 5.0), 5.0)
    with pytest.raises(StoreUnavailableError):
        await connection.fetchval("SELECT pg_terminate_backend(pg_backend_pid())")
    await connection.fetchval("SELECT 1")
    cut = asyncio.create_task(connection.fetchval("SELECT pg_sleep(60)"))
    await asyncio.sleep(0.1)
    cut.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cut
    await connection.fetchval("SELECT 1")
    await connection.close()
