"""The store of an idempotent command: its change and its idempotency key are one transaction (F10)."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.ledger.append import LedgerAppender
from store.sql.reading import PreparedStatement, Reader

Claim = Callable[[AsyncConnection], Awaitable[None]]


class KeyedStore:
    """Holds the command's transaction open after its block, so that the answer is written in it.

    Any other access to the store commits it first: later reads see what was written, and SQLite allows one writer at a
    time.
    """

    def __init__(self, store: Store, claim: Claim) -> None:
        """`claim` inserts the key in the command's first transaction, or raises DuplicateRequestError."""
        self._store, self._claim = store, claim
        self._held: tuple[AsyncExitStack, AsyncConnection] | None = None
        self.claimed = False
        self.reader = _ReaderAfter(store.reader, self.commit)
        self.ledger = _LedgerAfter(store.ledger, self.commit)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def write(self, *, group_commit: bool = False, apart: bool = False) -> AsyncIterator[AsyncConnection]:
        """A transaction that is committed with the answer, or before the next access to the store.

        One that is `apart` is committed when its block ends, whatever the command's outcome.
        """
        await self.commit()
        # Rate-limit counts must survive a command that fails.
        if apart:
            async with self._store.write(group_commit=group_commit) as connection:
                yield connection
            return
        async with AsyncExitStack() as stack:
            connection = await stack.enter_async_context(
                self._store.write()
            )  # Never `brief`: it stays open after its block, and would hold up a group commit.
            # In the command's own transaction: claim and change commit together.
            if not self.claimed:
                await self._claim(connection)
            yield connection
            # The transaction stays open beyond this block.
            self._held = (stack.pop_all(), connection)
        self.claimed = True

    async def scrub(self, table: Table) -> None:
        """Commit, then scrub the table (`Store.scrub`)."""
        await self.commit()
        await self._store.scrub(table)

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

    async def commit(self) -> None:
        """Commit the held transaction, if any."""
        held, self._held = self._held, None
        if held is not None:
            await held[0].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Roll the held transaction back after an error."""
        held, self._held = self._held, None
        if held is not None:
            await held[0].__aexit__(*((kind, error, trace) if kind else sys.exc_info()))


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
