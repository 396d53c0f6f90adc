"""Token revocations, known to every replica before it answers a request (O5).

Each process follows one list (`store.queue.revocations`) and checks, for each request, if it has grown: one row read
by its key. Concurrent requests share one check, if it started after they arrived, so the cost falls as the load rises.
A process that cannot check lets nobody in. The newest entries are in memory, so a token usually needs no read of its
own; beyond MOST entries it needs one read by index.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, select

from store.queue.revocations import LONGEST
from store.sql.metadata import Instant, instant
from store.sql.reading import Reader, Row, any_of
from store.tables.oauth import revocations

PAGE = 2_000
"""Rows read by one statement."""

MOST = 100_000
"""The newest entries, kept in memory: some 25 MB. Older ones that are still in force are read from the store."""

TIDY_EVERY = 10_000
"""New entries after which expired ones are dropped from memory."""

Mark = tuple[str, str]
"""A kind of the list, and the id of what was revoked."""


class Revocations:
    """Follows the list. `changed` is called with the id of each client whose registration must be read again."""

    def __init__(self, reader: Reader, clock: Callable[[], float], changed: Callable[[str], None]) -> None:
        self._reader = reader
        self._clock = clock
        self._changed = changed
        self._newest, self._since, self._find = (reader.prepare(each) for each in (_newest, _since, _find))
        # SQLite reads run synchronously on this thread: nobody can join one, so there is nothing to share.
        self._at_once = reader.dialect.name == "sqlite"
        self._last: tuple[int, str, str] | None = None
        self._ended: dict[Mark, datetime] = {}
        """Expiry by revoked id, in the order of revocation."""
        self._beyond = datetime.fromtimestamp(0, UTC)
        """The latest expiry of entries that are not in memory; until then the store must be asked, too."""
        self._new = 0
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Return when every revocation that was committed before this call is known; StoreUnavailableError."""
        if self._at_once:
            await self._read()
            return
        if self._next is None:  # A read under way began before this call, and may have missed a revocation.
            self._next = asyncio.create_task(self._ask(self._running))
            self._next.add_done_callback(_noticed)
        # Shielded: one cancelled request must not cancel the read that others wait for.
        await asyncio.shield(self._next)

    async def _ask(self, before: asyncio.Task[None] | None) -> None:
        # One read at a time; this one has not begun yet, so requests that arrive meanwhile may share it.
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        await self._read()

    async def has_ended(self, marks: Collection[Mark]) -> bool:
        """Whether any of these was revoked; StoreUnavailableError when nobody can tell."""
        if any(mark in self._ended for mark in marks):
            return True
        now = self._now()
        if self._beyond <= now:
            return False
        values = {"values": sorted({value for _, value in marks}), "now": now}
        return any((kind, value) in marks for kind, value in await self._reader.fetch(self._find, values))

    async def _read(self) -> None:
        """Read new entries. The newest known one is read along, to notice a list that was restored or replaced."""
        last = self._last
        if last is None:
            await self._begin()
            return
        rows = await self._since_last()
        if not rows or tuple(rows[0][:3]) != last:
            # A restored store, or another one: read anew, but keep what is known; a revocation is never taken back.
            self._last = None
            await self._begin()
            return
        while len(rows) > 1:
            self._learn(rows[1:])
            if len(rows) < PAGE:
                return
            rows = await self._since_last()

    async def _begin(self) -> None:
        """Read the newest entries, and note if there are older ones that may still be in force."""
        ((first, last),) = await self._reader.fetch(self._newest, {})
        if last is None:
            return
        # A start reads at most MOST entries, however long the list has grown.
        start = max(first, last - MOST + 1)
        if start > first:
            self._beyond = self._now() + LONGEST  # No token lives longer, so no older revocation matters after that.
        rows = await self._reader.fetch(self._since, {"last": start, "most": PAGE})
        while rows:
            self._learn(rows)
            rows = (await self._since_last())[1:] if len(rows) >= PAGE - 1 else ()

    async def _since_last(self) -> Sequence[Row]:
        number = 0 if self._last is None else self._last[0]
        return await self._reader.fetch(self._since, {"last": number, "most": PAGE})

    def _learn(self, rows: Sequence[Row]) -> None:
        now = self._now()
        for _, kind, value, until in rows:
            if kind == "CLIENT":
                self._changed(value)
            elif (moment := instant(until)) > now:
                # Popped first: assigning to a key that exists would keep its old place in the order of eviction.
                self._ended.pop((kind, value), None)
                self._ended[kind, value] = moment
        self._last = (rows[-1][0], rows[-1][1], rows[-1][2])
        self._new += len(rows)
        if self._new >= TIDY_EVERY:
            self._ended = {what: until for what, until in self._ended.items() if until > now}
            self._new = 0
        # The evicted entry's expiry is kept: until then `has_ended` must ask the store, too.
        while len(self._ended) > MOST:
            oldest = next(iter(self._ended))
            self._beyond = max(self._beyond, self._ended.pop(oldest))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _noticed(task: asyncio.Task[None]) -> None:
    """Retrieve the task's exception: asyncio logs one that nobody retrieved, as when all waiting requests have left."""
    if not task.cancelled():
        task.exception()


_newest = select(func.min(revocations.c.sequence), func.max(revocations.c.sequence))

_since = (
    select(revocations.c.sequence, revocations.c.kind, revocations.c.value, revocations.c.until)
    .where(revocations.c.sequence >= bindparam("last"))
    .order_by(revocations.c.sequence)
    .limit(bindparam("most"))
)

_find = select(revocations.c.kind, revocations.c.value).where(
    any_of(revocations.c.value, "values"), revocations.c.until > bindparam("now", type_=Instant)
)
"""By the index of `value`."""
