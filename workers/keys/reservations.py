"""Settling what was reserved in the key store and what changes that broke off have left there."""

from __future__ import annotations

import asyncio

from store.database.store import Store
from store.lookups.sweeping import sweep
from workers.loop.periodic import run_periodically

EVERY = 60.0
"""Seconds between two looks; while there is more than a page to settle it goes on at once."""


class ReservationSweep:
    """Any number of replicas may do it at once: what is settled says the data."""

    def __init__(self, store: Store, pause: float = EVERY) -> None:
        self._store, self._pause = store, pause

    async def run(self, stop: asyncio.Event) -> None:
        """Look every minute until told to stop."""
        await run_periodically(lambda: sweep(self._store), stop, self._pause, "reservations of look-ups")
