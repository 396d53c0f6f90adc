"""A whole upgrade: the tables of this release, then the rows that it finds by another form of their values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from sqlalchemy import select

from store.config import StoreConfig
from store.database import Store, open_store
from store.engines import make_reader
from store.former_indexes import remove_former
from store.index_changes import index_rebuilds
from store.lookups import lookup_changes
from store.migrate import upgrade
from store.reindexing_writing import Collision, collisions, rebuild


async def upgrade_all(config: StoreConfig) -> tuple[int, list[Collision]]:
    """Do both; how many rows are found by another index now, and which could not be (`gateway db upgrade`).

    The keys are needed only when there are such rows. Safe from every replica at once, and again: what was left
    undone is gone on with, and what collided is tried again. Blind indexes that an earlier release kept beside the
    data, and their key, are removed when the last one was moved.
    """
    await upgrade(config)
    done = await _reindexed(config, anew=False) if await _unfinished(config) else (0, [])
    await remove_former(config)
    return done


async def reindex_all(config: StoreConfig) -> tuple[int, list[Collision]]:
    """Look at every row once more, such as after the last replica of an earlier release has ended."""
    return await _reindexed(config, anew=True)


async def customer_ids(config: StoreConfig, found: Iterable[Collision]) -> dict[int, str]:
    """The customers of collisions by the ids that the world outside knows them by."""
    async with _opened(config) as store:
        ids = store.keys.house.ids
        return {each: ids("Customer", each, each) for one in found for each in (one.customer, *one.others)}


async def _reindexed(config: StoreConfig, anew: bool) -> tuple[int, list[Collision]]:
    async with _opened(config) as store:
        changed = await rebuild(store, anew)
        found, last = list[Collision](), 0
        while page := await collisions(store, last):
            found += [collision for _, collision in page]
            last = page[-1][0]
        return changed, found


@asynccontextmanager
async def _opened(config: StoreConfig) -> AsyncIterator[Store]:
    store = await open_store(config, reindexing=True)
    try:
        yield store
    finally:
        await store.close()


async def _unfinished(config: StoreConfig) -> bool:
    for address, column in ((config.database, index_rebuilds.c.lookup), (config.key_store, lookup_changes.c.id)):
        reader = make_reader(address, 1, config.read_deadline)
        try:
            if await reader.fetch(reader.prepare(select(column).limit(1)), {}):
                return True
        finally:
            await reader.close()
    return False
