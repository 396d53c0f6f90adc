"""Write transactions on an SQLite file: one at a time, with group commit for consecutive brief ones."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from store.sql.addresses import Address
from store.sql.engines import LASTING, bare_engine
from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, cause_of, each_its_own, unavailable
from store.sql.transactions import PooledConnection, TransactionAbortedError, Transactions

GROUP = 64
"""Maximum blocks in one commit, which delays the first of them by about ten milliseconds."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A task that waits for its turn to write."""

    group_commit: bool
    turn: asyncio.Future[None]


class SqliteTransactions(Transactions):
    """One connection, used by one block at a time, in the order of arrival.

    Group commit: a brief block that ends passes the open transaction on to the next block, if that is brief too, and
    waits until the last of them has committed for all, with one fsync and one round trip to the thread. Each block but
    the first runs in a savepoint, so that it rolls back only its own changes. A block that is not brief would delay
    those before it, so it begins a transaction of its own after they are committed.
    """

    def __init__(self, address: Address, timeout: float = 5.0) -> None:
        super().__init__(bare_engine(address, 1, timeout), timeout)
        self._queue: deque[_Waiting] = deque()
        self._taken = False
        self._pooled: PooledConnection | None = None
        self._joined = False
        """True if the current block runs in a savepoint of the transaction of earlier blocks."""
        self._ended: list[asyncio.Future[Exception | None]] = []
        """The blocks that have ended in the open transaction; each future gets None once it is on the disk, or the
        failure."""

    async def _enter(self, group_commit: bool) -> PooledConnection:
        """Wait for the turn, then begin a transaction or a savepoint."""
        if self._taken:
            await self._wait(group_commit)
        self._taken = True
        try:
            return await self._open()
        except BaseException as error:
            # Discard a connection on which this block has begun a transaction, unless ended blocks still depend on it.
            if cause_of(error) in LASTING or (self._is_open and not self._ended):
                self._drop()
            self._broken(error)
            self._pass_on()
            raise

    @property
    def _is_open(self) -> bool:
        """True if a transaction is open. SQLite ends one by itself after some errors, such as a full disk."""
        return self._pooled is not None and not self._pooled.lost and self._pooled.driver.in_transaction

    async def _wait(self, group_commit: bool) -> None:
        loop = asyncio.get_running_loop()
        waiting = _Waiting(group_commit, loop.create_future())
        self._queue.append(waiting)
        alarm = loop.call_later(self._timeout, _too_late, waiting.turn)
        try:
            await waiting.turn
        except BaseException:
            if waiting.turn.done() and not waiting.turn.cancelled() and waiting.turn.exception() is None:
                self._pass_on()  # It was granted at the same moment at which we were cancelled.
            raise
        finally:
            alarm.cancel()

    async def _open(self) -> PooledConnection:
        if self._pooled is None:
            self._pooled = await PooledConnection.on(self._engine)
        pooled, self._joined = self._pooled, bool(self._ended)
        if self._joined:
            await pooled.driver.run("SAVEPOINT block")
        else:
            await pooled.driver.begin()
        return pooled

    async def _commit(self, pooled: PooledConnection) -> None:
        pooled.settle()
        done: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        try:
            if not self._is_open:
                raise TransactionAbortedError
            if self._joined:
                # Merges the block into the transaction; only the group commit makes it durable.
                await pooled.driver.run("RELEASE block")
        except BaseException as error:
            self._drop()
            self._broken(error)
            self._pass_on()
            raise
        self._ended.append(done)
        self._pass_on()
        failure = await done
        if failure is not None:
            raise each_its_own(failure)

    async def _undo(self, pooled: PooledConnection, error: BaseException) -> None:
        """Roll back this block only, unless SQLite or the connection has aborted the whole transaction."""
        try:
            pooled.settle()
            if pooled.lost or cause_of(error) in LASTING:
                self._drop()
            elif self._joined and self._is_open:
                await pooled.driver.run("ROLLBACK TO block")
                # ROLLBACK TO leaves the savepoint on the stack, where the next block's of the same name would hide it.
                await pooled.driver.run("RELEASE block")
            elif self._is_open:
                await pooled.driver.run("ROLLBACK")
        except BaseException as second:
            self._drop()
            if not isinstance(second, DRIVER_ERRORS):
                raise
        finally:
            self._broken(error)
            self._pass_on()

    def _broken(self, error: BaseException) -> None:
        """Fail the blocks that have ended if their transaction is gone."""
        if self._ended and not self._is_open:
            failure = unavailable(error) if isinstance(error, Exception) else StoreUnavailableError(OutageCause.DOWN)
            self._settle(
                failure if isinstance(failure, StoreUnavailableError) else StoreUnavailableError(OutageCause.DOWN)
            )

    def _settle(self, failure: Exception | None) -> None:
        ended, self._ended = self._ended, []
        for done in ended:
            if not done.done():  # The block was cancelled meanwhile.
                done.set_result(failure)

    def _pass_on(self) -> None:
        """Pass the turn to the block that has waited longest, or commit first."""
        queue = self._queue
        while queue and queue[0].turn.done():
            queue.popleft()
        if self._ended and not (queue and queue[0].group_commit and len(self._ended) < GROUP):
            self._start(self._commit_all())
        elif queue:
            queue.popleft().turn.set_result(None)
        else:
            self._taken = False

    async def _commit_all(self) -> None:
        """Commit for all blocks that have ended."""
        # Holds unless the commit succeeds, also for a cancellation, so that no block waits for ever.
        failure: Exception | None = StoreUnavailableError(OutageCause.DOWN)
        try:
            assert self._pooled is not None
            await self._pooled.driver.commit()
            failure = None
        except Exception as error:  # noqa: BLE001  (every waiting block must get the failure, whatever it is)
            failure = unavailable(error)
        finally:
            if failure is not None:
                self._drop()
            self._settle(failure)
            self._pass_on()

    def _drop(self) -> None:
        pooled, self._pooled = self._pooled, None
        if pooled is not None:
            self._start(pooled.close())

    async def close(self) -> None:
        """Close the connection."""
        await self._all_ended()
        self._drop()
        await self._all_ended()
        await self._engine.dispose()


def _too_late(turn: asyncio.Future[None]) -> None:
    if not turn.done():
        turn.set_exception(StoreUnavailableError(OutageCause.SLOW))
