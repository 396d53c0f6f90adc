"""Appends to the access ledger, durably before the answer is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextvars import Context
from datetime import UTC, datetime
from typing import Any, Protocol

from store.ledger.entries import canonical
from store.sql import commits
from store.sql.errors import OutageCause, StoreUnavailableError, each_its_own

Entry = tuple[bytes, datetime]
"""The canonical bytes of an entry, and the time at which it was appended."""

GROUP = 1000
"""Maximum entries in one commit."""

WAITING = 20_000
"""Maximum length of the queue; beyond it the store is overloaded and refuses work (StoreUnavailableError SLOW)."""


Append = Callable[[Mapping[str, Any]], Awaitable[bytes]]


class GroupWriter(Protocol):
    """Writes groups of entries: `store.ledger.append_sqlite` or `store.ledger.append_postgresql`."""

    async def write(self, entries: Sequence[Entry]) -> None:
        """Append all entries in one durable transaction, or none; StoreUnavailableError."""

    async def check(self) -> None:
        """Raise StoreUnavailableError unless a group could be written now."""

    async def close(self) -> None:
        """Close the connection."""


def _now() -> datetime:
    return datetime.now(UTC)


class LedgerAppender:
    """Appends with group commit: entries that arrive during a commit share the next one, with one fsync."""

    def __init__(self, writer: GroupWriter, clock: Callable[[], datetime] = _now) -> None:
        self.writer = writer
        self._clock = clock
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._closed = False
        self.groups = self.entries = 0
        """Commits of this process, and the entries in them."""
        self.uses: set[tuple[str | None, str | None]] = set()
        """Client and purpose of what was recorded since somebody last took this set away, as a worker does."""
        self.withheld: StoreUnavailableError | None = None
        """The error of every append while the ledger is withheld, because it was rolled back: nothing is recorded, and
        so nothing is revealed."""

    async def append(self, entry: Mapping[str, Any]) -> bytes:
        """Append an entry and return its bytes once they are on the disk; StoreUnavailableError when that is not
        certain.

        The entry consists of texts, whole numbers, lists and dictionaries; else TypeError. If the call raises or is
        cancelled, the entry may be in the ledger all the same: recorded but not revealed, never the reverse.
        """
        if self.withheld is not None:
            raise each_its_own(self.withheld)
        return await self.append_withheld(entry)

    def observe(self, around: Callable[[Append], Append]) -> None:
        """Run every later `append` through a function that, for example, takes its time."""
        self.append = around(self.append)  # type: ignore[method-assign, assignment]  # Free where nobody observes.

    async def append_withheld(self, entry: Mapping[str, Any]) -> bytes:
        """Append even while the ledger is withheld, for the entry that ends this state."""
        if self._closed:
            raise StoreUnavailableError(OutageCause.DOWN)
        if len(self._waiting) >= WAITING:
            raise StoreUnavailableError(OutageCause.SLOW)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        content = canonical(entry)
        self.uses.add((entry.get("client"), entry.get("purpose")))
        commits.sent()
        self._waiting.append(((content, self._clock()), done))
        if self._flusher is None:
            # A context of its own: the commit is for the requests of all who wait, so it is logged under none.
            self._flusher = asyncio.create_task(self._flush(), context=Context())
        await done
        return content

    async def _flush(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                failure = await self._write([entry for entry, _ in group])
                self.groups, self.entries = self.groups + 1, self.entries + len(group)
                for _, done in group:
                    _settle(done, failure)
        finally:
            self._flusher = None

    async def _write(self, entries: Sequence[Entry]) -> Exception | None:
        try:
            await self.writer.write(entries)
        except Exception as error:  # noqa: BLE001  (every waiting caller must get the failure, whatever it is)
            return error
        return None

    async def check(self) -> None:
        """Raise StoreUnavailableError unless an entry could be appended now."""
        await self.writer.check()

    async def close(self) -> None:
        """Refuse new entries, write the queue, then close the connection; idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._flusher is not None:
            await asyncio.shield(self._flusher)  # Cancelling the close must not lose entries that are being written.
        await self.writer.close()


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.done():  # The caller was cancelled.
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(each_its_own(failure))
