"""Reads a PostgreSQL database over a small pool of raw asyncpg connections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg

from store.sql.errors import DRIVER_ERRORS, SERVER_ERRORS, unavailable
from store.sql.reading import PreparedStatement, Reader, Row
from store.sql.semaphore import Slots

# Read-only although nothing here writes: a second line of defence against a statement that does.
DIALECT = PGDialect_asyncpg()  # type: ignore[no-untyped-call]

SETTINGS = {"application_name": "gateway-read", "default_transaction_read_only": "on", "jit": "off", "timezone": "UTC"}

GRACE = 0.5
"""Seconds after the deadline at which the client gives up. Normally the server has ended the statement by then, which
keeps the connection usable and leaves no work running."""
STATEMENTS_KEPT = 1024


class PostgresReader(Reader):
    """A pool of at most `size` connections, each used by one statement at a time.

    asyncpg's own pool resets a connection whenever it is returned: one more round trip for each read (83 microseconds
    for a row instead of 22). These connections only read, one statement at a time, so there is no state to reset. Times
    are in seconds.
    """

    def __init__(self, address: str, size: int = 8, deadline: float = 2.0, connect_timeout: float = 2.0) -> None:
        super().__init__(DIALECT)
        self._address = address
        self._deadline = deadline
        self._connect_timeout = connect_timeout
        self._idle: list[asyncpg.Connection[Any]] = []
        self._slots = Slots(size, deadline)

    async def fetch(self, prepared: PreparedStatement, values: Mapping[str, Any]) -> Sequence[Row]:
        """Return all rows as asyncpg records."""
        if self.listeners:
            self._notify(prepared.sql)
        parameters = prepared.bind(values)
        slots = self._slots
        if not slots.take():
            await slots.wait()
        try:
            return await self._run(prepared.sql, parameters)
        except DRIVER_ERRORS as error:
            raise unavailable(error) from None
        finally:
            slots.give()

    async def _run(self, sql: str, parameters: tuple[Any, ...]) -> Sequence[Row]:
        """Run on an idle connection; if the server has closed it since its last use, retry once on a new one."""
        while self._idle:
            # The last one returned: it is the least likely to have been closed by the server or a firewall.
            connection = self._idle.pop()
            if connection.is_closed():
                continue
            try:
                return await self._once(connection, sql, parameters)
            except TimeoutError:
                raise  # It is an OSError, too; running a slow statement again would double the load.
            except (OSError, *SERVER_ERRORS):
                if not connection.is_closed():
                    raise
        return await self._once(await self._connect(), sql, parameters)

    async def _once(self, connection: asyncpg.Connection[Any], sql: str, parameters: tuple[Any, ...]) -> Sequence[Row]:
        try:
            rows: Sequence[Row] = await connection.fetch(sql, *parameters)
        except BaseException as error:
            # After an error reported by the server the connection is reusable. After a cancellation or a timeout its
            # state is unknown.
            if isinstance(error, asyncpg.PostgresError) and not connection.is_closed():
                self._idle.append(connection)
            else:
                connection.terminate()
            raise
        self._idle.append(connection)
        return rows

    async def _connect(self) -> asyncpg.Connection[Any]:
        return await asyncpg.connect(
            self._address,
            timeout=self._connect_timeout,
            command_timeout=self._deadline + GRACE,
            statement_cache_size=STATEMENTS_KEPT,
            max_cached_statement_lifetime=0,  # No expiry: preparing a statement again costs a round trip.
            server_settings=SETTINGS | {"statement_timeout": f"{self._deadline * 1000:.0f}ms"},
        )

    async def close(self) -> None:
        """Close the idle connections."""
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()
