"""Counts the use of documents, in memory and written in the background: registered ones, and ad hoc ones of observed
clients by a hash without values."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.registers.clients import documents, observed_documents
from workers.loop.periodic import run_periodically

log = logging.getLogger("gateway")

PENDING = 10_000
"""The most unwritten counters of one process (G15)."""
ROOM = 1_000
"""The most ad hoc documents that are counted one by one for a client."""
BEYOND = "*"
"""Stands for the further ones."""


class UsedDocument(NamedTuple):
    """The key of one counter."""

    client_id: str
    hash: str
    """SHA-256 of a registered document; of an ad hoc one the hash of its shape."""
    registered: bool


class DocumentUses:
    """Counts uses in this process, and adds them to the store, for all replicas, every few seconds."""

    def __init__(self, store: Store, clock: Callable[[], float], pause: float = 5.0) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._waiting: Counter[UsedDocument] = Counter()

    def note(self, client_id: str, hash_: str, registered: bool) -> None:
        """Count one operation; nothing is written, and nobody waits."""
        one = UsedDocument(client_id, hash_, registered)
        if one not in self._waiting and len(self._waiting) >= PENDING:
            if registered:
                return
            one = one._replace(hash=BEYOND)
        self._waiting[one] += 1

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop, and a last time on the way out."""
        await run_periodically(self.write, stop, self._pause, "counts of documents", last=True)

    async def write(self) -> None:
        """Add the counts since the last call to the store. StoreUnavailableError; they are then kept."""
        found, self._waiting = self._waiting, Counter()
        if not found:
            return
        try:
            async with self._store.write() as connection:
                now = datetime.fromtimestamp(int(self._clock()), UTC)
                await _add_registered(connection, found, now)
                for client_id in sorted({one.client_id for one in found if not one.registered}):
                    await _add_ad_hoc(connection, client_id, found, now)
        except BaseException:  # Cancellation too: at shutdown the last round must still find the counts.
            self._waiting.update(found)
            raise


async def _add_registered(connection: AsyncConnection, found: Mapping[UsedDocument, int], now: datetime) -> None:
    # Sorted, so that the row locks of replicas cannot deadlock.
    rows = [
        {"client": one.client_id, "named": one.hash, "more": count, "at": now}
        for one, count in sorted(found.items())
        if one.registered
    ]
    if rows:
        change = (
            update(documents)
            .where(documents.c.client_id == bindparam("client"), documents.c.hash == bindparam("named"))
            .values(uses=func.coalesce(documents.c.uses, 0) + bindparam("more"), last_used_at=bindparam("at"))
        )
        await connection.execute(change, rows)


async def _add_ad_hoc(
    connection: AsyncConnection, client_id: str, found: Mapping[UsedDocument, int], now: datetime
) -> None:
    """Add the counts of one client; beyond ROOM different documents they are added up under BEYOND."""
    there = select(observed_documents.c.shape).where(observed_documents.c.client_id == client_id)
    known = set((await connection.scalars(there)).all())
    counts: Counter[str] = Counter()
    for one, count in sorted(found.items()):
        if one.client_id != client_id or one.registered:
            continue
        if one.hash not in known:
            if len(known) >= ROOM:
                counts[BEYOND] += count
                continue
            known.add(one.hash)
            log.warning("a document that is not registered", extra={"client": client_id, "document": one.hash})
        counts[one.hash] += count
    rows = [
        {"client_id": client_id, "shape": shape, "operations": count, "first_at": now, "last_at": now}
        for shape, count in sorted(counts.items())
    ]
    await connection.execute(_upsert(connection), rows)


def _upsert(connection: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    new = insert(observed_documents)
    total = observed_documents.c.operations + new.excluded.operations
    return new.on_conflict_do_update(
        index_elements=["client_id", "shape"], set_={"operations": total, "last_at": new.excluded.last_at}
    )
