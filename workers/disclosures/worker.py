"""Informs customers at the end of an embargo, and lifts announced restrictions: checked every quarter of an hour by any
worker (R24; GDPR Art. 18(3))."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from store.sql.errors import StoreUnavailableError

log = logging.getLogger(__name__)

EVERY = 900.0

Notify = Callable[[datetime], Awaitable[int]]
"""Writes to the customers that are due; returns their number."""


class PeriodicNotifier:
    """Calls `notify` periodically. Each customer is written to once: the row is marked in the letter's transaction."""

    def __init__(
        self, notify: Notify, clock: Callable[[], datetime], pause: float = EVERY, what: str = "the end of an embargo"
    ) -> None:
        self._notify, self._clock, self._pause, self._what = notify, clock, pause, what

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`, also across outages of the store."""
        while not stop.is_set():
            await self._try()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause)

    async def _try(self) -> None:
        try:
            # A page at a time, until nobody is due.
            while await self._notify(self._clock()):
                pass
        except StoreUnavailableError as outage:
            log.warning("nobody was told of %s: %s", self._what, outage.reason)
        except Exception:
            # The next round retries; the traceback is in the log.
            log.exception("nobody was told of %s", self._what)
