"""Each store holds the number of the last erasure carried out in it: after a restore they differ (F8)."""

from __future__ import annotations

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.system_keys import insert_new
from store.sql.reading import Reader

ONE = 1
"""The id of the one row."""


async def last_erasure(reader: Reader, count: Table) -> int:
    """The last number in this table; 0 before the first."""
    rows = await reader.fetch(reader.prepare(select(count.c.last).where(count.c.id == ONE)), {})
    return int(rows[0][0]) if rows else 0


async def count_erasure(connection: AsyncConnection, count: Table, number: int | None = None) -> int:
    """Raise the last number to this one, or by one; returns what was counted. The row is locked till the end."""
    await connection.execute(insert_new(connection, count), {"id": ONE, "last": 0})
    row = update(count).where(count.c.id == ONE)
    if number is None:
        found = await connection.execute(row.values(last=count.c.last + 1).returning(count.c.last))
        return int(found.scalar_one())
    await connection.execute(row.where(count.c.last < number).values(last=number))
    return number
