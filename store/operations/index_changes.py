"""What is left to do when the form changes by which values are looked up: see `store.upgrade.reindexing`."""

from __future__ import annotations

from sqlalchemy import Boolean, String, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.retention import RetentionRule
from store.crypto.system_keys import insert_new
from store.sql.metadata import Id, plain, table

LOOKUPS = ("EMAIL", "LOGIN", "DOMAIN", "NUMBER")

index_rebuilds = table(
    "index_rebuilds",
    RetentionRule.KEYS,
    plain("lookup", String(6), None, primary_key=True),
    plain("after", Id, None),
    plain("scanned", Boolean, None),
    plain("awaited", Boolean, None),
)
"""The lookups whose rows are still to be looked at, from the row behind `after`. One that is `awaited` is part of an
upgrade: no gateway of this release starts to serve before it is done."""


async def await_all(connection: AsyncConnection) -> None:
    """Have every row looked at from the first one on, also of what a rebuilding under way has done already, and
    nobody served before that."""
    begun = {"after": 0, "scanned": False, "awaited": True}
    # Two replicas that start may do it at once: neither finds the rows of the other in its way.
    await connection.execute(insert_new(connection, index_rebuilds), [{"lookup": each, **begun} for each in LOOKUPS])
    await connection.execute(update(index_rebuilds).values(begun))
