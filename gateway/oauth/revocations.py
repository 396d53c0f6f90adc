"""What was revoked, as every replica knows it before it answers a request (O5).

Nothing is asked about a single token. Each process follows one list (`store.revocations`) and asks, per request, if
it has grown: one row read by its key. Requests that wait share one question, if it was put after they came; so the
cost falls as the load rises. A process that cannot ask lets nobody in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from sqlalchemy import bindparam, select

from gateway.tokens import Claims
from store.metadata import instant
from store.oauth import revocations
from store.reading import Reader, Row

TIDY_EVERY = 10_000
"""How many new entries cause those that are no longer needed to be forgotten."""


class Revocations:
    """Follows the list. `changed` is told the id of each client whose registration must be read again."""

    def __init__(self, reader: Reader, clock: Callable[[], float], changed: Callable[[str], None]) -> None:
        self._reader = reader
        self._clock = clock
        self._changed = changed
        self._since = reader.prepare(_since)
        # On SQLite a read never waits, so there is nothing to share.
        self._at_once = reader.dialect.name == "sqlite"
        self._last: tuple[int, str, str] | None = None
        self._ended: dict[tuple[str, str], datetime] = {}
        self._new = 0
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def follow(self) -> None:
        """Return once everything is known that was revoked before the call; StoreUnavailable when nobody can tell."""
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

    def has_ended(self, claims: Claims) -> bool:
        """Whether the token, or anything that it rests on, was revoked."""
        ended = self._ended
        if not ended:
            return False
        if ("TOKEN", claims.token_id) in ended:
            return True
        if claims.subject is not None and ("CUSTOMER", str(claims.subject)) in ended:
            return True
        basis = claims.basis
        return basis is not None and (
            ("FAMILY", str(basis.family)) in ended or ("SESSION", str(basis.session_id)) in ended
        )

    async def _read(self) -> None:
        """Read on from the newest entry, which comes along, to see that the list is still the one we know."""
        number = 0 if self._last is None else self._last[0]
        rows = await self._reader.fetch(self._since, {"last": number})
        if self._last is not None and (not rows or tuple(rows[0][:3]) != self._last):
            self._last = None  # A store that was restored, or is another one: begin anew, and keep what we know.
            rows = await self._reader.fetch(self._since, {"last": 0})
        elif self._last is not None:
            if len(rows) == 1:
                return
            rows = rows[1:]
        if rows:
            self._learn(rows)

    def _learn(self, rows: Sequence[Row]) -> None:
        for _, kind, value, until in rows:
            if kind == "CLIENT":
                self._changed(value)
            else:
                self._ended[kind, value] = instant(until)
        self._last = (rows[-1][0], rows[-1][1], rows[-1][2])
        self._new += len(rows)
        if self._new >= TIDY_EVERY:
            now = datetime.fromtimestamp(self._clock(), UTC)
            self._ended = {what: until for what, until in self._ended.items() if until > now}
            self._new = 0


def _noticed(task: asyncio.Task[None]) -> None:
    """So that a failure nobody waits for any more is not reported as lost."""
    if not task.cancelled():
        task.exception()


_since = (
    select(revocations.c.sequence, revocations.c.kind, revocations.c.value, revocations.c.until)
    .where(revocations.c.sequence >= bindparam("last"))
    .order_by(revocations.c.sequence)
)
