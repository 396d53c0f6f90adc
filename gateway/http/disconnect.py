"""Work that is given up when the one who asked has left, or when it takes too long (G11)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from starlette.types import Receive

from gateway.http.bodies import ClientDisconnectedError

POLL_DELAY = 0.2
"""Seconds before anyone looks whether the client is still there: most answers are ready long before."""

Result = TypeVar("Result")


class RequestTimeoutError(Exception):
    """The answer was not ready in time, and what was being done for it was cancelled."""


async def run_until_disconnect(work: Coroutine[Any, Any, Result], receive: Receive, seconds: float) -> Result:
    """The result of the work; ClientDisconnectedError or RequestTimeoutError after cancelling it. Call it with the
    body already read."""
    return await _Attendance(receive, seconds).of(work)


class _Attendance:
    """Watches one piece of work, at the cost of one timer while it is quick."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._watch: asyncio.Task[None] | None = None
        self._why: Exception | None = None

    async def of(self, work: Coroutine[Any, Any, Result]) -> Result:
        worker = cast("asyncio.Task[Any]", asyncio.current_task())
        loop = asyncio.get_running_loop()
        timer = loop.call_later(min(POLL_DELAY, self._seconds), self._begin, loop, worker)
        try:
            return await work
        except asyncio.CancelledError:
            if self._why is None:
                raise  # somebody else's cancellation: the server is stopping
            worker.uncancel()
            raise self._why from None
        finally:
            timer.cancel()
            if self._watch is not None:
                self._watch.cancel()

    def _begin(self, loop: asyncio.AbstractEventLoop, worker: asyncio.Task[Any]) -> None:
        self._watch = loop.create_task(self._look(worker))

    async def _look(self, worker: asyncio.Task[Any]) -> None:
        try:
            async with asyncio.timeout(max(self._seconds - POLL_DELAY, 0)):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
            self._why = ClientDisconnectedError()
        except TimeoutError:
            self._why = RequestTimeoutError()
        worker.cancel()
