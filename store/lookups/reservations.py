"""Reserves unique values in the key store before the data is written, so that they are unique across both databases.

No transaction spans the two. A reservation is committed before the data, and becomes valid once the data has its `ref`.
If the data is never written, it is released; after a crash it is taken over by the next request for the value, or
swept.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.blind_index import Lookup
from store.crypto.epochs import Epoch
from store.crypto.key_store import KeyStore
from store.crypto.lookup_tables import lookups, new_ref
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.lookups.holders import LookupState, states
from store.lookups.sweeping import MINE, alive, named, sweep_one
from store.operations.lookup_counts import count_change, counted, key_lookup_count, lookup_count
from store.sql.engines import transaction
from store.sql.errors import StoreUnavailableError
from store.sql.ids import new_id

log = logging.getLogger(__name__)


AT_ONCE = 500
"""Maximum marks in one statement."""


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """A requested value, by its blind index, and the row of the data that shall have it, with its `ref`."""

    kind: Lookup
    index: bytes
    customer_id: int
    row_id: int
    scope: str = ""
    ref: bytes = field(default_factory=new_ref)


def own_request(keys: KeyStore, kind: Lookup, value: str, customer_id: int, row_id: int) -> LookupRequest:
    """Return the request for a value that several customers may have: each row has its own look-up."""
    return LookupRequest(kind, keys.blind_index(kind, value), customer_id, row_id, str(row_id))


class LookupTakenError(Exception):
    """Other rows have these values. The text contains only their number."""

    def __init__(self, taken: Sequence[LookupRequest]) -> None:
        super().__init__(f"{len(taken)} of the values are somebody else's")
        self.taken = tuple(taken)


@dataclass(frozen=True, slots=True)
class _Conflict:
    wanted: LookupRequest
    held: Any

    @property
    def own(self) -> tuple[int, bytes]:
        """The identity of the conflicting look-up."""
        return self.held.customer_id, bytes(self.held.ref)


class Reservations:
    """The reservations of one mutation, within the transaction that writes the data; see `reserving`."""

    def __init__(self, store: Store) -> None:
        self._store, self._number = store, new_id()
        self._used = self._replaces = self._written = False
        self._count = 0

    async def take(
        self,
        connection: AsyncConnection,
        wanted: Sequence[LookupRequest],
        now: datetime,
        replacing: Iterable[tuple[int, bytes | None]] = (),
    ) -> list[int]:
        """Reserve all values or none, durably, in the transaction of the data that shall have them.

        LookupTakenError has the values of others. `replacing` are the customers and refs of look-ups that are removed
        once the data has the new ones. `now` determines whether a domain's registration runs. Returns the rows of ended
        domains that held a name, which the same transaction must release (`store.records.registrations.let_go`).

        A look-up that is not in the data belongs to a mutation that is about to write it, or to one that was aborted.
        On SQLite there is one writer at a time, so it is the latter. On PostgreSQL each mutation holds an advisory lock
        of its number until its transaction ends.
        """
        if twice := _twice(wanted):
            raise LookupTakenError(twice)
        if not self._used and connection.dialect.name == "postgresql":
            # Held until the transaction ends, so that others can test whether this mutation is still running.
            await connection.execute(select(func.pg_advisory_xact_lock(self._number)))
        self._used = True
        over = [(customer, ref) for customer, ref in replacing if ref is not None]
        self._replaces = self._replaces or bool(over)
        conflicts = await self._try(wanted, over=over)
        moved: list[_Conflict] = []
        if conflicts:
            gone, moved = await self._judged(connection, conflicts, now)
            seen = (await counted(self._store.reader, lookup_count)).last  # Read after the rows that were the evidence.
            conflicts = await self._try([each.wanted for each in conflicts], gone=gone, moved=moved, seen=seen)
        if conflicts:
            raise LookupTakenError([each.wanted for each in conflicts])
        return [each.held.row_id for each in moved]

    async def written(self, connection: AsyncConnection) -> None:
        """Count the change, as the last statement of the data's transaction, which has written every `ref` (see
        `store.operations.lookup_counts`)."""
        if self._used:
            await count_change(connection, lookup_count, seen=self._count)
        self._written = True

    async def settle(self, committed: bool) -> None:
        """Release look-ups that the data does not have, or no longer; on an outage they are swept later.

        A look-up that the data has after all is kept, for example if only the answer to the commit was lost.
        """
        if self._used and (self._replaces or not (committed and self._written)):
            try:
                await sweep_one(self._store, self._number)
            except StoreUnavailableError as outage:
                log.warning("Look-ups that were reserved are left to be swept: %s", outage.cause)

    async def _try(
        self,
        wanted: Sequence[LookupRequest],
        over: Sequence[tuple[int, bytes]] = (),
        gone: Sequence[_Conflict] = (),
        moved: Sequence[_Conflict] = (),
        seen: int = 0,
    ) -> list[_Conflict]:
        """In one transaction of the key store: remove unused look-ups, insert the free ones, and count the change."""
        lookup_epochs = self._store.keys.lookups.epochs
        async with transaction(self._store.keys.engine) as connection:
            epoch = await lookup_epochs.lock(connection)
            if over:
                await connection.execute(update(lookups).where(MINE).values(reservation=self._number), named(over))
            if gone:
                await connection.execute(delete(lookups).where(MINE), named(each.own for each in gone))
            if moved:
                change = update(lookups).where(MINE).values(scope=bindparam("within"), reservation=self._number)
                rows = [named([each.own])[0] | {"within": str(each.held.row_id)} for each in moved]
                await connection.execute(change, rows)
            held = await _held(connection, lookup_epochs.living, wanted) if len(lookup_epochs.living) > 1 else {}
            taken = False
            if rows := [self._row(each, epoch) for each in wanted if each not in held]:
                # In the same order everywhere, so that transactions cannot deadlock.
                rows.sort(key=lambda row: (row["kind"], row["mark"]))
                # Existing rows are ignored: the primary key decides between concurrent mutations.
                done = await connection.execute(insert_new(connection, lookups), rows)
                taken = done.rowcount == len(wanted)  # PostgreSQL's driver does not report it for several rows.
            held = {} if taken else await _held(connection, lookup_epochs.living, wanted)
            self._count = await count_change(connection, key_lookup_count, seen=seen)
        # In the order in which the values were asked for: so are they named to whoever asked.
        return [_Conflict(each, held[each]) for each in wanted if each in held and bytes(held[each].ref) != each.ref]

    def _row(self, wanted: LookupRequest, epoch: Epoch) -> dict[str, Any]:
        place = {"kind": wanted.kind.name, "mark": epoch.mark(wanted.index), "scope": wanted.scope}
        leads = {"customer_id": wanted.customer_id, "row_id": wanted.row_id, "ref": wanted.ref}
        return place | leads | {"epoch": epoch.number, "reservation": self._number}

    async def _judged(
        self, connection: AsyncConnection, conflicts: Sequence[_Conflict], now: datetime
    ) -> tuple[list[_Conflict], list[_Conflict]]:
        """Split conflicts into unused look-ups and those of ended domains; LookupTakenError for any other."""
        numbers = {each.held.reservation for each in conflicts} - {None, self._number}
        busy = {self._number, *await alive(connection, numbers)}  # Before the data is read: they may commit in between.
        taken, gone, moved = list[LookupRequest](), list[_Conflict](), list[_Conflict]()
        for kind in dict.fromkeys(each.wanted.kind for each in conflicts):
            some = [each for each in conflicts if each.wanted.kind is kind]
            said = await states(self._store.reader, kind, [(each.held.row_id, each.own[1]) for each in some], now)
            for each, state in zip(some, said, strict=True):
                if state is LookupState.IN_USE or (state is LookupState.UNUSED and each.held.reservation in busy):
                    taken.append(each.wanted)
                else:
                    (gone if state is LookupState.UNUSED else moved).append(each)
        if taken:
            raise LookupTakenError(taken)
        return gone, moved


@asynccontextmanager
async def reserving(store: Store) -> AsyncIterator[Reservations]:
    """Wrap the transaction that writes the data: reservations that were not `written` are released at the end.

    After a crash in between `store.lookups.sweeping` releases them.
    """
    reserved, committed = Reservations(store), False
    try:
        yield reserved
        committed = True
    finally:
        await store.afterwards(partial(reserved.settle, committed))


async def held_of(store: Store, wanted: Sequence[LookupRequest]) -> dict[LookupRequest, Any]:
    """Return the look-ups with these values, whether they are in the data or not."""
    epochs = store.keys.lookups.epochs
    async with transaction(store.keys.engine) as connection:
        await epochs.lock(connection)
        return await _held(connection, epochs.living, wanted)


async def _held(
    connection: AsyncConnection, epochs: Sequence[Epoch], wanted: Sequence[LookupRequest]
) -> dict[LookupRequest, Any]:
    """Return the rows with these values, under any epoch."""
    places: dict[tuple[str, bytes, str], list[LookupRequest]] = {}
    for each, epoch in product(wanted, epochs):
        places.setdefault((each.kind.name, epoch.mark(each.index), each.scope), []).append(each)
    found: dict[LookupRequest, Any] = {}
    listed = list(places)
    for start in range(0, len(listed), AT_ONCE):
        query = select(lookups).where(_among(listed[start : start + AT_ONCE]))
        for row in (await connection.execute(query)).all():
            found |= dict.fromkeys(places.get((row.kind, bytes(row.mark), row.scope), ()), row)
    return found


def _among(places: Sequence[tuple[str, bytes, str]]) -> ColumnElement[bool]:
    by_kind: dict[str, list[bytes]] = {}
    for kind, mark, _ in places:
        by_kind.setdefault(kind, []).append(mark)
    return or_(*(and_(lookups.c.kind == kind, lookups.c.mark.in_(marks)) for kind, marks in by_kind.items()))


def _twice(wanted: Sequence[LookupRequest]) -> list[LookupRequest]:
    """Return the requests that repeat an earlier one of the same mutation."""
    seen = set[tuple[Lookup, bytes, str]]()
    found = []
    for each in wanted:
        place = each.kind, each.index, each.scope
        if place in seen:
            found.append(each)
        seen.add(place)
    return found
