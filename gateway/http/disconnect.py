"""Cancels work when the client disconnects, or when it takes too long (G11)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from starlette.types import Receive

from gateway.http.bodies import ClientDisconnectedError

POLL_DELAY = 0.2
"""Seconds after which a disconnect is watched for: most responses are ready before, and need no watching task."""

Result = TypeVar("Result")


class RequestTimeoutError(Exception):
    """The response was not ready in time, and the work for it was cancelled."""


async def run_until_disconnect(work: Coroutine[Any, Any, Result], receive: Receive, seconds: float) -> Result:
    """The result of `work`; after cancelling it, ClientDisconnectedError or RequestTimeoutError.

    The body must have been read: the next message of `receive` is taken for the disconnect.
    """
    return await _Watcher(receive, seconds).run(work)


class _Watcher:
    """Watches one piece of work, at the cost of one timer if it ends within POLL_DELAY."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._watch: asyncio.Task[None] | None = None
        self._why: Exception | None = None

    async def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        worker = cast("asyncio.Task[Any]", asyncio.current_task())
        loop = asyncio.get_running_loop()
        timer = loop.call_later(min(POLL_DELAY, self._seconds), self._begin, loop, worker)
        try:
            # In the current task, not a new one: a task for each request would cost more than most of the work.
            return await work
        except asyncio.CancelledError:
            if self._why is None:
                raise  # Not our cancellation: the server is stopping.
            # Or asyncio would go on to count the task as being cancelled, and `asyncio.timeout` misread that.
            worker.uncancel()
            raise self._why from None
        finally:
            timer.cancel()
            if self._watch is not None:
                self._watch.cancel()

    def _begin(self, loop: asyncio.AbstractEventLoop, worker: asyncio.Task[Any]) -> None:
        self._watch = loop.create_task(self._cancel_when_gone(worker))

    async def _cancel_when_gone(self, worker: asyncio.Task[Any]) -> None:
        try:
            async with asyncio.timeout(max(self._seconds - POLL_DELAY, 0)):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
            self._why = ClientDisconnectedError()
        except TimeoutError:
            self._why = RequestTimeoutError()
        worker.cancel()
