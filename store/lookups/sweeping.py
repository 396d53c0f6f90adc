"""Settling reservations by what the data made of them: what it has is kept, what it has not, or no more, is removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, literal, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookups
from store.database.store import Store
from store.lookups.holders import LookupState, states
from store.operations.lookup_counts import count_change, counted, key_lookup_count, lookup_count
from store.sql.engines import transaction
from store.sql.ids import first_id, new_id
from store.sql.metadata import Id

PAGE = 500
"""Rows that are settled at a time."""
AGE = timedelta(minutes=1)
"""Younger ones are most likely being written still, and are left for the next round."""

MINE = and_(
    lookups.c.customer_id == bindparam("whose", type_=Id), lookups.c.ref == bindparam("own", type_=lookups.c.ref.type)
)
"""A look-up by what it leads to: its mark becomes another one with the next epoch."""


def named(which: Iterable[tuple[int, bytes]]) -> list[dict[str, Any]]:
    """Parameters for a statement on `MINE`."""
    return [{"whose": customer, "own": bytes(ref)} for customer, ref in which]


async def alive(connection: AsyncConnection, numbers: Iterable[int]) -> set[int]:
    """Those of other changes that are still being written, as whoever has a transaction of the data is told.

    On SQLite that is the only one. On PostgreSQL each change has a lock of its number while its transaction lasts.
    """
    if connection.dialect.name != "postgresql":
        return set()
    tried = {number: select(func.pg_try_advisory_xact_lock_shared(number)) for number in sorted(numbers)}
    return {number for number, query in tried.items() if not await connection.scalar(query)}


async def sweep_one(store: Store, number: int) -> None:
    """Settle all that one change reserved, unless it is still being written, whatever its connection says."""
    while await _swept(store, lookups.c.reservation == number):
        pass


async def sweep(store: Store) -> bool:
    """Settle a page of what changes that are over have reserved, the oldest first; whether there may be more.

    Any number of replicas may do it at once: each look-up is settled by what the data says of it then.
    """
    return await _swept(store, lookups.c.reservation < first_id(int((datetime.now(UTC) - AGE).timestamp() * 1000)))


async def release_unused(store: Store) -> None:
    """Remove, page by page, also look-ups that were settled once and that the data has no more or never had, such as
    after a restore; what a change under way has reserved is left to `sweep`. A whole pass over the look-ups.

    In the order of whose they are, which stays the same when they are marked anew.
    """
    number = new_id()
    after: tuple[int, bytes] | None = (0, b"")
    while after is not None:
        after = await _release_page(store, number, after)
        await sweep_one(store, number)


async def _release_page(store: Store, number: int, after: tuple[int, bytes]) -> tuple[int, bytes] | None:
    """Mark those of a page that the data has not; the last of the page, or None behind the last."""
    columns = lookups.c.kind, lookups.c.customer_id, lookups.c.row_id, lookups.c.ref, lookups.c.reservation
    behind = tuple_(lookups.c.customer_id, lookups.c.ref) > tuple_(
        literal(after[0], Id), literal(after[1], lookups.c.ref.type)
    )
    query = select(*columns).where(behind).order_by(lookups.c.customer_id, lookups.c.ref).limit(PAGE)
    async with transaction(store.keys.engine) as connection:
        rows = (await connection.execute(query)).all()
    settled = [row for row in rows if row.reservation is None]
    unused = [row for row, state in await _said(store, settled) if state is LookupState.UNUSED]
    if unused:
        async with transaction(store.keys.engine) as connection:
            mark = update(lookups).where(MINE, lookups.c.reservation.is_(None)).values(reservation=number)
            await connection.execute(mark, _of(unused))
    return (rows[-1].customer_id, bytes(rows[-1].ref)) if rows else None


async def _swept(store: Store, which: ColumnElement[bool]) -> bool:
    busy = set[int]()
    async with store.write() as connection:  # What is written meanwhile is not over: see `alive`.
        while True:
            rows = await _page(store, which, busy)
            found = await alive(connection, {row.reservation for row in rows})
            over = [row for row in rows if row.reservation not in found]
            busy |= found
            if over or len(rows) < PAGE or not found:  # A page of none but busy ones hides those behind it.
                break
        settled = await _settle(store, over) if over else 0
    return settled > 0 and len(rows) == PAGE


async def _page(store: Store, which: ColumnElement[bool], busy: set[int]) -> Sequence[Any]:
    """The oldest of them, without those of changes that are known to be written still: as many as write at once."""
    columns = (
        lookups.c.kind,
        lookups.c.mark,
        lookups.c.scope,
        lookups.c.customer_id,
        lookups.c.row_id,
        lookups.c.ref,
        lookups.c.reservation,
    )
    mine = and_(which, lookups.c.reservation.not_in(sorted(busy))) if busy else which
    async with transaction(store.keys.engine) as connection:
        return (
            await connection.execute(select(*columns).where(mine).order_by(lookups.c.reservation).limit(PAGE))
        ).all()


async def _said(store: Store, rows: Sequence[Any]) -> list[tuple[Any, LookupState]]:
    said: list[tuple[Any, LookupState]] = []
    for kind in Lookup:
        if some := [row for row in rows if row.kind == kind.name]:
            held = [(row.row_id, bytes(row.ref)) for row in some]
            said += zip(some, await states(store.reader, kind, held, datetime.now(UTC)), strict=True)
    return said


async def _settle(store: Store, rows: Sequence[Any]) -> int:
    """How many need not be looked at again, whatever becomes of names that are to go back to their registration."""
    said = await _said(store, rows)
    unused = [row for row, state in said if state is LookupState.UNUSED]
    seen = (await counted(store.reader, lookup_count)).last  # After what they are settled by.
    async with transaction(store.keys.engine) as connection:
        if unused:
            await connection.execute(delete(lookups).where(MINE), _of(unused))
        # A name that was to be let go of, where the change that wanted it broke off: the data has not let go of it.
        if back := [row for row, state in said if row.scope and state in _RUNNING and row.kind == Lookup.DOMAIN.name]:
            await connection.execute(_back(), _of(back))
        kept = [row for row, state in said if state is not LookupState.UNUSED and row not in back]
        over = (
            update(lookups).where(MINE, lookups.c.reservation == bindparam("number", type_=Id)).values(reservation=None)
        )
        if kept:
            await connection.execute(over, _numbered(kept))
        if back:  # One whose name another change has in hand is tried again once that is over.
            await connection.execute(over.where(lookups.c.scope == ""), _numbered(back))
        await count_change(connection, key_lookup_count, step=0, seen=seen)
    return len(unused) + len(kept)


_RUNNING = (LookupState.IN_USE, LookupState.LAPSED)


def _back() -> Any:
    other = lookups.alias().c
    taken = exists().where(other.kind == lookups.c.kind, other.mark == lookups.c.mark, other.scope == "")
    return update(lookups).where(MINE, ~taken).values(scope="")


def _numbered(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [each | {"number": row.reservation} for each, row in zip(_of(rows), rows, strict=True)]


def _of(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return named((row.customer_id, row.ref) for row in rows)
