"""Appends groups of ledger entries to an SQLite file, in a thread with a connection of its own."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from store.ledger.append import Entry
from store.sql.engines import tune
from store.sql.errors import unavailable
from store.sql.metadata import instant_text
from store.sql.writing_sqlite import sqlite_file

INSERT = "INSERT INTO ledger_entries (entry, at) VALUES (?, ?)"

AT_ONCE = 64
"""Maximum entries in one statement, with which the thread takes the GIL once for the group, not once for each entry."""

PROBE = "INSERT INTO ledger_entries (entry, at) SELECT '', '' WHERE 0"
"""Inserts nothing, but a read-only file refuses it all the same."""


Done = TypeVar("Done")


class SqliteWriter:
    """Writes in one thread, since a commit waits for the disk; `timeout` is the maximum wait for a lock in seconds."""

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        self._path = path
        self._timeout = timeout
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")

    async def write(self, entries: Sequence[Entry]) -> None:
        """Append all entries or none; they are on the disk on return."""
        rows = [(entry, instant_text(at)) for entry, at in entries]
        await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, rows)

    async def check(self) -> None:
        """Run a transaction that writes nothing, but takes the lock."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, [])

    async def run(self, act: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do this with the connection, in its thread, between two groups; StoreUnavailableError.

        Whatever else writes to the file is done here, so that no group waits for a lock.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._act, act)

    def _act(self, act: Callable[[sqlite3.Connection], Done]) -> Done:
        try:
            return act(self._connection or self._connect())
        except sqlite3.Error as error:
            self._drop()
            raise unavailable(error) from None

    def _commit(self, rows: list[tuple[bytes, str]]) -> None:
        try:
            connection = self._connection or self._connect()
            if 0 < len(rows) <= AT_ONCE:  # A single statement is a transaction by itself, without BEGIN and COMMIT.
                connection.execute(INSERT + ", (?, ?)" * (len(rows) - 1), [value for row in rows for value in row])
                return
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(INSERT, rows) if rows else connection.execute(PROBE)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._drop()
            raise unavailable(error) from None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            sqlite_file(self._path), uri=True, isolation_level=None, check_same_thread=False, timeout=self._timeout
        )
        tune(connection)
        self._connection = connection
        return connection

    def _drop(self) -> None:
        """Close the connection, which rolls back; the next group opens the file again."""
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    async def close(self) -> None:
        """Close the connection and end the thread."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._drop)
        self._thread.shutdown()
