"""A PostgreSQL connection that tasks share one at a time: asyncpg refuses concurrent statements."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import asyncpg

from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, unavailable

Connect = Callable[[], Awaitable["asyncpg.Connection[Any]"]]


class ExclusiveConnection:
    """Runs statements one after the other, each in its own transaction, without handing out the connection itself."""

    def __init__(self, connect: Connect, timeout: float) -> None:
        """`connect` opens it at first use and again after a failure; `timeout` is the wait for a turn in seconds."""
        self._connect, self._timeout = connect, timeout
        self._turn = asyncio.Lock()
        self._connection: asyncpg.Connection[Any] | None = None

    async def fetchval(self, statement: str, *values: Any) -> Any:
        """Run a statement and return its first value; StoreUnavailableError when it fails, or when it got no turn in
        time.

        One that the server ended in favour of another transaction is run once more.

        A task that is cancelled while it waits leaves the connection alone; one that is cancelled in its statement ends
        it.
        """
        try:
            async with asyncio.timeout(self._timeout):
                await self._turn.acquire()
        except TimeoutError:
            raise StoreUnavailableError(OutageCause.SLOW) from None
        try:
            try:
                return await self._run(statement, values)
            except StoreUnavailableError as outage:
                if outage.cause is not OutageCause.ROLLED_BACK:
                    raise
                return await self._run(statement, values)  # It was its whole transaction: nothing of it was done.
        finally:
            self._turn.release()

    async def _run(self, statement: str, values: tuple[Any, ...]) -> Any:
        try:
            if self._connection is None or self._connection.is_closed():
                self._connection = await self._connect()
            return await self._connection.fetchval(statement, *values)
        except DRIVER_ERRORS as error:
            self._drop()
            raise unavailable(error) from None
        except BaseException:
            # A cancelled statement may still run on the connection, so that the next one would be refused.
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()  # `close` would wait for a server that may not answer any more.

    async def close(self) -> None:
        """Close the connection, after the statement that runs on it."""
        async with self._turn:
            if self._connection is not None:
                with suppress(*DRIVER_ERRORS):
                    await self._connection.close()
                self._connection = None
