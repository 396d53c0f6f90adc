"""Rotates the key of look-ups with each new root key: all marks are re-encrypted, and the old key is destroyed.

An old key of look-ups is never rewrapped under a new root key. So once the old root key is destroyed, the marks in a
backup of the key store cannot be resolved any more, not even by guessing values.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Table, and_, bindparam, delete, exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.epochs import WritingEpochs
from store.crypto.lookup_tables import MARKED, lookup_epochs
from store.crypto.root_key import RootKeys
from store.sql.engines import transaction

Marked = Callable[[int], None]

PAUSE = 0.05
"""Seconds between two checks whether another replica has finished its page."""


def untold(_: int) -> None:
    """Ignore the progress report."""


async def mark_anew(root: RootKeys, engine: AsyncEngine, batch: int, marked: Marked = untold) -> None:
    """Finish the change of epochs under way, then change again if there is a newer root key.

    If it is killed, the next call continues: (1) the new epoch begins while no writer is in the old one, and from then
    on all writes use the new one; (2) the marks of the old one are re-encrypted page by page under the new one, without
    decrypting any value; (3) when none is left, the old key is deleted. There are at most two epochs, so the next one
    begins only then. `marked` is called with the number of look-ups of each page.
    """
    epochs = WritingEpochs(root)
    while True:
        async with transaction(engine) as connection:
            if not await epochs.ended(connection) and not await epochs.begin(connection):  # (1)
                return
        for table in MARKED:  # (2)
            while await _page(epochs, engine, table, batch, marked):
                pass
        await _destroy(engine)  # (3)


async def outdated(root: RootKeys, connection: AsyncConnection) -> int:
    """Count the keys of look-ups to be replaced, plus the look-ups under a key that has ended.

    With a single epoch the rows are not counted: all of them are under that one, and this runs hourly.
    """
    rows = (
        await connection.execute(select(lookup_epochs.c.epoch, lookup_epochs.c.root_version, lookup_epochs.c.ended_at))
    ).all()
    old = [row for row in rows if row.ended_at is not None or row.root_version < root.current()]
    if len(rows) < 2:
        return len(old)
    numbers = [row.epoch for row in rows if row.ended_at is not None]
    counts = [
        (
            await connection.execute(select(func.count()).select_from(table).where(table.c.epoch.in_(numbers)))
        ).scalar_one()
        for table in MARKED
    ]
    return len(old) + sum(counts)


async def _page(epochs: WritingEpochs, engine: AsyncEngine, table: Table, batch: int, marked: Marked) -> bool:
    """Re-encrypt a page of an ended epoch's rows under the current one; returns whether there are more.

    Rows that another replica has locked are skipped, so that no replica waits while it holds locks; at the end it waits
    for them.
    """
    async with transaction(engine) as connection:
        present = await epochs.lock(connection)
        ended = {epoch.number: epoch for epoch in epochs.living if epoch.ended}
        under = table.c.epoch.in_(list(ended))
        columns = [*table.primary_key.columns, table.c.epoch] + ([] if table.c.mark.primary_key else [table.c.mark])
        rows = (
            await connection.execute(select(*columns).where(under).limit(batch).with_for_update(skip_locked=True))
        ).all()
        if rows:
            await _encrypt(connection, table, [
                (row, present.number, present.mark(ended[row.epoch].index(bytes(row.mark)))) for row in rows
            ])  # fmt: skip
        left = bool(await connection.scalar(select(exists().where(under)))) if ended and not rows else False
    if rows:
        marked(len(rows))
    elif left:
        await asyncio.sleep(PAUSE)
    return bool(rows) or left


async def _encrypt(connection: AsyncConnection, table: Table, rows: Sequence[tuple[Any, int, bytes]]) -> None:
    keys = list(table.primary_key.columns)
    mine = [column == bindparam(f"which_{column.name}", type_=column.type) for column in keys]
    change = update(table).where(*mine).values(mark=bindparam("anew"), epoch=bindparam("next"))
    await connection.execute(change, [
        {f"which_{column.name}": getattr(row, column.name) for column in keys} | {"anew": mark, "next": number}
        for row, number, mark in rows
    ])  # fmt: skip


async def _destroy(engine: AsyncEngine) -> None:
    """Delete the keys of ended epochs that no row uses any more."""
    empty = [~exists().where(table.c.epoch == lookup_epochs.c.epoch) for table in MARKED]
    async with transaction(engine) as connection:
        # In one statement with the test: a row that is still under the key keeps it.
        await connection.execute(delete(lookup_epochs).where(and_(lookup_epochs.c.ended_at.is_not(None), *empty)))
