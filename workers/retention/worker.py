"""Deletes rows whose retention has ended, by all rules, periodically, on any number of workers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from sqlalchemy import delete, select

from store.database.store import Store
from store.ledger.pruning import expired_before
from store.tables.domains import domains
from store.tables.outbox import outbox
from workers.loop.periodic import guarded, run_periodically
from workers.retention.messages import wipe_void
from workers.retention.rules import SWEEPS, Sweep

log = logging.getLogger(__name__)

BATCH = 500
"""Rows in one transaction, which blocks other writers on SQLite."""

EVERY = 3600.0
"""Seconds between two rounds."""

Prune = Callable[[datetime], Awaitable[int]]
"""Prunes the ledger's entries made before a time; or erases the owners of domains who are due at a time."""


def _now() -> datetime:
    return datetime.now(UTC)


class Sweeper:
    """Safe to run concurrently: a row is deleted by one of them. If it is killed, the next round continues."""

    def __init__(
        self,
        store: Store,
        prune: Prune,
        clock: Callable[[], datetime] = _now,
        pause: float = EVERY,
        owners: Prune | None = None,
    ) -> None:
        self._store, self._prune, self._clock, self._pause = store, prune, clock, pause
        self._owners = owners

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, also across outages of the store."""
        await run_periodically(self._round, stop, self._pause, "sweeps of expired rows", cut=True)

    async def _round(self) -> None:
        await self.step()

    async def step(self) -> int:
        """Do one round; returns the number of deleted rows and entries. A failing table does not affect the others
        (F9)."""
        now = self._clock()
        gone = 0
        for sweep in SWEEPS:
            gone += await self._alone(sweep.table.name, self._of_table(sweep, now))
        gone += await self._alone("outbox", self._of_messages(now))
        if self._owners is not None:
            gone += await self._alone("domains", self._of_owners(self._owners, now))
        # Files after rows: the bytes of everything that this round has deleted.
        await guarded("what was removed, in the files", self._store.tidy(now))
        return gone + await self._alone("ledger_entries", self._prune(expired_before(now)))

    async def _alone(self, table: str, work: Awaitable[int]) -> int:
        return await guarded(f"retention of {table}", work) or 0

    async def _of_owners(self, erase: Prune, now: datetime) -> int:
        """Erase owners of ended domains who asked for it (R52)."""
        if some := await erase(now):
            await self._store.scrub(domains)
            log.info("owners of ended domains were erased", extra={"rows": some})
        return some

    async def _of_messages(self, now: datetime) -> int:
        """Give up expired messages."""
        if some := await wipe_void(self._store, now):
            await self._store.scrub(outbox)
            log.warning("messages were given up, as their time had passed", extra={"rows": some})
        return some

    async def _of_table(self, sweep: Sweep, now: datetime) -> int:
        if some := await self.sweep(sweep, now):
            await self._store.scrub(sweep.table)
            log.info("kept for long enough", extra={"table": sweep.table.name, "rows": some})
        return some

    async def sweep(self, sweep: Sweep, now: datetime) -> int:
        """Delete the expired rows of one table, a batch in each transaction."""
        key = sweep.table.c.id
        over = select(key).where(sweep.since < sweep.before(now)).order_by(key).limit(BATCH)
        gone = 0
        while True:
            async with self._store.write() as connection:
                ids = list((await connection.execute(over)).scalars())
                # Referring rows first: nothing cascades.
                for table, column in sweep.first:
                    await connection.execute(delete(table).where(column.in_(ids)))
                await connection.execute(delete(sweep.table).where(key.in_(ids)))
            gone += len(ids)
            if len(ids) < BATCH:
                return gone
