"""Tells of customers whom the key store lacks: an older copy of it makes them invisible, and nobody asks why."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from time import monotonic

from store.database.store import Store
from store.upgrade.lacking_keys import count_newest_lacking
from workers.loop.periodic import run_periodically

log = logging.getLogger("gateway")

KEPT = 60.0
"""Seconds between two counts; for half of it one is kept, however often it is asked for."""


class LackingKeys:
    """Counts the newest customers without a row in the key store, and logs when that changes."""

    def __init__(self, store: Store, clock: Callable[[], float] = monotonic) -> None:
        self._store, self._clock = store, clock
        self._counted: tuple[float, int] | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Count at once, and then each minute, until `stop`."""
        await run_periodically(self._step, stop, KEPT, "counts of customers without keys", cut=True)

    async def _step(self) -> None:
        await self.count()

    async def count(self) -> int:
        """Return how many there are; a key that was destroyed leaves a row, and is none of them.
        StoreUnavailableError."""
        now, before = self._clock(), self._counted
        if before is not None and now - before[0] < KEPT / 2:
            return before[1]
        count = await count_newest_lacking(self._store)
        self._counted = now, count
        if count and (before is None or count != before[1]):
            log.critical(
                "The key store lacks customers that the database has: it is an older copy, or another one. They are "
                "absent from every answer until it is restored; see docs/postgresql.md",
                extra={"customers": count},
            )
        elif not count and before is not None and before[1]:
            log.warning("The key store has the keys of all customers again")
        return count
