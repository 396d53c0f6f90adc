"""Appends to the ledger and writes rows without end, and says what was acknowledged; made to be killed."""

from __future__ import annotations

import asyncio
from itertools import count

from sqlalchemy import insert

from store.database.config import StoreConfig
from store.database.store import Store
from store.tables.outbox import outbox
from tests.store.elsewhere import main, say
from tests.store.people import MOMENT
from tests.stores import opened

LANES = 20


async def append(store: Store, lane: int) -> None:
    for number in count():
        await store.ledger.append({"lane": lane, "number": number})
        say(f"entry {lane} {number}")


async def write(store: Store, lane: int) -> None:
    """Most lanes are brief, and share their commits; two are not."""
    for number in count(1 + lane, LANES):
        async with store.write(group_commit=lane > 1) as connection:
            for half in (0, 1):
                row = {"id": number * 2 + half, "topic": "x", "created_at": MOMENT, "attempts": number}
                await connection.execute(insert(outbox).values(row))
        say(f"row {number}")


async def work(config: StoreConfig, _: list[str]) -> None:
    async with opened(config) as store, asyncio.TaskGroup() as group:
        for lane in range(LANES):
            group.create_task(append(store, lane))
            group.create_task(write(store, lane))


if __name__ == "__main__":
    main(work)
