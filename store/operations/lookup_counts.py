"""Detects that the data and its look-ups are from different times: each database counts, and stores the other's count.

A mutation reserves in the key store first and then writes the data (`store.lookups.reservations`), so that the data has
only seen counts that the key store has committed; look-ups are removed only after the data has committed, so that the
key store has only seen counts of the data. A database that was restored alone is behind the count that the other one
has seen. A mutation that was aborted in between makes no difference.
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
"""The id of the only row, which exists from the first change on."""

lookup_count = table("lookup_count", RetentionRule.KEYS, identity(), plain("last", Id, None), plain("seen", Id, None))
"""The number of changes in the data, and the key store's count that the last of them has seen."""

key_lookup_count = table(
    "key_lookup_count",
    RetentionRule.KEYS,
    identity(),
    plain("last", Id, None),
    plain("seen", Id, None),
    within=key_metadata,
)
"""The number of reservations in the key store, and the data's count at the last removal of look-ups."""


@dataclass(frozen=True, slots=True)
class LookupCount:
    """The count of one database, and the count that it has seen of the other one."""

    last: int
    seen: int


async def counted(reader: Reader, count: Table) -> LookupCount:
    """Return the committed count; zeros before the first change."""
    rows = await reader.fetch(reader.prepare(select(count.c.last, count.c.seen).where(count.c.id == ONE)), {})
    return LookupCount(*rows[0]) if rows else LookupCount(0, 0)


async def count_change(connection: AsyncConnection, count: Table, step: int = 1, seen: int = 0) -> int:
    """Increase the count by `step` and the seen count to `seen` at least; returns the count.

    The row is locked until the end of the transaction, so call it last: its holder then waits for no other lock.
    """
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    given = make(count).values(id=ONE, last=step, seen=seen)
    highest = case((count.c.seen > given.excluded.seen, count.c.seen), else_=given.excluded.seen)
    change = {"last": count.c.last + given.excluded.last, "seen": highest}
    upsert = given.on_conflict_do_update(index_elements=[count.c.id], set_=change)
    return int((await connection.execute(upsert.returning(count.c.last))).scalar_one())


async def set_count(connection: AsyncConnection, count: Table, number: int) -> None:
    """Restart from this number, which neither database has reached before."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    given = make(count).values(id=ONE, last=number, seen=number)
    change = {"last": number, "seen": number}
    await connection.execute(given.on_conflict_do_update(index_elements=[count.c.id], set_=change))


async def differing(data: Reader, keys: Reader) -> int | None:
    """Return None when both are from the same time, else a number above all counts of either.

    Each seen count is read before the count that it refers to, since other processes keep counting meanwhile.
    """
    of_data = await counted(data, lookup_count)
    of_keys = await counted(keys, key_lookup_count)
    later = await counted(data, lookup_count)
    if of_data.seen <= of_keys.last and of_keys.seen <= later.last:
        return None
    return 1 + max(of_data.seen, of_keys.last, of_keys.seen, later.last)
