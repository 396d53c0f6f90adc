"""Appends groups of ledger entries to PostgreSQL, over a connection of its own."""

from __future__ import annotations

from collections.abc import Sequence

from store.ledger.append import Entry
from store.sql.addresses import Address, connect_postgresql
from store.sql.exclusive import ExclusiveConnection

# ORDER BY place: without it the numbers need not follow the order of the arrays.
INSERT = """
    INSERT INTO ledger_entries (entry, at)
    SELECT entry, at FROM unnest($1::bytea[], $2::timestamptz[]) WITH ORDINALITY AS given (entry, at, place)
    ORDER BY place
"""


class PostgresWriter:
    """Each group is one statement and so one transaction, which costs one round trip and one fsync."""

    def __init__(self, address: Address, timeout: float = 5.0) -> None:
        self._connection = ExclusiveConnection(lambda: connect_postgresql(address, "gateway-ledger", timeout), timeout)

    async def write(self, entries: Sequence[Entry]) -> None:
        """Append all entries or none; they are on the server's disk on return."""
        bodies = [entry for entry, _ in entries]
        moments = [at.replace(microsecond=0) for _, at in entries]
        await self._connection.execute(INSERT, bodies, moments)

    async def check(self) -> None:
        """Run an INSERT of no rows, which a read-only server refuses all the same; it waits for the group under way."""
        await self._connection.execute(INSERT, [], [])

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()
