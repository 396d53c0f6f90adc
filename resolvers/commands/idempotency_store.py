"""The store of an idempotent command: its change and its idempotency key are one transaction (F10)."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.ledger.append import LedgerAppender
from store.sql.reading import PreparedStatement, Reader

Claim = Callable[[AsyncConnection], Awaitable[None]]
Act = Callable[[], Awaitable[None]]


class SecondTransactionError(RuntimeError):
    """A defect of a command: it used the store between its change and its outcome."""


class KeyedStore:
    """Holds the command's transaction open after its block, so that claim, change and outcome are committed together.

    A command has one such transaction, and uses the store before it: transactions that count, look or use something up
    are `apart`. What follows a commit is done `afterwards`. A command that asks another party in between has `several`:
    each access to the store commits what is held, so the claim is in the first and the outcome in the last one.
    """

    def __init__(self, store: Store, claim: Claim, *, several: bool = False) -> None:
        """`claim` inserts the key in the command's first transaction, or raises DuplicateRequestError."""
        self._store, self._claim, self._several = store, claim, several
        self._held: tuple[AsyncExitStack, AsyncConnection] | None = None
        self._later: list[Act] = []
        self._ended = False
        self.claimed = False
        self.reader = _ReaderAfter(store.reader, self._free)
        self.ledger = _LedgerAfter(store.ledger, self._free)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @property
    def at_once(self) -> bool:
        """Never: a change and its key are several statements."""
        return False

    @asynccontextmanager
    async def write(self, *, group_commit: bool = False, apart: bool = False) -> AsyncIterator[AsyncConnection]:
        """The transaction of the change, which is committed with the outcome.

        One that is `apart` is committed when its block ends, whatever the command's outcome.
        """
        await self._free()
        # Rate-limit counts must survive a command that fails. What is done afterwards belongs to no claim.
        if apart or self._ended:
            async with self._store.write(group_commit=group_commit) as connection:
                yield connection
            return
        async with AsyncExitStack() as stack:
            # Never `group_commit`: it stays open after its block, and would hold up the group.
            connection = await stack.enter_async_context(self._store.write())
            # In the command's own transaction: claim and change commit together.
            if not self.claimed:
                await self._claim(connection)
            yield connection
            # The transaction stays open beyond this block.
            self._held = (stack.pop_all(), connection)
        self.claimed = True

    async def scrub(self, table: Table) -> None:
        """Scrub the table once the change is committed (`Store.scrub`)."""
        await self.afterwards(partial(self._store.scrub, table))

    async def afterwards(self, act: Act) -> None:
        """Do this when the command has ended and its transaction with it."""
        self._later.append(act)

    @asynccontextmanager
    async def last(self) -> AsyncIterator[AsyncConnection]:
        """The held transaction, committed after the block; a new one if it was committed already."""
        held, self._held = self._held, None
        if held is None:
            async with self._store.write() as connection:
                yield connection
            return
        stack, connection = held
        async with stack:
            yield connection

    async def _free(self) -> None:
        """See to it that no transaction is held, which would hide what it wrote and lock SQLite's only writer out."""
        if self._held is None:
            return
        if not self._several:
            raise SecondTransactionError("a command uses the store before its change, or `afterwards`")
        held, self._held = self._held, None
        await held[0].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll the held transaction back after an error, and do what was left for afterwards."""
        held, self._held = self._held, None
        if held is not None:
            await held[0].__aexit__(*((kind, error, trace) if kind else sys.exc_info()))
        self._ended = True
        for act in self._later:
            await act()


class _ReaderAfter:
    def __init__(self, reader: Reader, before: Callable[[], Awaitable[None]]) -> None:
        self._reader, self._before = reader, before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reader, name)

    async def fetch(self, prepared: PreparedStatement, values: Mapping[str, Any]) -> Any:
        await self._before()
        rows: Any = await self._reader.fetch(prepared, values)
        return rows


class _LedgerAfter:
    def __init__(self, ledger: LedgerAppender, before: Callable[[], Awaitable[None]]) -> None:
        self._ledger, self._before = ledger, before

    async def append(self, entry: Mapping[str, Any]) -> bytes:
        await self._before()
        return await self._ledger.append(entry)
