"""Repeats, before the first answer, erasures that a restore has undone; found by comparing numbers (F8, D5).

The key store, the data and the ledger each store the number of their last erasure. Only if they differ are the missing
erasures searched, by number. Keys are destroyed at once, so that no such customer is served; rows and files are then
erased by the worker, as in any erasure.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from datetime import datetime

import orjson
from sqlalchemy import bindparam, select

from store.accesses.accesses import Accesses
from store.crypto.erasure_numbers import count_erasure, last_erasure
from store.database.store import Store
from store.ledger.entries import EVENT_ERASED
from store.sql.metadata import Id
from store.tables.erasures import erasure_count, erasures
from workers.erasure.redoing import begin_again

log = logging.getLogger(__name__)

PAGE = 500


async def redo_missing(store: Store, now: datetime) -> int:
    """Compare the three numbers, and repeat the erasures that one of them lacks; returns the number of customers found.

    1. The key store has destroyed keys that the data does not know; 2. the data has erasures whose keys were restored;
    3. the ledger has certified ones that neither knows, by the keys' fingerprints. 4. Then all are set to the same
    number. If it is killed before that, the next start does it again; it is idempotent. StoreUnavailableError.
    """
    keys, data = await store.keys.last_erasure(), await last_erasure(store.reader, erasure_count)
    certified = max([number async for number, _ in _certified(store)], default=0)
    if keys == data and certified <= keys:
        return 0
    log.warning(
        "a restore lost erasures, which are carried out again before anything is answered: the last is %d in the "
        "key store, %d in the data, and %d in the ledger", keys, data, certified,
    )  # fmt: skip
    back, lowest, after = 0, min(keys, data), data
    while page := await store.keys.erased_since(after, PAGE):  # 1
        for number, owner in page:
            # Numbers up to the last certified one are not certified again.
            back += await begin_again(store, [owner], now, certified=number <= certified)
        after = page[-1][0]
    back += await _from_the_data(store, keys, certified, now)  # 2
    if certified > lowest:
        async for number, mark in _certified(store, lowest):  # 3
            living = await store.keys.living(mark)
            if living is not None:
                await store.keys.destroy(living, number=number)
                back += await begin_again(store, [living], now, certified=True)
    top = max(keys, data, certified)
    # Last, so that the next start compares again if the process is killed before.
    await store.keys.settle_erasures(top)  # 4
    async with store.write() as connection:
        await count_erasure(connection, erasure_count, top)
    return back


async def _from_the_data(store: Store, last: int, certified: int, now: datetime) -> int:
    found = select(erasures.c.number, erasures.c.customer_id).where(erasures.c.number > bindparam("number", type_=Id))
    prepared, back = store.reader.prepare(found.order_by(erasures.c.number).limit(PAGE)), 0
    while page := await store.reader.fetch(prepared, {"number": last}):
        living = await store.keys.fingerprints([owner for _, owner in page])
        for number, owner in page:
            last = int(number)
            if owner in living:
                await store.keys.destroy(owner, number=last)
                back += await begin_again(store, [owner], now, certified=last <= certified)
    return back


async def _certified(
    store: Store, above: int | None = None, most: int | None = None
) -> AsyncIterator[tuple[int, bytes]]:
    """Yield the erasures in the ledger, the newest first: one page, or those with numbers above `above`.

    Cases do not end in the order of their numbers, so the search ends at a page without any number above.
    """
    accesses, before = Accesses(store.ledger_reader), None
    while page := (await accesses.pages([EVENT_ERASED], before, PAGE)).get(EVENT_ERASED):
        entries = [orjson.loads(access.entry) for access in page]
        found = [(int(entry["number"]), bytes.fromhex(entry["key"])) for entry in entries]
        for number, mark in found:
            if above is None or number > above:
                yield number, mark
        if above is None or all(number <= above for number, _ in found):
            return
        before = page[-1].index
