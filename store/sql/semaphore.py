"""A fair semaphore with a deadline that costs nothing while slots are free, and the connections that wait for a use."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

from store.sql.errors import OutageCause, StoreUnavailableError


class Slots:
    """A semaphore of `size` slots, granted in the order of waiting; taking a free slot needs no await."""

    def __init__(self, size: int, deadline: float) -> None:
        self.free = self.size = size
        self._deadline = deadline
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        """Tasks that wait for a slot."""
        return sum(not turn.done() for turn in self._waiting)

    def take(self) -> bool:
        """Take a slot if one is free; after False, wait for one with `wait`."""
        if self.free > 0:
            self.free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Wait for a slot; StoreUnavailableError SLOW at the deadline (seconds)."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._deadline):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # Granted at the same moment at which we gave up: pass it on.
                self.give()
            if isinstance(error, TimeoutError):
                raise StoreUnavailableError(OutageCause.SLOW) from None
            raise

    def give(self) -> None:
        """Release a slot, to the task that has waited longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # Otherwise the task was cancelled or has timed out.
                turn.set_result(None)
                return
        self.free += 1


T = TypeVar("T")


class IdleConnections(Generic[T]):
    """Open connections without a use: the last one returned is taken first, and the others are closed in time.

    A replica that was busy for a minute must not keep what others need: the server's connections are counted.
    """

    def __init__(self, close: Callable[[T], None], seconds: float = 60.0) -> None:
        """`close` ends a connection that was not used for `seconds`; it must not wait."""
        self._close, self._seconds = close, seconds
        self._waiting: deque[tuple[float, T]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self) -> T | None:
        """The connection that was used last, which is the least likely to have been closed by a firewall; or None."""
        return self._waiting.pop()[1] if self._waiting else None

    def put(self, connection: T) -> None:
        """Keep a connection for the next use."""
        self._waiting.append((monotonic(), connection))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._shrink)

    def _shrink(self) -> None:
        self._timer = None
        before = monotonic() - self._seconds
        while self._waiting and self._waiting[0][0] <= before:
            self._close(self._waiting.popleft()[1])
        if self._waiting:
            next_at = self._waiting[0][0] - before
            self._timer = asyncio.get_running_loop().call_later(next_at, self._shrink)

    def take_all(self) -> list[T]:
        """All of them, to be closed."""
        found = [each for _, each in self._waiting]
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        return found
