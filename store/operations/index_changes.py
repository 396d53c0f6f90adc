"""The progress of a rebuild of look-ups: see `store.upgrade.reindexing`."""

from __future__ import annotations

from sqlalchemy import Boolean, String, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.retention import RetentionRule
from store.crypto.blind_index import Lookup
from store.crypto.system_keys import insert_new
from store.sql.metadata import Id, plain, table

LOOKUPS = tuple("NUMBER" if kind is Lookup.CUSTOMER_NUMBER else kind.name for kind in Lookup)

index_rebuilds = table(
    "index_rebuilds",
    RetentionRule.KEYS,
    plain("lookup", String(12), None, primary_key=True),
    plain("after", Id, None),
    plain("scanned", Boolean, None),
    plain("awaited", Boolean, None),
)
"""The kinds of look-ups whose rows are still to be scanned, from the row after `after`. An `awaited` one is part of an
upgrade: no gateway of this release serves before it is done."""


async def await_all(connection: AsyncConnection) -> None:
    """Schedule a scan of all rows from the first one on, even if a rebuild is under way, and stop serving until it is
    done."""
    begun = {"after": 0, "scanned": False, "awaited": True}
    # Two replicas may start at once: an INSERT that ignores existing rows, then an UPDATE, works for both.
    await connection.execute(insert_new(connection, index_rebuilds), [{"lookup": each, **begun} for each in LOOKUPS])
    await connection.execute(update(index_rebuilds).values(begun))
