"""Reads whole tables back and opens what is sealed, so that a test sees what was stored."""

from typing import Any

from sqlalchemy import Table, func, select

from store.database.store import Store
from store.tables.customers import customers


async def opened(store: Store, table: Table) -> list[dict[str, Any]]:
    """Every row in the order of ids, sealed values opened with their owner's key."""
    prepared = store.reader.prepare(select(table).order_by(table.c.id))
    rows = [dict(zip(prepared.columns, row, strict=True)) for row in await store.reader.fetch(prepared, {})]
    owner = "id" if table is customers else "customer_id"
    keys = await store.keys.subjects([row[owner] for row in rows])
    for row, key in zip(rows, keys, strict=True):
        for column in table.c:
            sealing, resting = column.info.get("sealing"), row[column.name]
            if sealing is not None and resting is not None:
                assert key is not None
                row[column.name] = sealing.decode(key.open(column, row["id"], resting))
    return rows


async def count(store: Store, table: Table) -> int:
    """How many rows there are."""
    rows = await store.reader.fetch(store.reader.prepare(select(func.count(table.primary_key.columns[0]))), {})
    return int(rows[0][0])
