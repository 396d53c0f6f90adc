"""A bounded number of turns, first come first served, that costs nothing while turns are free."""

from __future__ import annotations

import asyncio
from collections import deque

from store.sql.errors import OutageCause, StoreUnavailableError


class Slots:
    """Like a semaphore, without an await in the usual case and with a deadline in the other."""

    def __init__(self, size: int, deadline: float) -> None:
        self.free = size
        self._deadline = deadline
        self._waiting: deque[asyncio.Future[None]] = deque()

    def take(self) -> bool:
        """Take a turn if one is free; otherwise wait for one with `wait`."""
        if self.free > 0:
            self.free -= 1
            return True
        return False

    async def wait(self) -> None:
        """Wait for a turn to be handed over; StoreUnavailableError SLOW at the deadline (seconds)."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._deadline):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # Handed over at the very moment we gave up: pass it on.
                self.give()
            if isinstance(error, TimeoutError):
                raise StoreUnavailableError(OutageCause.SLOW) from None
            raise

    def give(self) -> None:
        """Hand the turn to whoever waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1
