"""Write transactions on PostgreSQL, each on a connection of its own, with one round trip to begin and one to end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from store.sql.addresses import Address
from store.sql.engines import LASTING, bare_engine
from store.sql.errors import DRIVER_ERRORS, SERVER_ERRORS, cause_of, unavailable
from store.sql.reading import Row
from store.sql.semaphore import IdleConnections, Slots
from store.sql.statements import Statement
from store.sql.transactions import PooledConnection, TransactionAbortedError, Transactions


class PostgresTransactions(Transactions):
    """At most `size` transactions at a time. The server does group commits itself, so `group_commit` has no effect."""

    def __init__(self, address: Address, size: int = 8, timeout: float = 5.0) -> None:
        super().__init__(bare_engine(address, size, timeout), timeout)
        self.slots = Slots(size, timeout)
        self._idle: IdleConnections[PooledConnection] = IdleConnections(self._forget)

    async def _enter(self, group_commit: bool) -> PooledConnection:
        if not self.slots.take():
            await self.slots.wait()
        try:
            return await self._begun_on_idle() or await self._begun(await PooledConnection.on(self._engine))
        except BaseException:
            self.slots.give()
            raise

    async def once(self, statement: Statement, values: Mapping[str, Any]) -> Sequence[Row]:
        """Run one statement that is a transaction by itself, and return its rows: one round trip instead of three."""
        if not self.slots.take():
            await self.slots.wait()
        pooled: PooledConnection | None = None
        sound = False
        try:
            while (pooled := self._idle.take()) is not None and pooled.lost:
                self._forget(pooled)
            pooled = pooled or await PooledConnection.on(self._engine)
            rows = await statement.rows(pooled.connection, values)
            sound = True
            return rows
        except DRIVER_ERRORS as error:
            # What the server refused leaves the connection as it was; of anything else its state is unknown.
            sound = isinstance(error, SERVER_ERRORS) and cause_of(error) not in LASTING
            raise unavailable(error) from None
        finally:
            if pooled is None:
                self.slots.give()
            else:
                self._give(pooled, sound and not pooled.lost)

    async def _begun_on_idle(self) -> PooledConnection | None:
        """Begin on an idle connection; None if there is none that works. BEGIN shows whether the server is still
        there."""
        while (pooled := self._idle.take()) is not None:
            if pooled.lost:
                self._forget(pooled)
                continue
            try:
                return await self._begun(pooled)
            except DRIVER_ERRORS:
                # The server was restarted or failed over, which ended the other idle connections, too.
                for each in self._idle.take_all():
                    self._forget(each)
        return None

    async def _begun(self, pooled: PooledConnection) -> PooledConnection:
        try:
            await pooled.driver.execute("BEGIN", timeout=self._timeout)
        except BaseException:
            self._forget(pooled)
            raise
        return pooled

    async def _commit(self, pooled: PooledConnection) -> None:
        try:
            tag = await pooled.driver.execute("COMMIT")
        except BaseException:
            # It is unknown whether it was committed, so the connection is not reused.
            self._give(pooled, sound=False)
            raise
        self._give(pooled, sound=True)
        if tag != "COMMIT":
            # The server answers COMMIT of a failed transaction with the tag ROLLBACK, not with an error.
            raise TransactionAbortedError

    async def _undo(self, pooled: PooledConnection, error: BaseException) -> None:
        """Roll back, or discard the connection: after a cancellation its state is unknown."""
        # A cancellation is no Exception: then a statement may still be running on the connection.
        sound = isinstance(error, Exception) and not pooled.lost and cause_of(error) not in LASTING
        try:
            if sound:
                await pooled.driver.execute("ROLLBACK")
        except DRIVER_ERRORS:
            sound = False
        except BaseException:
            sound = False
            raise
        finally:
            self._give(pooled, sound)

    def _give(self, pooled: PooledConnection, sound: bool) -> None:
        if sound:
            pooled.settle()
            self._idle.put(pooled)
        else:
            self._forget(pooled)
        self.slots.give()

    def _forget(self, pooled: PooledConnection) -> None:
        self._start(pooled.close())

    async def close(self) -> None:
        """Close the idle connections."""
        await self._all_ended()
        for pooled in self._idle.take_all():
            await pooled.close()
        await self._engine.dispose()
