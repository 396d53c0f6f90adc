"""Informs customers at the end of an embargo, and lifts announced restrictions: checked every quarter of an hour by any
worker (R24; GDPR Art. 18(3))."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from workers.loop.periodic import run_periodically

EVERY = 900.0

Notify = Callable[[datetime], Awaitable[int]]
"""Writes to the customers that are due; returns their number."""


class PeriodicNotifier:
    """Calls `notify` periodically. Each customer is written to once: the row is marked in the letter's transaction."""

    def __init__(
        self, notify: Notify, clock: Callable[[], datetime], pause: float = EVERY, what: str = "ends of embargoes"
    ) -> None:
        self._notify, self._clock, self._pause, self._what = notify, clock, pause, what

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, also across outages of the store."""
        await run_periodically(self._step, stop, self._pause, self._what)

    async def _step(self) -> bool:
        return await self._notify(self._clock()) > 0
