"""Counts of refused requests, in memory and written to the store in the background (G17).

A sum names client, purpose, schema coordinate and reason: registered or declared names, never a value or a person.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.operations.refusals import KEY, refusal_counts
from store.sql.ids import new_id
from workers.loop.periodic import run_periodically

log = logging.getLogger("gateway")

DAY = 86_400
PENDING = 10_000
"""The most unwritten sums, and the most series of the metric, of one process."""
ROOM = 1_000
"""The most sums of one client in one day; further ones are added up by reason."""
LINES = 50
"""The most log lines a round; one more line says how many sums there were."""
BEYOND = "*"
"""The coordinate of a sum of sums that had no room."""


class Sum(NamedTuple):
    """The key of one counter: refusals with equal values are added up."""

    day: int
    """Days since 1970, in UTC."""
    client_id: str
    purpose: str
    coordinate: str
    reason: str

    @property
    def series(self) -> tuple[str, str, str, str]:
        """The labels of the metric: the key without the day."""
        return self.client_id, self.purpose, self.coordinate, self.reason

    def beyond(self) -> Sum:
        """The overflow key, used if there is no room for a sum of its own: same day, client and reason."""
        return self._replace(purpose="", coordinate=BEYOND)


class RefusedField(Protocol):
    """A field that was asked for and refused, as the schema's floor says it."""

    @property
    def purpose(self) -> str:
        """The purpose that was asked; the empty text where none was."""

    @property
    def coordinate(self) -> str:
        """The schema coordinate; the empty text where the whole operation was refused."""

    @property
    def reason(self) -> str:
        """Why, in one word."""


class Refusals:
    """Counts refusals by client in this process, and adds them to the store, for all replicas, every few seconds."""

    def __init__(self, store: Store, clock: Callable[[], float], pause: float = 5.0) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._waiting: Counter[Sum] = Counter()
        self.totals: Counter[tuple[str, str, str, str]] = Counter()
        """The refusals of this process since it began, by client, purpose, coordinate and reason."""

    def note(self, client_id: str, denials: Sequence[RefusedField]) -> None:
        """Count what one operation was refused; nothing is written, and nobody waits."""
        day = int(self._clock() // DAY)
        for each in denials:
            one = Sum(day, client_id, each.purpose, each.coordinate, each.reason)
            # Bounded: names of clients are registered, but one client may be refused at many coordinates (G15).
            if one not in self._waiting and len(self._waiting) >= PENDING:
                one = one.beyond()
            self._waiting[one] += 1
            if one.series not in self.totals and len(self.totals) >= PENDING:
                one = one.beyond()
            self.totals[one.series] += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop, and a last time on the way out: a sum is durable within ten seconds."""
        await run_periodically(self.write, stop, self._pause, "counts of refusals", last=True)

    async def write(self) -> None:
        """Add the counts since the last call to the store, and log them.

        Raises StoreUnavailableError; the counts are then kept for the next call.
        """
        # Swapped before the first await: what is counted during the write goes into the next round, not into both.
        found, self._waiting = self._waiting, Counter()
        if not found:
            return
        try:
            await self._add(found)
        except BaseException:  # Cancellation too: at shutdown the last round must still find the counts.
            self._waiting.update(found)
            raise
        _log(found)

    async def _add(self, found: Mapping[Sum, int]) -> None:
        """Add all counts in one transaction, in sorted order, so that replicas' row locks cannot deadlock."""
        now = datetime.fromtimestamp(int(self._clock()), UTC)
        async with self._store.write() as connection:
            kept: Counter[Sum] = Counter()
            for day, client_id in sorted({(one.day, one.client_id) for one in found}):
                mine = {one: count for one, count in found.items() if one[:2] == (day, client_id)}
                for one, count in (await self._fitted(connection, mine)).items():
                    kept[one] += count
            rows = [
                {
                    "id": new_id(), "day": _moment(one.day), "client_id": one.client_id, "purpose": one.purpose,
                    "coordinate": one.coordinate, "reason": one.reason, "operations": count, "last_at": now,
                }
                for one, count in sorted(kept.items())
            ]  # fmt: skip
            await connection.execute(_upsert(connection), rows)

    async def _fitted(self, connection: AsyncConnection, mine: Mapping[Sum, int]) -> Counter[Sum]:
        """The sums of one client and day; beyond ROOM different ones they are added up under BEYOND."""
        first = next(iter(mine))
        there = select(refusal_counts.c.purpose, refusal_counts.c.coordinate, refusal_counts.c.reason).where(
            refusal_counts.c.day == _moment(first.day), refusal_counts.c.client_id == first.client_id
        )
        known = {Sum(first.day, first.client_id, *row) for row in (await connection.execute(there)).all()}
        fitted: Counter[Sum] = Counter()
        for one, count in sorted(mine.items()):
            if one not in known and len(known) >= ROOM:
                fitted[one.beyond()] += count
            else:
                known.add(one)
                fitted[one] += count
        return fitted


def _upsert(connection: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(refusal_counts)
    latest = func.greatest if connection.dialect.name == "postgresql" else func.max
    return new.on_conflict_do_update(
        index_elements=list(KEY),
        set_={
            "operations": refusal_counts.c.operations + new.excluded.operations,
            "last_at": latest(refusal_counts.c.last_at, new.excluded.last_at),
        },
    )


def _log(found: Mapping[Sum, int]) -> None:
    """Write one log line for each sum, the largest first, and at most LINES: no client can flood the log."""
    largest = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    for one, count in largest[:LINES]:
        log.warning(
            "refused",
            extra={
                "client": one.client_id,
                "purpose": one.purpose,
                "coordinate": one.coordinate,
                "reason": one.reason,
                "operations": count,
            },
        )
    if len(largest) > LINES:
        log.warning("more was refused than has room here: `gateway audit refusals`", extra={"sums": len(largest)})


def _moment(day: int) -> datetime:
    return datetime.fromtimestamp(day * DAY, UTC)
