"""All that uses private parts of aiosqlite, written for 0.22: which thread a call runs in, and what ends the thread.

aiosqlite runs every call in the connection's thread, and has no public way to run one elsewhere, to reach the driver's
connection, or to let the process end while a connection is open.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

import aiosqlite

WRITTEN_FOR = "0.22"
"""The version whose source was read; tests/test_private_parts.py compares it with the installed one."""

Result = TypeVar("Result")


class OpenConnection(aiosqlite.Connection):
    """An aiosqlite connection whose subclass decides for each call where it runs, by overriding `dispatch`."""

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connect, iter_chunk_size=64)
        # A connection that nobody closed must not keep the process from ending.
        self._thread.daemon = True

    @property
    def driver(self) -> sqlite3.Connection:
        """The connection of sqlite3; ValueError while it is not open."""
        return self._conn

    @property
    def is_open(self) -> bool:
        """Whether it has been opened and nobody has stopped its thread."""
        return self._connection is not None and self._running

    async def dispatch(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Run a call; all calls of aiosqlite pass through here."""
        return await self.in_thread(fn, *args, **kwargs)

    async def in_thread(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        """Run a call in the thread; ValueError if the connection is closed."""
        found: Result = await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        return found

    def send_last(self, fn: Callable[[], None]) -> None:
        """Run a call in the thread, also if the connection was never opened; nobody waits for it."""
        self._tx.put_nowait((None, fn))

    async def _execute(self, fn: Callable[..., Result], *args: Any, **kwargs: Any) -> Result:
        return await self.dispatch(fn, *args, **kwargs)
