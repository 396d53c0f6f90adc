"""Settles reservations by the data: a look-up that it has is confirmed, one that it does not have is removed."""

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
"""Rows in one transaction."""
AGE = timedelta(minutes=1)
"""Newer reservations are probably still being written, and are left to the next round."""

MINE = and_(
    lookups.c.customer_id == bindparam("whose", type_=Id), lookups.c.ref == bindparam("own", type_=lookups.c.ref.type)
)
"""Condition for a look-up by its row, not by its mark, which changes with the next epoch."""


def named(which: Iterable[tuple[int, bytes]]) -> list[dict[str, Any]]:
    """Return the parameters of a statement with `MINE`."""
    return [{"whose": customer, "own": bytes(ref)} for customer, ref in which]


async def alive(connection: AsyncConnection, numbers: Iterable[int]) -> set[int]:
    """Return the numbers of mutations that are still being written; call it in a transaction of the data.

    On SQLite that is the only one. On PostgreSQL each mutation holds an advisory lock of its number during its
    transaction.
    """
    if connection.dialect.name != "postgresql":
        return set()
    tried = {number: select(func.pg_try_advisory_xact_lock_shared(number)) for number in sorted(numbers)}
    # The lock is granted if the mutation has ended. Shared, so that two sweepers do not take each other for a mutation.
    return {number for number, query in tried.items() if not await connection.scalar(query)}


async def sweep_one(store: Store, number: int) -> None:
    """Settle all reservations of one mutation, unless it is still being written, even if its connection was lost."""
    while await _swept(store, lookups.c.reservation == number):
        pass


async def sweep(store: Store) -> bool:
    """Settle a page of reservations of ended mutations, the oldest first; returns whether there may be more.

    Safe to run on any number of replicas at once: each look-up is settled by the data at that time.
    """
    return await _swept(store, lookups.c.reservation < first_id(int((datetime.now(UTC) - AGE).timestamp() * 1000)))


async def release_unused(store: Store) -> None:
    """Remove all look-ups that the data does not have, also settled ones, such as after a restore; reservations of
    running mutations are left to `sweep`. It scans all look-ups, page by page.

    The order is by customer and `ref`, which does not change when marks are re-encrypted.
    """
    number = new_id()
    after: tuple[int, bytes] | None = (0, b"")
    while after is not None:
        after = await _release_page(store, number, after)
        await sweep_one(store, number)


async def _release_page(store: Store, number: int, after: tuple[int, bytes]) -> tuple[int, bytes] | None:
    """Mark the look-ups of a page that the data does not have; returns the last of the page, None after the last
    page."""
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
    async with store.write() as connection:  # A mutation of another transaction counts as running: see `alive`.
        while True:
            rows = await _page(store, which, busy)
            found = await alive(connection, {row.reservation for row in rows})
            over = [row for row in rows if row.reservation not in found]
            busy |= found
            if over or len(rows) < PAGE or not found:  # A page of running mutations only would hide those behind it.
                break
        settled = await _settle(store, over) if over else 0
    return settled > 0 and len(rows) == PAGE


async def _page(store: Store, which: ColumnElement[bool], busy: set[int]) -> Sequence[Any]:
    """Return the oldest ones, without those of mutations that are known to be running."""
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
    """Settle the rows; returns how many are done, not counting names to be returned to their registration."""
    said = await _said(store, rows)
    unused = [row for row, state in said if state is LookupState.UNUSED]
    seen = (await counted(store.reader, lookup_count)).last  # Read after the rows that were the evidence.
    async with transaction(store.keys.engine) as connection:
        if unused:
            await connection.execute(delete(lookups).where(MINE), _of(unused))
        # A name that was to be released for a mutation that was aborted: its registration still has it.
        if back := [row for row, state in said if row.scope and state in _RUNNING and row.kind == Lookup.DOMAIN.name]:
            await connection.execute(_back(), _of(back))
        kept = [row for row, state in said if state is not LookupState.UNUSED and row not in back]
        over = (
            update(lookups).where(MINE, lookups.c.reservation == bindparam("number", type_=Id)).values(reservation=None)
        )
        if kept:
            await connection.execute(over, _numbered(kept))
        if back:  # If another mutation has reserved the name, it is retried once that has ended.
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
