"""Rotates the root key online: each wrapped key is rewrapped, in batches.

The keys of look-ups are not rewrapped but replaced (`store.crypto.lookup_rotation`): copies of them in backups become
unreadable with the old root key."""

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
"""The tables of wrapped keys, and the prefix of the place to which each key is bound."""


async def rotate(
    root: RootKeys,
    engine: AsyncEngine,
    batch: int = 500,
    owner: AsyncEngine | None = None,
    marked: Marked = untold,
) -> int:
    """Finish the rotation under way, or begin one and finish it; returns the number of rewrapped keys.

    If it is killed, the next call continues. Other processes find the new version by themselves if they see the same
    folder. With several machines, make the version first (`RootKeys.create`), copy the file to each, then call this.
    Afterwards nothing is wrapped under the old version, and its file can be removed: keys in backups of the key store
    are then unreadable. `marked` is called with the number of look-ups of each re-encrypted page.
    """
    # Keys under an older version mean that a rotation was interrupted: finish that one first.
    if not await pending(root, engine):
        root.create()
    done = 0
    for table in PLACES:
        while rewrapped := await _rewrap_some(root, engine, table, batch):
            done += rewrapped
    await mark_anew(root, engine, batch, marked)
    for table in (*PLACES, *MARKED, lookup_epochs):
        # Dead rows still hold the keys under the old version, which a copy of the old root key would unwrap.
        await scrub(owner or engine, table)
    return done


async def pending(root: RootKeys, engine: AsyncEngine) -> int:
    """Count the keys that are wrapped under an older version, plus the look-ups encrypted under such a key."""
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
    # Skip a key that was destroyed, or rewrapped by another process, since it was read.
    unchanged = table.c.root_version == bindparam("old"), table.c.wrapped.is_not(None)
    change = update(table).where(name == bindparam("which"), *unchanged)
    values = []
    for which, old, wrapped in rows:
        place = f"{PLACES[table]}:{which}"
        version, anew = root.wrap(place, root.unwrap(old, place, wrapped))
        values.append({"which": which, "old": old, "version": version, "anew": anew})
    await connection.execute(change.values(root_version=bindparam("version"), wrapped=bindparam("anew")), values)
