"""Single-use values, across all replicas and under concurrent requests."""

from __future__ import annotations

import asyncio
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.tables.oauth import used_values

MOST = 500
"""Maximum values in one statement."""


class SingleUse:
    """Claims values, with group commit: values that arrive during a transaction share the next one, which divides the
    cost of a durable write under load."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[bytes, tuple[datetime, asyncio.Future[bool]]] = {}
        self._work: asyncio.Task[None] | None = None

    async def claim(self, kind: str, value: str, until: datetime) -> bool:
        """Return True to exactly one caller; False to all others until `until`, when the value expires anyway.

        StoreUnavailableError when it cannot be decided.
        """
        mark = _mark(kind, value)
        if mark in self._waiting:
            return False  # Another request of this process is claiming it.
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting[mark] = (until, answer)
        if self._work is None:
            self._work = asyncio.create_task(self._write_all())
        return await answer

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                marks = sorted(self._waiting)[:MOST]  # In one order everywhere, so that no two replicas deadlock.
                batch = {mark: self._waiting.pop(mark) for mark in marks}
                await self._write(batch)
        finally:
            self._work = None

    async def _write(self, batch: dict[bytes, tuple[datetime, asyncio.Future[bool]]]) -> None:
        rows = [{"hash": mark, "until": until} for mark, (until, _) in batch.items()]
        try:
            async with self._store.write() as connection:
                fresh = await _insert(connection, rows)
        except BaseException as error:
            # Also for a cancellation: the waiting callers must not wait for ever.
            for _, answer in batch.values():
                if not answer.done():
                    answer.set_exception(error)
            if not isinstance(error, Exception):
                raise
            return
        for mark, (_, answer) in batch.items():
            if not answer.done():
                answer.set_result(mark in fresh)


def claim_within(connection: Connection, kind: str, value: str, until: datetime) -> bool:
    """Claim a value in the caller's transaction: it is used if and only if that commits."""
    rows = [{"hash": _mark(kind, value), "until": until}]
    return connection.execute(_statement(connection.dialect.name).values(rows)).rowcount == 1


async def _insert(connection: AsyncConnection, rows: list[dict[str, object]]) -> set[bytes]:
    statement = _statement(connection.dialect.name)
    return set((await connection.execute(statement.values(rows).returning(used_values.c.hash))).scalars())


def _statement(dialect: str) -> postgresql.Insert | sqlite.Insert:
    if dialect == "postgresql":
        return postgresql.insert(used_values).on_conflict_do_nothing()
    return sqlite.insert(used_values).on_conflict_do_nothing()


def _mark(kind: str, value: str) -> bytes:
    return sha256(f"{kind}\0{value}".encode()).digest()
