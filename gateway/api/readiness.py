"""`/readyz`: the readiness probe, which checks the store and other dependencies at most once a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from gateway.http.problems import ProblemError
from store.sql.errors import OutageCause, StoreUnavailableError, each_its_own

KEPT_SECONDS = 1.0
"""Seconds for which a positive result is reused, so that any number of probes cause one check a second."""

DEADLINE_SECONDS = 5.0
"""Seconds after which a dependency that has not answered counts as unavailable."""


class Readiness:
    """Checks the dependencies of serving; concurrent probes share one check, so they never disturb the store (F7)."""

    def __init__(
        self, *questions: Callable[[], Awaitable[object]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Each of `questions` returns if its dependency is available, or raises StoreUnavailableError."""
        self._questions = questions
        self._clock = clock
        self._good_until = 0.0
        self._stopping = False
        self._asking: asyncio.Task[None] | None = None

    def stop(self) -> None:
        """Say from now on that this process stops."""
        self._stopping = True

    async def __call__(self) -> None:
        """Return if requests can be answered now; StoreUnavailableError if not, Problem 503 if the process stops."""
        if self._stopping:
            raise ProblemError(503, "STOPPING", "This process stops: send requests to another one.")
        if self._clock() < self._good_until:
            return
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask())
            self._asking.add_done_callback(self._asked)
        try:
            await asyncio.shield(self._asking)  # A cancelled probe must not cancel the check that others share.
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
            task.exception()  # Retrieved, or asyncio would log it when every probe was cancelled.
