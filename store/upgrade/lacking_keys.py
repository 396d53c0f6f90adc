"""Finds customers without a row in the key store, live or destroyed: then it does not belong to this data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from sqlalchemy import bindparam, select

from store.crypto.root_key import RootKeyError
from store.database.store import Store
from store.sql.metadata import Id
from store.tables.customers import customers

PAGE = 2000
"""Customers in one query."""
MOST = 100_000
"""Customers without keys after which counting them ends: the finding is the same."""
LAST = 2**63 - 1
"""Above every id."""
NAMED = 5
"""Maximum customers in the text of an error."""


class KeysLackingError(RootKeyError):
    """The key store is an older copy, or another one: values that need the missing keys must not be discarded."""

    def __init__(self, count: int, named: Sequence[str]) -> None:
        others = ", and others" if count > len(named) else ""
        super().__init__(
            f"The key store lacks {count:,} customers that the database has: {', '.join(named)}{others}. Restore the "
            "one that belongs to this data, newest copy first, and run `gateway db upgrade` again; or say "
            "`gateway db upgrade --accept-loss` to empty what only the missing keys can open. No value was changed."
        )
        self.count = count


async def require_rows(store: Store, ids: Sequence[int]) -> None:
    """Raise KeysLackingError if the key store lacks one of these customers. An erased customer's row stays (R56)."""
    if lacking := await _lacking(store, ids):
        raise KeysLackingError(len(lacking), _named(store, lacking))


async def require_all_rows(store: Store) -> None:
    """Raise KeysLackingError if the key store lacks any customer; reads all of them in pages, with bounded memory."""
    count, first = 0, list[int]()
    async for ids in _pages(store):
        lacking = await _lacking(store, ids)
        count += len(lacking)
        first += lacking[: NAMED - len(first)]
    if count:
        raise KeysLackingError(count, _named(store, first))


async def count_newest_lacking(store: Store, most: int = MOST) -> int:
    """Return how many customers the key store lacks, from the newest one back to a page that it knows whole; at most
    about `most`. StoreUnavailableError.

    An older copy of the key store lacks those who came after it, and ids ascend with time: so whole data costs one
    page, whatever its size, and an older copy as many as it lacks.
    """
    before = customers.c.id < bindparam("before", type_=Id)
    query = select(customers.c.id).where(before).order_by(customers.c.id.desc()).limit(PAGE)
    prepared, count, at = store.reader.prepare(query), 0, LAST
    while count < most and (rows := await store.reader.fetch(prepared, {"before": at})):
        lacking = await _lacking(store, [row[0] for row in rows])
        if not lacking:
            break
        count, at = count + len(lacking), rows[-1][0]
    return count


async def _pages(store: Store) -> AsyncIterator[list[int]]:
    behind = customers.c.id > bindparam("after", type_=Id)
    query = select(customers.c.id).where(behind).order_by(customers.c.id).limit(PAGE)
    prepared, after = store.reader.prepare(query), 0
    while rows := await store.reader.fetch(prepared, {"after": after}):
        yield [row[0] for row in rows]
        after = rows[-1][0]


async def _lacking(store: Store, ids: Sequence[int]) -> list[int]:
    # Two walks over primary keys: the databases are separate, so that no join can do it.
    known = await store.keys.known(ids)
    return sorted(set(ids) - known)


def _named(store: Store, ids: Sequence[int]) -> list[str]:
    outside = store.keys.system.ids
    return [outside("Customer", each, each) for each in ids[:NAMED]]
