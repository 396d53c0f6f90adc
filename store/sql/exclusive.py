"""A PostgreSQL connection with one user at a time: asyncpg refuses a second, and ending one kills its statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg

from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, unavailable

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]


class ExclusiveConnection:
    """Nobody gets the connection itself, only statements run on it, one after the other, each its own transaction."""

    def __init__(self, connect: Connect, patience: float) -> None:
        """`connect` opens it when it is first needed, and anew after a failure; `patience` in seconds for a turn."""
        self._connect, self._patience = connect, patience
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection[Any] | None = None

    async def execute(self, statement: str, *values: Any) -> None:
        """Run a statement; StoreUnavailableError when it cannot be run, or no turn came in time.

        Who is cancelled while waiting for a turn leaves the connection alone; who is cancelled in theirs ends it.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreUnavailableError(OutageCause.SLOW) from None
        try:
            await self._run(statement, values)
        finally:
            self._turn.release()

    async def _run(self, statement: str, values: tuple[Any, ...]) -> None:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            await self._connection.execute(statement, *values)
        except DRIVER_ERRORS as error:
            self._drop()
            raise unavailable(error) from None
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        """Close the connection, after the statement that runs on it."""
        async with self._turn:
            if self._connection is not None:
                with suppress(*DRIVER_ERRORS):
                    await self._connection.close()
                self._connection = None
