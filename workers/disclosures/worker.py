"""Whoever was not to be told yet is told on the day, and a restriction is lifted on it: looked for every quarter of an
hour, by any worker (R24; GDPR Art. 18(3))."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime

from store.sql.errors import StoreUnavailableError

log = logging.getLogger(__name__)

EVERY = 900.0

Tell = Callable[[datetime], Awaitable[int]]
"""Writes to those whose embargo has ended; how many there were."""


class Teller:
    """Each customer is written to once: the row says when, in the transaction that holds the letter."""

    def __init__(
        self, tell: Tell, clock: Callable[[], datetime], pause: float = EVERY, what: str = "the end of an embargo"
    ) -> None:
        self._tell, self._clock, self._pause, self._what = tell, clock, pause, what

    async def run(self, stop: asyncio.Event) -> None:
        """Tell until told to stop, whatever happens to the store meanwhile."""
        while not stop.is_set():
            await self._try()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause)

    async def _try(self) -> None:
        try:
            while await self._tell(self._clock()):
                pass
        except StoreUnavailableError as outage:
            log.warning("nobody was told of %s: %s", self._what, outage.reason)
        except Exception:
            # The next look tries again; the log says where it happened.
            log.exception("nobody was told of %s", self._what)
