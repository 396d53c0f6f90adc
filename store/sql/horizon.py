"""Who on PostgreSQL can still see what was removed: while a snapshot is older, VACUUM leaves it, and says nothing."""

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
"""Every transaction that was over before this moment has a number below it."""

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
"""Whose horizon is older than a mark: VACUUM keeps every row that was removed after it. Those of other databases do not
count, but for slots and standbys, which follow the whole server; nor does VACUUM itself."""

SEES = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
"""A role without it sees the snapshots of its own sessions only, and so cannot tell that nobody has one."""

LOOK = 0.1
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class SnapshotHolder:
    """What still holds a snapshot: SNAPSHOT (a session, such as a dump), STANDBY, PREPARED or SLOT, and its name."""

    kind: str
    name: str


class StillVisibleError(StoreUnavailableError):
    """Somebody has a snapshot from before the removal."""

    def __init__(self, holders: Sequence[SnapshotHolder]) -> None:
        super().__init__(OutageCause.STILL_SEEN, ", ".join(f"{each.kind} {each.name}" for each in holders))
        self.holders = tuple(holders)


async def mark(engine: AsyncEngine) -> str | None:
    """A point in the order of transactions behind everything that is committed now; None on SQLite.

    SQLite's write-ahead log cannot be cut off while a reader needs it, and says so.
    """
    if engine.dialect.name != "postgresql":
        return None
    return str(await _ask(engine, MARK))


async def holders(engine: AsyncEngine, point: str) -> list[SnapshotHolder]:
    """Who has a snapshot from before a point; StoreUnavailableError NOT_PERMITTED for a role that cannot see them
    all."""
    try:
        async with engine.connect() as connection:
            if not await connection.scalar(text(SEES)):
                raise StoreUnavailableError(OutageCause.NOT_PERMITTED)
            return await _holders(connection, point)
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None


async def _holders(connection: AsyncConnection, point: str) -> list[SnapshotHolder]:
    return [SnapshotHolder(*row) for row in (await connection.execute(text(HOLDERS), {"mark": point})).all()]


async def passed(engine: AsyncEngine, point: str | None, patience: float = 5.0) -> None:
    """Return when nobody can see what was removed before a point; StillVisibleError when that takes too long.

    Short readings are waited for; a dump, a report, a standby or a forgotten slot are named.
    """
    if point is None:
        return
    until = monotonic() + patience
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
