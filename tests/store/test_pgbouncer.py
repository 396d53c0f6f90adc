"""A store behind PgBouncer does what it does without, also where each transaction has another session."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import bindparam, select

from store.database.config import StoreConfig
from store.tables.outbox import outbox
from tests.programs import needs
from tests.store.bouncer import answers, pgbouncer, through
from tests.store.people import add_customers
from tests.store.test_transactions import add
from tests.stores import opened

pytestmark = [pytest.mark.anyio, needs("pgbouncer")]


@pytest.fixture(params=["session", "transaction"])
async def pooled(store_config: StoreConfig, request: pytest.FixtureRequest) -> AsyncIterator[StoreConfig]:
    """The store's databases by PgBouncer, which has fewer connections to the server than the store to it."""
    mode = request.param
    with (
        tempfile.TemporaryDirectory(prefix="gateway-bouncer-") as folder,
        pgbouncer(store_config.database_url, Path(folder), mode, 20 if mode == "session" else 3) as port,
    ):
        main, keys = (through(url, port) for url in (store_config.database_url, store_config.key_store_url))
        await answers(main)
        yield replace(store_config, database_url=main, key_store_url=keys, pooled=mode == "transaction")


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_it_reads_writes_seals_and_appends(pooled: StoreConfig) -> None:
    async with opened(pooled) as store:
        customers = await add_customers(store, 3)
        await asyncio.gather(*(add(store, number) for number in range(50)))
        await asyncio.gather(*(store.ledger.append({"n": number}) for number in range(50)))
        assert all(await store.keys.subjects(customers))
        found = store.reader.prepare(select(outbox.c.id).where(outbox.c.id < bindparam("most")))
        assert len(await store.reader.fetch(found, {"most": 50})) == 50


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_many_at_once_get_their_own_rows(pooled: StoreConfig) -> None:
    """Different statements on the same few sessions, with others' transactions in between."""
    async with opened(pooled) as store:
        await asyncio.gather(*(add(store, number) for number in range(100)))
        one = store.reader.prepare(select(outbox.c.id, outbox.c.event).where(outbox.c.id == bindparam("id")))
        many = store.reader.prepare(select(outbox.c.id).where(outbox.c.id < bindparam("most")).order_by(outbox.c.id))

        async def work(number: int) -> None:
            for _ in range(5):
                ((found, _),) = await store.reader.fetch(one, {"id": number})
                assert found == number
                assert [row[0] for row in await store.reader.fetch(many, {"most": number})] == list(range(number))
                await store.ledger.append({"n": number})
            await add(store, 1000 + number)

        await asyncio.gather(*(work(number) for number in range(60)))
        await store.ready()
