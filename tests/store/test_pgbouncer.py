"""A store behind PgBouncer in session mode does what it does without."""

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


@pytest.fixture
async def pooled(store_config: StoreConfig) -> AsyncIterator[StoreConfig]:
    """The store's databases by PgBouncer."""
    with (
        tempfile.TemporaryDirectory(prefix="gateway-bouncer-") as folder,
        pgbouncer(store_config.database_url, Path(folder), "session") as port,
    ):
        main, keys = (through(url, port) for url in (store_config.database_url, store_config.key_store_url))
        await answers(main)
        yield replace(store_config, database_url=main, key_store_url=keys)


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_it_reads_writes_seals_and_appends(pooled: StoreConfig) -> None:
    async with opened(pooled) as store:
        customers = await add_customers(store, 3)
        await asyncio.gather(*(add(store, number) for number in range(50)))
        await asyncio.gather(*(store.ledger.append({"n": number}) for number in range(50)))
        assert all(await store.keys.subjects(customers))
        found = store.reader.prepare(select(outbox.c.id).where(outbox.c.id < bindparam("most")))
        assert len(await store.reader.fetch(found, {"most": 50})) == 50
