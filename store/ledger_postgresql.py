"""Groups of ledger entries into PostgreSQL, on a connection of their own."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg

from store.engines import Address, connect_postgresql
from store.faults import DRIVER_ERRORS, unavailable
from store.ledger import Entry

INSERT = """
    INSERT INTO ledger_entries (entry, at)
    SELECT entry, at FROM unnest($1::bytea[], $2::timestamptz[]) WITH ORDINALITY AS given (entry, at, place)
    ORDER BY place
"""


class PostgresWriter:
    """One statement is one transaction: a group costs one round trip and one wait for the disk."""

    def __init__(self, address: Address, patience: float = 5.0) -> None:
        self._address = address
        self._patience = patience
        self._connection: asyncpg.Connection[Any] | None = None

    async def write(self, entries: Sequence[Entry]) -> None:
        """Append all or none, on the server's disk when it returns."""
        bodies = [entry for entry, _ in entries]
        moments = [at.replace(microsecond=0) for _, at in entries]
        await self._run(INSERT, bodies, moments)

    async def check(self) -> None:
        """An INSERT of nothing, which a read-only server refuses all the same."""
        await self._run(INSERT, [], [])

    async def _run(self, statement: str, *values: Any) -> None:
        try:
            connection = self._connection
            if connection is None or connection.is_closed():
                connection = self._connection = await connect_postgresql(
                    self._address, "gateway-ledger", self._patience
                )
            await connection.execute(statement, *values)
        except DRIVER_ERRORS as error:
            self._drop()
            raise unavailable(error) from None
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            with suppress(*DRIVER_ERRORS):
                await self._connection.close()
            self._connection = None
