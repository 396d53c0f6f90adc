"""What was revoked, as every replica knows it before it answers a request (O5).

Each process follows one list (`store.queue.revocations`) and asks, per request, if it has grown: one row read by its
key.
Requests that wait share one question, if it was put after they came; so the cost falls as the load rises. A process
that cannot ask lets nobody in. The newest entries are known by heart, so usually nothing is asked about a single
token; where the list is longer than that, one more read by index is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, select

from gateway.tokens.tokens import Claims
from store.queue.revocations import LONGEST
from store.sql.metadata import Instant, instant
from store.sql.reading import Reader, Row, any_of
from store.tables.oauth import revocations

PAGE = 2_000
"""Rows that one statement reads."""

MOST = 100_000
"""Entries known by heart, the newest; some 25 MB. Of older ones that still matter the store is asked."""

TIDY_EVERY = 10_000
"""How many new entries cause those that are no longer needed to be forgotten."""

Mark = tuple[str, str]


class Revocations:
    """Follows the list. `changed` is told the id of each client whose registration must be read again."""

    def __init__(self, reader: Reader, clock: Callable[[], float], changed: Callable[[str], None]) -> None:
        self._reader = reader
        self._clock = clock
        self._changed = changed
        self._newest, self._since, self._find = (reader.prepare(each) for each in (_newest, _since, _find))
        # On SQLite a read never waits, so there is nothing to share.
        self._at_once = reader.dialect.name == "sqlite"
        self._last: tuple[int, str, str] | None = None
        self._ended: dict[Mark, datetime] = {}
        """In the order in which they were revoked."""
        self._beyond = datetime.fromtimestamp(0, UTC)
        """Until when something may matter that is not known by heart."""
        self._new = 0
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Return once everything is known that was revoked before the call; StoreUnavailableError when nobody can
        tell."""
        if self._at_once:
            await self._read()
            return
        if self._next is None:  # A question under way was put before this call, and may have missed something.
            self._next = asyncio.create_task(self._ask(self._running))
            self._next.add_done_callback(_noticed)
        await asyncio.shield(self._next)

    async def _ask(self, before: asyncio.Task[None] | None) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._running, self._next = self._next, None
        await self._read()

    async def has_ended(self, claims: Claims) -> bool:
        """Whether the token, or anything that it rests on, was revoked; StoreUnavailableError when nobody can tell."""
        marks = _marks(claims)
        if any(mark in self._ended for mark in marks):
            return True
        now = self._now()
        if self._beyond <= now:
            return False
        values = {"values": sorted({value for _, value in marks}), "now": now}
        return any((kind, value) in marks for kind, value in await self._reader.fetch(self._find, values))

    async def _read(self) -> None:
        """Read on from the newest entry, which comes along, to see that the list is still the one we know."""
        last = self._last
        if last is None:
            await self._begin()
            return
        rows = await self._since_last()
        if not rows or tuple(rows[0][:3]) != last:
            # A store that was restored, or is another one: begin anew, and keep what we know.
            self._last = None
            await self._begin()
            return
        while len(rows) > 1:
            self._learn(rows[1:])
            if len(rows) < PAGE:
                return
            rows = await self._since_last()

    async def _begin(self) -> None:
        """Read the newest entries, and note whether there are older ones that may still matter."""
        ((first, last),) = await self._reader.fetch(self._newest, {})
        if last is None:
            return
        start = max(first, last - MOST + 1)
        if start > first:
            self._beyond = self._now() + LONGEST
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
                self._ended.pop((kind, value), None)  # Back in at the end, where the newest are.
                self._ended[kind, value] = moment
        self._last = (rows[-1][0], rows[-1][1], rows[-1][2])
        self._new += len(rows)
        if self._new >= TIDY_EVERY:
            self._ended = {what: until for what, until in self._ended.items() if until > now}
            self._new = 0
        while len(self._ended) > MOST:
            oldest = next(iter(self._ended))
            self._beyond = max(self._beyond, self._ended.pop(oldest))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)


def _marks(claims: Claims) -> frozenset[Mark]:
    """What a token rests on."""
    marks = {("TOKEN", claims.token_id)}
    if claims.subject is not None:
        marks.add(("CUSTOMER", str(claims.subject)))
    if claims.basis is not None:
        marks |= {("FAMILY", str(claims.basis.family)), ("SESSION", str(claims.basis.session_id))}
    return frozenset(marks)


def _noticed(task: asyncio.Task[None]) -> None:
    """So that a failure nobody waits for any more is not reported as lost."""
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
