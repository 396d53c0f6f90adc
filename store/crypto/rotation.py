"""Replacing the root key while everything runs: each wrapped key is wrapped anew, some at a time.

The keys of look-ups are not wrapped anew but replaced (`store.crypto.lookup_rotation`): what backups have of them goes
with the old root key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.key_tables import signing_keys, subject_keys, system_keys
from store.crypto.lookup_rotation import Marked, mark_anew, outdated, untold
from store.crypto.lookup_tables import MARKED, lookup_epochs
from store.crypto.root_key import RootKeys
from store.sql.engines import transaction
from store.sql.scrubbing import scrub

PLACES = {subject_keys: "subject", system_keys: "system", signing_keys: "signing"}
"""The tables of wrapped keys, and the first word of the place that each key is bound to."""


async def rotate(
    root: RootKeys,
    engine: AsyncEngine,
    batch: int = 500,
    owner: AsyncEngine | None = None,
    marked: Marked = untold,
) -> int:
    """Finish the rotation under way, or begin one and finish it; returns how many keys were wrapped anew.

    Killed at any point, the next call goes on. Other processes notice the new version by themselves if they see the
    same folder. On several machines, make the version first (`RootKeys.create`), copy the file to each, then call
    this. Afterwards nothing is wrapped under the old version, and its file can be removed: what backups of the key
    store hold is then unreadable. `marked` is told how many look-ups each page that was marked anew had.
    """
    if not await pending(root, engine):
        root.create()
    done = 0
    for table in PLACES:
        while rewrapped := await _rewrap_some(root, engine, table, batch):
            done += rewrapped
    await mark_anew(root, engine, batch, marked)
    for table in (*PLACES, *MARKED, lookup_epochs):
        await scrub(owner or engine, table)
    return done


async def pending(root: RootKeys, engine: AsyncEngine) -> int:
    """How many keys are still wrapped under an older version, and look-ups still marked under such a key."""
    async with transaction(engine) as connection:
        counts = [(await connection.execute(_old(root, table, func.count()))).scalar_one() for table in PLACES]
        return int(sum(counts)) + await outdated(root, connection)


def _old(root: RootKeys, table: Table, *columns: Any) -> Any:
    return (
        select(*columns).select_from(table).where(table.c.root_version < root.current(), table.c.wrapped.is_not(None))
    )


async def _rewrap_some(root: RootKeys, engine: AsyncEngine, table: Table, batch: int) -> int:
    (name,) = table.primary_key.columns
    async with transaction(engine) as connection:
        query = _old(root, table, name, table.c.root_version, table.c.wrapped).order_by(name).limit(batch)
        rows = (await connection.execute(query)).all()
        if rows:
            await _rewrap(connection, root, table, rows)
    return len(rows)


async def _rewrap(connection: AsyncConnection, root: RootKeys, table: Table, rows: Sequence[Any]) -> None:
    (name,) = table.primary_key.columns
    # A key that was destroyed, or wrapped anew by another process, since it was read stays as it is now.
    unchanged = table.c.root_version == bindparam("old"), table.c.wrapped.is_not(None)
    change = update(table).where(name == bindparam("which"), *unchanged)
    values = []
    for which, old, wrapped in rows:
        place = f"{PLACES[table]}:{which}"
        version, anew = root.wrap(place, root.unwrap(old, place, wrapped))
        values.append({"which": which, "old": old, "version": version, "anew": anew})
    await connection.execute(change.values(root_version=bindparam("version"), wrapped=bindparam("anew")), values)
