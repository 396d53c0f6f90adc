"""Who keeps asking for what they may not have: refusals are counted in memory and written down in the background (G17).

A sum says client, purpose, coordinate and reason: names that were registered or declared, never a value or a person.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.access.written_behind import keep_writing
from schema.documents.requests import Denial
from store.database.store import Store
from store.operations.refusals import KEY, refusal_counts
from store.sql.ids import new_id

log = logging.getLogger("gateway")

DAY = 86_400
PENDING = 10_000
"""Sums that wait to be written in one process, and series of the metric."""
ROOM = 1_000
"""Sums of one client in one day; what is beyond is one sum for each reason."""
LINES = 50
"""Lines of the log in one round; a last one says how many sums had no room."""
BEYOND = "*"


class Sum(NamedTuple):
    """What is counted together."""

    day: int
    """Days since 1970, in UTC."""
    client_id: str
    purpose: str
    coordinate: str
    reason: str

    @property
    def series(self) -> tuple[str, str, str, str]:
        """Without the day."""
        return self.client_id, self.purpose, self.coordinate, self.reason

    def beyond(self) -> Sum:
        """Where it goes when there is no room for a sum of its own."""
        return self._replace(purpose="", coordinate=BEYOND)


class Refusals:
    """Counts for each client; what all replicas counted comes together in the store every few seconds."""

    def __init__(self, store: Store, clock: Callable[[], float], pause: float = 5.0) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._waiting: Counter[Sum] = Counter()
        self.totals: Counter[tuple[str, str, str, str]] = Counter()
        """What this process refused since it began, by client, purpose, coordinate and reason."""

    def note(self, client_id: str, denials: Sequence[Denial]) -> None:
        """Count what one operation was refused; nothing is written, and nobody waits."""
        day = int(self._clock() // DAY)
        for each in denials:
            one = Sum(day, client_id, each.purpose, each.coordinate, each.reason)
            if one not in self._waiting and len(self._waiting) >= PENDING:
                one = one.beyond()
            self._waiting[one] += 1
            if one.series not in self.totals and len(self.totals) >= PENDING:
                one = one.beyond()
            self.totals[one.series] += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop, and a last time on the way out: a sum is durable within ten seconds."""
        await keep_writing(self.write, stop, self._pause, "what was refused was not written down")

    async def write(self) -> None:
        """Add what was counted since the last time to the store, and say it in the log. StoreUnavailableError: it
        waits."""
        found, self._waiting = self._waiting, Counter()
        if not found:
            return
        try:
            await self._add(found)
        except BaseException:
            self._waiting.update(found)
            raise
        _log(found)

    async def _add(self, found: Mapping[Sum, int]) -> None:
        """All of it or none; in the same order everywhere, so that replicas do not wait for one another in a circle."""
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
        """The sums of one client and day, those for which it has no room under `*`."""
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
    """A line for each sum, the largest first; a client that asks for much cannot fill the log."""
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
