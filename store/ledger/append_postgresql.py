"""Appends groups of ledger entries to PostgreSQL, over a connection of its own, to the server that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from store.ledger.append import Entry
from store.sql.addresses import Address, connect_postgresql
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.exclusive import ExclusiveConnection

TIMELINE = "CASE WHEN pg_is_in_recovery() THEN '' ELSE substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) END"
"""The timeline that the server writes, in hexadecimal, from the moment of its promotion; empty for a standby. (The
control file has it only after the first checkpoint.)"""

# ORDER BY place: without it the numbers need not follow the order of the arrays.
INSERT = f"""
    WITH added AS (
        INSERT INTO ledger_entries (entry, at)
        SELECT entry, at FROM unnest($1::bytea[], $2::timestamptz[]) WITH ORDINALITY AS given (entry, at, place)
        WHERE $3::text IS NULL OR $3 = {TIMELINE}
        ORDER BY place
        RETURNING sequence
    )
    SELECT max(sequence) FROM added
"""  # noqa: S608  (a constant)

SYSTEM = "SELECT system_identifier FROM pg_control_system()"


@dataclass(frozen=True, slots=True)
class ServerIdentity:
    """Identifies a server, and tells one that has the whole log from one that was promoted or restored."""

    system: int
    """The identifier that the cluster got when it was made; its standbys have the same one."""
    timeline: str
    """It changes with each promotion, and with each restore to a point in time."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The last entry that the server has said to be on its disk."""

    sequence: int
    entry: bytes
    at: datetime


class PostgresWriter:
    """Each group is one statement and so one transaction, which costs one round trip and one fsync."""

    def __init__(self, address: Address, timeout: float = 5.0) -> None:
        self._address, self._timeout = address, timeout
        self._connection = ExclusiveConnection(self._connect, timeout)
        self.server: ServerIdentity | None = None
        """The server to which alone entries are appended, once it is known (`store.ledger.failover`)."""
        self.acknowledged: Acknowledged | None = None
        self.on_another: Callable[[], None] = lambda: None
        """Called when another server answers, whose entries must first be compared."""

    async def _connect(self) -> asyncpg.Connection[Any]:
        connection = await connect_postgresql(self._address, "gateway-ledger", self._timeout)
        try:
            if self.server is not None and await connection.fetchval(SYSTEM) != self.server.system:
                raise self._another()
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def write(self, entries: Sequence[Entry]) -> None:
        """Append all entries or none; they are on the server's disk on return.

        StoreUnavailableError, and nothing is appended, when another server than `server` answers: what was acknowledged
        before may be missing there.
        """
        bodies = [entry for entry, _ in entries]
        moments = [at.replace(microsecond=0) for _, at in entries]
        timeline = None if self.server is None else self.server.timeline
        last = await self._connection.fetchval(INSERT, bodies, moments, timeline)
        if last is None:
            raise self._another()
        self.acknowledged = Acknowledged(last, bodies[-1], moments[-1])

    def _another(self) -> StoreUnavailableError:
        self.on_another()
        return StoreUnavailableError(OutageCause.DOWN, "another server answers for the ledger")

    async def check(self) -> None:
        """Run an INSERT of no rows, which a read-only server refuses all the same; it waits for the group under way."""
        await self._connection.fetchval(INSERT, [], [], None)

    async def close(self) -> None:
        """Close the connection."""
        await self._connection.close()
