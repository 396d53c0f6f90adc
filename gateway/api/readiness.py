"""`/readyz`: whether requests should be sent here, asked of what serving needs and never more often than is useful."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from store.sql.errors import OutageCause, StoreUnavailableError, each_its_own

KEPT_SECONDS = 1.0
"""How long a good answer is given again: however many probes there are, what they ask is asked once a second."""

DEADLINE_SECONDS = 5.0
"""After which a store that has not answered counts as one that cannot."""


class Readiness:
    """Asks the store, and whatever else serving needs; probes that come together share one question (F7)."""

    def __init__(
        self, *questions: Callable[[], Awaitable[object]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Each of `questions` returns when all is well with it, or raises StoreUnavailableError."""
        self._questions = questions
        self._clock = clock
        self._good_until = 0.0
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self) -> None:
        """Return when requests would be answered now; StoreUnavailableError when they would not."""
        if self._clock() < self._good_until:
            return
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        try:
            await asyncio.shield(self._asking)  # A probe that is given up takes the question from nobody else.
        except StoreUnavailableError as outage:
            raise each_its_own(outage) from None

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                for question in self._questions:
                    await question()
        except TimeoutError:
            raise StoreUnavailableError(OutageCause.SLOW) from None
        self._good_until = self._clock() + KEPT_SECONDS

    def _asked(self, task: asyncio.Task[None]) -> None:
        self._asking = None
        if not task.cancelled():
            task.exception()  # Heard of, also when every probe was given up.
