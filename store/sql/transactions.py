"""Write transactions, begun and ended on the driver itself, over connections that are kept.

Lent by SQLAlchemy's pool, a connection costs 600 microseconds a transaction: the pool, the begin and the end each
change greenlets several times. Here SQLAlchemy runs the statements that are given to it, and knows of no transaction.
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

from store.sql.errors import DRIVER_ERRORS, STATEMENT_ERRORS, unavailable


class TransactionAbortedError(RuntimeError):
    """The block ended well over a statement that had failed, so the database kept nothing of it: a mistake of ours."""

    def __init__(self) -> None:
        super().__init__("A statement of this transaction failed, and the block went on.")


@dataclass(slots=True, eq=False)
class PooledConnection:
    """One connection that is kept: SQLAlchemy's, and the driver's below it."""

    connection: AsyncConnection
    driver: Any

    @classmethod
    async def on(cls, engine: AsyncEngine) -> PooledConnection:
        """A new one; what the driver raises when it cannot."""
        connection = await engine.connect()
        return cls(connection, (await connection.get_raw_connection()).driver_connection)

    @property
    def lost(self) -> bool:
        """Whether it is of no use any more."""
        return self.connection.invalidated or (isinstance(self.driver, asyncpg.Connection) and self.driver.is_closed())

    def settle(self) -> None:
        """Let SQLAlchemy forget the transaction that it believes to be in; nothing is sent."""
        inner = self.connection.sync_connection
        if inner is not None and (believed := inner.get_transaction()) is not None:
            believed.rollback()

    async def close(self) -> None:
        """Let go of it, whatever state it is in; what was not committed is undone."""
        if isinstance(self.driver, asyncpg.Connection):
            self.driver.terminate()
        with suppress(*DRIVER_ERRORS):
            if not self.connection.invalidated:
                await self.connection.invalidate()
            await self.connection.close()


class Transactions(ABC):
    """Write transactions on one database: `store.sql.transactions_sqlite` or `store.sql.transactions_postgresql`."""

    def __init__(self, engine: AsyncEngine, patience: float) -> None:
        """`engine` is a bare one; `patience` is how many seconds one waits for a turn, and for a lock."""
        self._engine, self._patience = engine, patience
        self._tasks: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def begin(self, brief: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction: committed and durable when the block ends, undone when it raises or is cancelled.

        Cancelled while it commits, it ends when that is over: what is read then will not change any more.
        StoreUnavailableError when the database cannot be reached, is locked for too long, read-only, full or slow. A
        block that is `brief` awaits nothing but statements of its own transaction.
        """
        try:
            kept = await self._enter(brief)
        except DRIVER_ERRORS as error:
            raise unavailable(error) from None
        try:
            yield kept.connection
        except BaseException as error:
            await self._undo(kept, error)
            if isinstance(error, STATEMENT_ERRORS):
                raise unavailable(error) from None
            raise
        try:
            await self._to_the_end(self._commit(kept))
        except DRIVER_ERRORS as failure:
            raise unavailable(failure) from None

    @abstractmethod
    async def _enter(self, brief: bool) -> PooledConnection:
        """A connection in a transaction."""

    @abstractmethod
    async def _commit(self, kept: PooledConnection) -> None:
        """End a block that went well; returns when it is on the disk. TransactionAbortedError when there is nothing to
        commit."""

    @abstractmethod
    async def _undo(self, kept: PooledConnection, error: BaseException) -> None:
        """End a block with nothing done."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connections, when what is being committed is committed."""

    async def _all_ended(self) -> None:
        """Wait for what was started, and for what that starts."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def _to_the_end(self, work: Coroutine[None, None, None]) -> None:
        """Await what nobody's cancelling cuts short; whoever is cancelled goes when it is over."""
        task = self._start(work)
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError:
            await asyncio.wait((task,))
            if not task.cancelled():
                task.exception()  # Nobody is there to hear of it.
            raise
        task.result()

    def _start(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        """In a task of its own, which nobody's cancelling cuts short."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
