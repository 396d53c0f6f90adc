"""Settles reservations of look-ups in the key store that aborted mutations have left there."""

from __future__ import annotations

import asyncio

from store.database.store import Store
from store.lookups.sweeping import sweep
from workers.loop.periodic import run_periodically

EVERY = 60.0
"""Seconds between two rounds; while there is more than a page, it continues at once."""


class ReservationSweep:
    """Safe on any number of replicas at once, since the data decides on each look-up."""

    def __init__(self, store: Store, pause: float = EVERY) -> None:
        self._store, self._pause = store, pause

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`."""
        await run_periodically(lambda: sweep(self._store), stop, self._pause, "reservations of look-ups")
