"""Write transactions on pooled connections, begun and ended directly on the driver.

SQLAlchemy's pool costs 600 microseconds for each transaction: checkout, begin and end each switch greenlets several
times. Here SQLAlchemy only runs the statements and does not know of the transaction.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.sql import commits
from store.sql.errors import DRIVER_ERRORS, STATEMENT_ERRORS, OutageCause, cause_of, unavailable


class TransactionAbortedError(RuntimeError):
    """The block ignored a failed statement and ended without an error, so that the database committed nothing: a
    bug."""

    def __init__(self) -> None:
        super().__init__("A statement of this transaction failed, and the block went on.")


@dataclass(slots=True, eq=False)
class PooledConnection:
    """One pooled connection: SQLAlchemy's, and the driver's below it."""

    connection: AsyncConnection
    driver: Any

    @classmethod
    async def on(cls, engine: AsyncEngine) -> PooledConnection:
        """Open a connection; raises the driver's error."""
        connection = await engine.connect()
        return cls(connection, (await connection.get_raw_connection()).driver_connection)

    @property
    def lost(self) -> bool:
        """True if the connection cannot be used any more."""
        return self.connection.invalidated or (isinstance(self.driver, asyncpg.Connection) and self.driver.is_closed())

    def settle(self) -> None:
        """Reset the transaction that SQLAlchemy believes to be open; nothing is sent to the database."""
        inner = self.connection.sync_connection
        if inner is not None and (believed := inner.get_transaction()) is not None:
            believed.rollback()

    async def close(self) -> None:
        """Close the connection in any state; uncommitted changes are rolled back."""
        if isinstance(self.driver, asyncpg.Connection):
            self.driver.terminate()  # Without a round trip, which a broken connection would not answer.
        with suppress(*DRIVER_ERRORS):
            if not self.connection.invalidated:
                # Otherwise the pool would keep it for the next use.
                await self.connection.invalidate()
            await self.connection.close()


class Transactions(ABC):
    """Write transactions on one database: `store.sql.transactions_sqlite` or `store.sql.transactions_postgresql`."""

    def __init__(self, engine: AsyncEngine, timeout: float) -> None:
        """`engine` comes from `bare_engine`; `timeout` is the maximum wait for a connection, and for a lock, in
        seconds."""
        self._engine, self._timeout = engine, timeout
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def begin(self, group_commit: bool = False) -> AsyncIterator[AsyncConnection]:
        """Run a transaction: committed and durable when the block ends, rolled back when it raises or is cancelled.

        If it is cancelled during the commit, it waits for the end of the commit first, so that the outcome is settled.
        StoreUnavailableError when the database cannot be reached, is locked for too long, read-only, full or slow. With
        `group_commit` the block must await nothing but statements of its own transaction.
        """
        try:
            pooled = await self._enter(group_commit)
        except DRIVER_ERRORS as error:
            raise unavailable(error) from None
        try:
            yield pooled.connection
        except BaseException as error:
            await self._undo(pooled, error)
            if isinstance(error, STATEMENT_ERRORS):
                raise unavailable(error) from None
            raise
        commits.sent()
        try:
            await self._to_the_end(self._commit(pooled))
        except DRIVER_ERRORS as failure:
            if cause_of(failure) is OutageCause.ROLLED_BACK:
                commits.rolled_back()
            raise unavailable(failure) from None

    @abstractmethod
    async def _enter(self, group_commit: bool) -> PooledConnection:
        """Return a connection with an open transaction."""

    @abstractmethod
    async def _commit(self, pooled: PooledConnection) -> None:
        """Commit; returns when it is on the disk. TransactionAbortedError when the database has aborted the
        transaction."""

    @abstractmethod
    async def _undo(self, pooled: PooledConnection, error: BaseException) -> None:
        """Roll back after `error`."""

    @abstractmethod
    async def close(self) -> None:
        """Close the connections after the commits that are under way."""

    async def _all_ended(self) -> None:
        """Wait for the background tasks, and for those that they start."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _to_the_end(self, work: Coroutine[None, None, None]) -> None:
        """Await work that cancellation must not interrupt; a cancelled caller leaves when it is done."""
        task = self._start(work)
        try:
            # `wait` does not cancel the task when it is cancelled itself, as `await task` would.
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # Retrieved, or asyncio would log it: the caller is gone.
            raise
        task.result()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """Run in a task of its own, which the caller's cancellation does not interrupt."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
