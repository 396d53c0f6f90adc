"""Whether the data and its look-ups are of the same time: each database counts, and remembers the other's count.

A change reserves in the key store first and writes the data then (`store.lookups.reservations`), so the data has only
seen counts that the key store has, and look-ups are removed only by what the data has committed, so the key store has
only seen counts of the data. Whichever was restored alone is behind what the other one has seen of it. What broke off
in between makes no difference.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Table, case, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.retention import RetentionRule
from store.sql.metadata import Id, identity, key_metadata, plain, table
from store.sql.reading import Reader

ONE = 1
"""The id of the one row, which is there from the first change on."""

lookup_count = table("lookup_count", RetentionRule.KEYS, identity(), plain("last", Id, None), plain("seen", Id, None))
"""How many changes of what is looked up the data has, and the key store's count that the latest of them had seen."""

key_lookup_count = table(
    "key_lookup_count",
    RetentionRule.KEYS,
    identity(),
    plain("last", Id, None),
    plain("seen", Id, None),
    within=key_metadata,
)
"""How many reservations the key store has, and the count of the data by which look-ups were removed last."""


@dataclass(frozen=True, slots=True)
class LookupCount:
    """What one of the databases has counted, and what it has seen of the other one."""

    last: int
    seen: int


async def counted(reader: Reader, count: Table) -> LookupCount:
    """As committed; zeros before the first change."""
    rows = await reader.fetch(reader.prepare(select(count.c.last, count.c.seen).where(count.c.id == ONE)), {})
    return LookupCount(*rows[0]) if rows else LookupCount(0, 0)


async def count_change(connection: AsyncConnection, count: Table, step: int = 1, seen: int = 0) -> int:
    """Count on by `step`, never back in what was seen; returns the count.

    The row is locked to the end of the transaction, so this comes last in it: whoever has it waits for nobody.
    """
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    given = make(count).values(id=ONE, last=step, seen=seen)
    highest = case((count.c.seen > given.excluded.seen, count.c.seen), else_=given.excluded.seen)
    change = {"last": count.c.last + given.excluded.last, "seen": highest}
    upsert = given.on_conflict_do_update(index_elements=[count.c.id], set_=change)
    return int((await connection.execute(upsert.returning(count.c.last))).scalar_one())


async def set_count(connection: AsyncConnection, count: Table, number: int) -> None:
    """Begin anew from this number, which neither database has counted before."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    given = make(count).values(id=ONE, last=number, seen=number)
    change = {"last": number, "seen": number}
    await connection.execute(given.on_conflict_do_update(index_elements=[count.c.id], set_=change))


async def differing(data: Reader, keys: Reader) -> int | None:
    """None when both are of the same time, else a number above all that either has counted.

    What was seen is read before what it was seen of, since others go on counting meanwhile.
    """
    of_data = await counted(data, lookup_count)
    of_keys = await counted(keys, key_lookup_count)
    later = await counted(data, lookup_count)
    if of_data.seen <= of_keys.last and of_keys.seen <= later.last:
        return None
    return 1 + max(of_data.seen, of_keys.last, of_keys.seen, later.last)
