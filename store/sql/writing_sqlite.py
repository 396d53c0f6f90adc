"""The connection that writes an SQLite file: short statements run in the event loop, commits in a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from store.sql.aiosqlite_private import OpenConnection
from store.sql.errors import OutageCause, cause_of

BEGIN = "BEGIN IMMEDIATE"
"""Without IMMEDIATE two writers that read first both succeed, and one update is lost."""

SHORT = frozenset({"execute", "fetchall", "fetchmany", "fetchone", "close"})
"""Methods of a cursor that run in the loop: a row costs 4 microseconds there, a round trip to a thread 45 to 110."""

FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.02
"""Seconds between two attempts to lock a file that another process is writing to (exponential backoff)."""

Result = TypeVar("Result")


class WritingConnection(OpenConnection):
    """An aiosqlite connection that uses its thread only for commits, `executemany`, and calls that are no statement.

    `timeout` is the maximum wait in seconds for another process's transaction; it does not block the event loop.
    """

    def __init__(self, file: str, timeout: float) -> None:
        super().__init__(self._open)
        self._file, self._timeout = file, timeout
        self._opened: sqlite3.Connection | None = None
        # Equal while the thread is idle. Otherwise a call in the loop would use the connection concurrently.
        self._sent = self._done = 0

    def _open(self) -> sqlite3.Connection:
        """Connect; runs in the thread."""
        self._opened = _connect(self._file, self._timeout)
        return self._opened

    def stop(self) -> asyncio.Future[Any] | None:
        """End the thread, and close the connection that it opened.

        A task that is cancelled while the thread connects never receives the connection, so aiosqlite would not close
        it; the thread does.
        """
        self.send_last(self._close_opened)
        return super().stop()

    def _close_opened(self) -> None:
        if self._opened is not None:
            self._opened.close()

    async def dispatch(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Run a call of aiosqlite, all of which pass through here: in the loop if it is short and the thread is
        idle."""
        if self._sent == self._done and self.is_open and self._is_short(fn):
            return fn(*args, **kwargs)
        self._sent += 1

        def counted() -> Result:
            try:
                return fn(*args, **kwargs)
            finally:
                self._done += 1  # Also if the caller was cancelled: until here the thread uses the connection.

        return await self.in_thread(counted)

    async def run(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run one short statement of the open transaction."""
        if self._sent == self._done:
            return self.driver.execute(sql, values)
        return await self.dispatch(self.driver.execute, sql, values)

    def _is_short(self, fn: Callable[..., Any]) -> bool:
        name, owner = getattr(fn, "__name__", ""), getattr(fn, "__self__", None)
        return name == "cursor" or (name in SHORT and isinstance(owner, sqlite3.Cursor))

    async def begin(self) -> None:
        """Take the file's write lock, with retries; the busy handler of sqlite3 would block the event loop."""
        until, pause = monotonic() + self._timeout, FIRST_PAUSE
        while True:
            # Fail at once and sleep in the loop: sqlite3's busy handler would sleep in the loop's own thread.
            await self.run("PRAGMA busy_timeout = 0")
            try:
                await self.run(BEGIN)
                return
            except sqlite3.OperationalError as error:
                if cause_of(error) is not OutageCause.LOCKED or monotonic() > until:
                    raise
            finally:
                await self.run(f"PRAGMA busy_timeout = {int(self._timeout * 1000)}")
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)


def sqlite_file(path: Path) -> str:
    """Return a URI that never creates the file: an empty database in its place would answer every query with no
    rows."""
    return f"{path.absolute().as_uri()}?mode=rw"


class _AutoRollbackConnection(sqlite3.Connection):
    """A connection that rolls back when it is closed, and so releases the file's lock.

    A connection that is closed while a cursor of a cancelled task still refers to it stays open until that cursor is
    garbage collected, and with it its transaction.
    """

    is_closed = False

    def close(self) -> None:
        if not self.is_closed and self.in_transaction:
            self.rollback()
        self.is_closed = True
        super().close()


def _connect(file: str, timeout: float) -> sqlite3.Connection:
    how = {"isolation_level": None, "timeout": timeout, "check_same_thread": False}
    return sqlite3.connect(file, uri=True, factory=_AutoRollbackConnection, **how)  # type: ignore[call-overload,no-any-return]
