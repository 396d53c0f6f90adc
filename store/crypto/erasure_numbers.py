"""The number of the last erasure, counted in each database: after a restore of one of them the counts differ (F8)."""

from __future__ import annotations

from sqlalchemy import Table, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.system_keys import insert_new
from store.sql.reading import Reader

ONE = 1
"""The id of the only row."""


async def last_erasure(reader: Reader, count: Table) -> int:
    """Return the last number in this table; 0 before the first erasure."""
    rows = await reader.fetch(reader.prepare(select(count.c.last).where(count.c.id == ONE)), {})
    return int(rows[0][0]) if rows else 0


async def count_erasure(connection: AsyncConnection, count: Table, number: int | None = None) -> int:
    """Raise the last number to `number`, or by one, and return it. The row stays locked until the transaction ends."""
    await connection.execute(insert_new(connection, count), {"id": ONE, "last": 0})
    row = update(count).where(count.c.id == ONE)
    if number is None:
        found = await connection.execute(row.values(last=count.c.last + 1).returning(count.c.last))
        return int(found.scalar_one())
    await connection.execute(row.where(count.c.last < number).values(last=number))
    return number
