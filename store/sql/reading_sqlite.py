"""Reads an SQLite file over one connection of its own, inside the event loop."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from store.sql.errors import OutageCause, StoreUnavailableError, unavailable
from store.sql.reading import PreparedStatement, Reader, Row

DIALECT = SQLiteDialect_pysqlite()

CHECK_EVERY = 10_000
"""SQLite virtual machine steps between two deadline checks: about 0.5 ms, without measurable cost."""

STATEMENTS_KEPT = 1024

PAGES_KEPT = 32_768
"""KiB of the file's pages that a reader keeps, at most. With SQLite's own 2 MB nearly each page of a store of any size
is read from the kernel again."""


class SqliteReader(Reader):
    """One connection, used in the event loop's own thread.

    In the loop a row costs 4 microseconds; a round trip to a thread costs 45 to 110. In WAL mode a reader never waits
    for a writer, so only a long statement could block the loop, and that is interrupted after `deadline` seconds
    (StoreUnavailableError SLOW). `_run` is the only place that decides where statements run.
    """

    def __init__(self, path: Path, deadline: float = 2.0) -> None:
        super().__init__(DIALECT)
        self._path = path
        self._deadline = deadline
        self._stop_at = 0.0
        self._connection: sqlite3.Connection | None = None

    async def fetch(self, prepared: PreparedStatement, values: Mapping[str, Any]) -> Sequence[Row]:
        """Return all rows as tuples."""
        if self.listeners:
            self._notify(prepared.sql)
        return self._run(prepared.sql, prepared.bind(values))

    def _run(self, sql: str, parameters: tuple[Any, ...]) -> list[Row]:
        try:
            connection = self._connection or self._connect()
            self._stop_at = monotonic() + self._deadline
            return connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise self._outage(error) from None

    def _connect(self) -> sqlite3.Connection:
        # `mode=rw` never creates the file: an empty database in its place would answer every query with no rows.
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS_KEPT,
            timeout=0.1,  # A reader waits only for the recovery of the log; longer would block the event loop.
        )
        connection.execute("PRAGMA query_only = ON")
        connection.execute(f"PRAGMA cache_size = -{PAGES_KEPT}")
        # No mmap_size: it saves a microsecond, but a disk failure would kill the process (SIGBUS) instead of raising.
        connection.set_progress_handler(self._too_late, CHECK_EVERY)
        self._connection = connection
        return connection

    def _too_late(self) -> bool:
        return monotonic() > self._stop_at

    def _outage(self, error: sqlite3.Error) -> Exception:
        outage = unavailable(error)
        if isinstance(outage, StoreUnavailableError) and outage.cause in (OutageCause.DOWN, OutageCause.DAMAGED):
            self._drop()  # The path may lead to another file when it is back, for example after a restore.
        return outage

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def close(self) -> None:
        """Close the connection; a later fetch opens it again."""
        self._drop()
