"""Repeats erasures that a restored backup has undone (R35, D5).

The key store records destroyed keys, and the main database erased customers. If one of the two is restored, the other
one has the record. If both are, the certificates have it: `gateway erasures redo`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.sql.ids import new_id
from store.sql.metadata import Id
from store.sql.reading import any_of
from store.tables.customers import customers
from store.tables.erasures import WAITING_STATES, erasure_steps, erasures
from workers.loop.periodic import Walk, guarded

log = logging.getLogger(__name__)

PAGE = 500


class Redoing:
    """Compares the two records, some pages in each round, and continues where it stopped."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._destroyed, self._erased = Walk("keys that were destroyed"), Walk("customers who were erased")
        done = select(erasures.c.id).where(erasures.c.state == "ERASED", erasures.c.id > bindparam("last", type_=Id))
        self._done = store.reader.prepare(done.order_by(erasures.c.id).limit(PAGE))
        self._owners = store.reader.prepare(select(erasures.c.customer_id).where(any_of(erasures.c.id, "ids")))

    async def run(self, now: datetime) -> int:
        """Repeat the erasure of every customer who was erased and exists; returns their number."""
        store, back = self._store, 0

        async def again(owners: Sequence[int]) -> None:
            nonlocal back
            back += await begin_again(store, owners, now)

        async def destroy_again(ids: Sequence[int]) -> None:
            rows = await store.reader.fetch(self._owners, {"ids": list(ids)})
            for owner in await store.keys.fingerprints([owner for (owner,) in rows]):
                await store.keys.destroy(owner)
                log.warning("a key that was destroyed had come back, and was destroyed again")
                await again([owner])

        await guarded("data that was restored", self._destroyed.go(self._next_destroyed, again))
        await guarded("keys that were restored", self._erased.go(self._next_erased, destroy_again))
        return back

    async def _next_destroyed(self, last: int) -> Sequence[int]:
        return await self._store.keys.destroyed(last, PAGE)

    async def _next_erased(self, last: int) -> Sequence[int]:
        return [id_ for (id_,) in await self._store.reader.fetch(self._done, {"last": last})]


async def redo_certified(store: Store, fingerprints: Iterable[bytes], now: datetime) -> int:
    """Repeat the erasures of the keys in these certificates; returns the number of customers."""
    back = 0
    for mark in fingerprints:
        owner = await store.keys.living(mark)
        if owner is not None:
            await store.keys.destroy(owner)
            back += await begin_again(store, [owner], now, certified=True)
    return back


async def begin_again(store: Store, owners: Sequence[int], now: datetime, certified: bool | None = None) -> int:
    """Record a running erasure for those of these customers who exist; returns their number.

    An erasure that was `certified` before the restore is not certified again. If that is unknown (None), an open case
    is certified, since it was not by the record here; a case without a record was certified before.
    """
    if certified:
        async with store.write() as connection:
            under_way = erasures.c.state == "ERASING", erasures.c.customer_id.in_(list(owners))
            await connection.execute(update(erasures).where(*under_way).values(redone=True))
    there = select(customers.c.id).where(any_of(customers.c.id, "ids"))
    rows = await store.reader.fetch(store.reader.prepare(there), {"ids": list(owners)})
    found = [id_ for (id_,) in rows]
    if not found:
        return 0
    async with store.write() as connection:
        for owner in found:
            await _record(connection, owner, now, certified)
    counted = {"cases": len(found)}
    log.warning("customers who had been erased had come back from a backup, and are erased again", extra=counted)
    return len(found)


async def _record(connection: AsyncConnection, owner: int, now: datetime, certified: bool | None) -> None:
    due = now.replace(microsecond=0)
    row = {
        "id": new_id(), "customer_id": owner, "state": "ERASING", "cause": "REQUEST", "requested_at": due,
        "due_at": None, "when_services_end": False, "warnings": 0, "attempts": 0,
        "redone": certified is not False,
    }  # fmt: skip
    standing = erasures.c.customer_id == owner, erasures.c.state.in_(WAITING_STATES)
    begun = (
        erasures.update().where(*standing).values(state="ERASING", step=None, leased_until=None, redone=bool(certified))
    )
    if (await connection.execute(begun)).rowcount == 0:
        await connection.execute(insert_new(connection, erasures), [row])
    else:  # Steps that were observed before the restore must be done again.
        again = select(erasures.c.id).where(erasures.c.customer_id == owner, erasures.c.state == "ERASING")
        await connection.execute(delete(erasure_steps).where(erasure_steps.c.erasure_id.in_(again)))
