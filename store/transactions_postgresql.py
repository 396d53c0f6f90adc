"""Write transactions on PostgreSQL: each on a connection of its own, begun and ended in a round trip each."""

from __future__ import annotations

import asyncio
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from store.engines import LASTING, Address, bare_engine
from store.faults import DRIVER_ERRORS, SERVER_ERRORS, cause_of, unavailable
from store.slots import Slots
from store.transactions import Kept, NothingKept, Transactions


class PostgresTransactions(Transactions):
    """At most `size` at once; `patience` is how many seconds one waits for its turn, and for a lock."""

    def __init__(self, address: Address, size: int = 8, patience: float = 5.0) -> None:
        self._engine = bare_engine(address, size, patience)
        self._patience = patience
        self._slots = Slots(size, patience)
        self._idle: list[Kept] = []
        self._closing: set[asyncio.Task[None]] = set()

    def begin(self, brief: bool = False) -> _Transaction:
        """See Transactions; the server commits several at once by itself, so being brief changes nothing."""
        return _Transaction(self)

    async def take(self) -> Kept:
        """A connection in a new transaction."""
        if not self._slots.take():
            await self._slots.wait()
        try:
            return await self._begun_on_idle() or await self._begun(await Kept.on(self._engine))
        except BaseException:
            self._slots.give()
            raise

    async def _begun_on_idle(self) -> Kept | None:
        """BEGIN shows whether the server is still there; where it went away, it left all idle connections."""
        while self._idle:
            kept = self._idle.pop()
            if kept.lost:
                self._close(kept)
                continue
            try:
                return await self._begun(kept)
            except DRIVER_ERRORS:
                while self._idle:
                    self._close(self._idle.pop())
        return None

    async def _begun(self, kept: Kept) -> Kept:
        try:
            await kept.driver.execute("BEGIN", timeout=self._patience)
        except BaseException:
            self._close(kept)
            raise
        return kept

    async def commit(self, kept: Kept) -> None:
        """End it; NothingKept when the server says that there is nothing to commit."""
        try:
            tag = await kept.driver.execute("COMMIT")
        except BaseException:
            self._give(kept, sound=False)
            raise
        self._give(kept, sound=True)
        if tag != "COMMIT":
            raise NothingKept

    async def undo(self, kept: Kept, error: BaseException) -> None:
        """End it with nothing done. Cancelled, a connection is in a state not worth finding out."""
        sound = isinstance(error, Exception) and not kept.lost and cause_of(error) not in LASTING
        try:
            if sound:
                await kept.driver.execute("ROLLBACK")
        except DRIVER_ERRORS:
            sound = False
        except BaseException:
            sound = False
            raise
        finally:
            self._give(kept, sound)

    def _give(self, kept: Kept, sound: bool) -> None:
        if sound:
            kept.settle()
            self._idle.append(kept)
        else:
            self._close(kept)
        self._slots.give()

    def _close(self, kept: Kept) -> None:
        """In a task of its own: whoever lets go may be cancelled, and has no time."""
        kept.driver.terminate()
        task = asyncio.create_task(kept.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Close the idle connections."""
        while self._idle:
            await self._idle.pop().close()
        await asyncio.gather(*self._closing)
        await self._engine.dispose()


class _Transaction:
    """The block of one transaction."""

    __slots__ = ("_all", "_kept")

    def __init__(self, all_: PostgresTransactions) -> None:
        self._all = all_

    async def __aenter__(self) -> AsyncConnection:
        try:
            self._kept = await self._all.take()
        except (SQLAlchemyError, *DRIVER_ERRORS) as error:
            raise unavailable(error) from None
        return self._kept.connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            await self._all.undo(self._kept, error)
            if isinstance(error, (SQLAlchemyError, *SERVER_ERRORS)):
                raise unavailable(error) from None
            return
        try:
            await self._all.commit(self._kept)
        except DRIVER_ERRORS as failure:
            raise unavailable(failure) from None
