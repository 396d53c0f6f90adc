"""A fair semaphore with a deadline that costs nothing while slots are free."""

from __future__ import annotations

import asyncio
from collections import deque

from store.sql.errors import OutageCause, StoreUnavailableError


class Slots:
    """A semaphore of `size` slots, granted in the order of waiting; taking a free slot needs no await."""

    def __init__(self, size: int, deadline: float) -> None:
        self.free = size
        self._deadline = deadline
        self._waiting: deque[asyncio.Future[None]] = deque()

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
