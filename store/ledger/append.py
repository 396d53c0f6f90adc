"""The append-only record of who read what and why, durable before the answer leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from store.ledger.entries import canonical
from store.sql.errors import OutageCause, StoreUnavailableError, each_its_own

Entry = tuple[bytes, datetime]
"""The canonical bytes, and when they were appended."""

GROUP = 1000
"""Entries of one commit at most."""

WAITING = 20_000
"""Entries that may wait; more, and the store is too slow to take on work (StoreUnavailableError SLOW)."""


class GroupWriter(Protocol):
    """What writes one group: `store.ledger.append_sqlite` or `store.ledger.append_postgresql`."""

    async def write(self, entries: Sequence[Entry]) -> None:
        """Append all in one durable transaction, or none; StoreUnavailableError when it cannot."""

    async def check(self) -> None:
        """StoreUnavailable unless a group could be written now."""

    async def close(self) -> None:
        """Let go of the connection."""


def _now() -> datetime:
    return datetime.now(UTC)


class LedgerAppender:
    """Group commit: all that is appended while one commit runs goes into the next, with one wait for the disk."""

    def __init__(self, writer: GroupWriter, clock: Callable[[], datetime] = _now) -> None:
        self._writer = writer
        self._clock = clock
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
        self._flusher: asyncio.Task[None] | None = None
        self._closed = False
        self.withheld: StoreUnavailableError | None = None
        """Why nothing is recorded, and so nothing revealed, though it could be: the ledger was rolled back."""

    async def append(self, entry: Mapping[str, Any]) -> bytes:
        """Returns the entry's bytes, when they are on the disk; StoreUnavailableError when that is not certain.

        The entry holds texts, whole numbers, lists and dictionaries of them; TypeError otherwise. When it raises, or
        is cancelled, the entry may stand in the ledger all the same: recorded and not revealed, never the reverse.
        """
        if self.withheld is not None:
            raise each_its_own(self.withheld)
        return await self.append_withheld(entry)

    async def append_withheld(self, entry: Mapping[str, Any]) -> bytes:
        """The same while the ledger is withheld, for the entry that ends this."""
        if self._closed:
            raise StoreUnavailableError(OutageCause.DOWN)
        if len(self._waiting) >= WAITING:
            raise StoreUnavailableError(OutageCause.SLOW)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        content = canonical(entry)
        self._waiting.append(((content, self._clock()), done))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush())
        await done
        return content

    async def _flush(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
                failure = await self._write([entry for entry, _ in group])
                for _, done in group:
                    _settle(done, failure)
        finally:
            self._flusher = None

    async def _write(self, entries: Sequence[Entry]) -> Exception | None:
        try:
            await self._writer.write(entries)
        except Exception as error:  # noqa: BLE001  (whatever it was, each who waits must hear of it)
            return error
        return None

    async def check(self) -> None:
        """StoreUnavailable unless an entry could be appended now."""
        await self._writer.check()

    async def close(self) -> None:
        """Take no more, write what waits, then let go of the connection; a second time does nothing."""
        if self._closed:
            return
        self._closed = True
        if self._flusher is not None:
            await asyncio.shield(self._flusher)
        await self._writer.close()


def _settle(done: asyncio.Future[None], failure: Exception | None) -> None:
    if done.done():  # The caller was cancelled.
        return
    if failure is None:
        done.set_result(None)
    else:
        done.set_exception(each_its_own(failure))
