"""Finds the PostgreSQL snapshots that still see deleted rows: VACUUM silently keeps a row while one is older (D8)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, unavailable

MARK = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"
"""Every transaction that has ended before this statement has a number below the result."""

# Both columns hold VACUUM back: xmin of a session that reads, xid of one that has written. Slots, standbys and prepared
# transactions do so without a session. Compared by age, since the 32-bit numbers wrap around.
HOLDERS = """
    WITH held (kind, who, horizon) AS (
        SELECT CASE WHEN backend_type = 'walsender' THEN 'STANDBY' ELSE 'SNAPSHOT' END,
            backend_type || ' ' || pid, each
        FROM pg_stat_activity, LATERAL (VALUES (backend_xmin), (backend_xid)) AS both_of (each)
        WHERE pid <> pg_backend_pid()
            AND (datname = current_database() OR datname IS NULL OR backend_type = 'walsender')
            AND NOT (backend_type = 'autovacuum worker' AND query LIKE 'autovacuum: VACUUM%')
        UNION ALL
        SELECT 'PREPARED', 'since ' || CAST(CAST(prepared AS date) AS text), transaction
        FROM pg_prepared_xacts WHERE database = current_database()
        UNION ALL
        SELECT 'SLOT', slot_name, each
        FROM pg_replication_slots, LATERAL (VALUES (xmin), (catalog_xmin)) AS both_of (each)
    )
    SELECT DISTINCT kind, who FROM held
    WHERE horizon IS NOT NULL AND age(horizon) > age(CAST(CAST(CAST(:mark AS text) AS xid8) AS xid))
    ORDER BY kind, who
"""
"""The sessions and slots whose horizon is older than a mark: VACUUM keeps every row deleted after it. Sessions of other
databases do not count, except slots and standbys, which follow the whole server; nor does VACUUM itself."""

SEES = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
"""A role without it sees only the snapshots of its own sessions, so that an empty result would prove nothing."""

LOOK = 0.1
"""Seconds between two queries."""


@dataclass(frozen=True, slots=True)
class SnapshotHolder:
    """A holder of a snapshot; `kind` is SNAPSHOT (a session, such as a dump), STANDBY, PREPARED or SLOT."""

    kind: str
    name: str


class StillVisibleError(StoreUnavailableError):
    """A snapshot from before the deletion is still open."""

    def __init__(self, holders: Sequence[SnapshotHolder]) -> None:
        super().__init__(OutageCause.STILL_SEEN, ", ".join(f"{each.kind} {each.name}" for each in holders))
        self.holders = tuple(holders)


async def mark(engine: AsyncEngine) -> str | None:
    """Return a point in the order of transactions after everything that is committed now; None on SQLite.

    SQLite needs none: truncating its write-ahead log reports when a reader still needs it.
    """
    if engine.dialect.name != "postgresql":
        return None
    return str(await _ask(engine, MARK))


async def holders(engine: AsyncEngine, point: str) -> list[SnapshotHolder]:
    """Return the holders of snapshots from before a point; StoreUnavailableError NOT_PERMITTED if the role cannot see
    all of them."""
    try:
        async with engine.connect() as connection:
            if not await connection.scalar(text(SEES)):
                raise StoreUnavailableError(OutageCause.NOT_PERMITTED)
            return await _holders(connection, point)
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None


async def _holders(connection: AsyncConnection, point: str) -> list[SnapshotHolder]:
    return [SnapshotHolder(*row) for row in (await connection.execute(text(HOLDERS), {"mark": point})).all()]


async def passed(engine: AsyncEngine, point: str | None, max_wait: float = 5.0) -> None:
    """Wait until no snapshot sees rows deleted before a point; StillVisibleError after `max_wait` seconds.

    Short reads end by themselves; the error names a dump, a report, a standby or a forgotten slot.
    """
    if point is None:
        return
    until = monotonic() + max_wait
    while found := await holders(engine, point):
        if monotonic() > until:
            raise StillVisibleError(found)
        await asyncio.sleep(LOOK)


async def _ask(engine: AsyncEngine, statement: str) -> Any:
    try:
        async with engine.connect() as connection:
            return await connection.scalar(text(statement))
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None
