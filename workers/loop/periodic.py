"""Runs work periodically until it is stopped, also across outages of the store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from time import monotonic
from typing import Any, TypeVar

from store.sql.errors import StoreUnavailableError

log = logging.getLogger(__name__)

T = TypeVar("T")

SECONDS = 5.0
"""Maximum duration of a walk in one round; it continues in the next one."""


Step = Callable[[], Awaitable[object]]
"""One round of work. True says that there is more to do, so that no pause follows."""


async def run_periodically(
    step: Step, stop: asyncio.Event, pause: float, what: str, *, last: bool = False, cut: bool = False
) -> None:
    """Call `step` until `stop`; after one that does not return True, or failed, pause for `pause` seconds.

    Unfinished work is continued by the next step or worker, so that a failing step does not block the others. `what`
    names the work in the log. `last`: one more step on the way out. `cut`: a step that runs is cancelled at `stop`.
    """
    while not stop.is_set():
        attempt = _attempt(step, what)
        if await (_until(stop, attempt) if cut else attempt) is not True:
            with suppress(TimeoutError):
                # Instead of a sleep, so that a stop is noticed at once.
                await asyncio.wait_for(stop.wait(), pause)
    if last:
        await _attempt(step, what)


async def _attempt(step: Step, what: str) -> object:
    try:
        return await step()
    except StoreUnavailableError as outage:
        log.warning("%s were put off: %s", what, outage.reason)
    except Exception:
        log.exception("%s could not be carried out, and will be tried again", what)
    return None


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, object]) -> object:
    """The result of the work; None when `stop` came first: each of its transactions was done, or never was."""
    stopped, task = asyncio.create_task(stop.wait()), asyncio.create_task(work)
    try:
        await asyncio.wait((stopped, task), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (stopped, task):
            each.cancel()
        await asyncio.gather(stopped, task, return_exceptions=True)
    return None if task.cancelled() else task.result()


async def guarded(what: str, part: Awaitable[T]) -> T | None:
    """Do one part of a round and return its result; a failure is logged and does not affect other parts (F9)."""
    try:
        return await part
    except StoreUnavailableError as outage:
        log.warning("a part of a round was put off: %s", outage.reason, extra={"part": what})
    except Exception:
        log.exception("a part of a round could not be done, and will be tried again", extra={"part": what})
    return None


Look = Callable[[int], Awaitable[Sequence[int]]]
"""Returns the next keys after a given one, in their order; empty at the end."""
Work = Callable[[Sequence[int]], Awaitable[object]]


class Walk:
    """Processes the keys of a table in pages, for a bounded time, and continues there the next time (F9)."""

    def __init__(self, what: str, seconds: float = SECONDS, clock: Callable[[], float] = monotonic) -> None:
        self._what, self._seconds, self._clock = what, seconds, clock
        self._last = 0

    async def go(self, look: Look, work: Work) -> bool:
        """Process pages; returns whether the end was reached, so that the next call starts over. StoreUnavailableError.

        A page that fails is processed again row by row, so that one bad row does not block the others.
        """
        until = self._clock() + self._seconds
        while keys := await look(self._last):
            try:
                await work(keys)
            except StoreUnavailableError:
                raise
            except Exception:  # noqa: BLE001  (each row is logged below)
                for key in keys:
                    await guarded(self._what, work([key]))
            self._last = keys[-1]
            if self._clock() > until:
                return False
        self._last = 0
        return True
