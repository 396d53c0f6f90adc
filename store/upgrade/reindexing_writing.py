"""The second half of a rebuild: rows get their recorded look-up, unless two would share it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import MARKED, lookup_changes, lookups
from store.database.store import Store
from store.lookups.holders import LookupState, states
from store.lookups.reservations import LookupRequest, Reservations, reserving
from store.lookups.sweeping import release_unused
from store.operations.index_changes import LOOKUPS, index_rebuilds
from store.sql.engines import transaction
from store.sql.metadata import Id
from store.tables.domains import domains
from store.upgrade.former_indexes import Former, write_refs
from store.upgrade.reindexing import PAGE, TARGETS, Target, begin_anew, opened, scan, turn, with_retries
from values.domain_name import DomainNameError, to_ascii

NAMES = {target.lookup: name for name, target in TARGETS.items()}


@dataclass(frozen=True, slots=True)
class Collision:
    """A row that gets no look-up in the new form of its value, since another row has the same one.

    It keeps its former look-up. A row without one in the key store, such as one that an earlier release indexed beside
    the data, cannot be found until one of the two changes.
    """

    lookup: str
    customer: int
    others: tuple[int, ...]
    """The customers with the same value in the new form; the customer's own id for two rows of the same customer."""
    found: bool = True
    """True if the row has a look-up, of its former form."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A row whose look-up changes."""

    id: int
    ref: bytes | None
    """The `ref` of the row when it was read."""
    wanted: LookupRequest

    @property
    def place(self) -> tuple[bytes, str]:
        """The identity that must be unique."""
        return self.wanted.index, self.wanted.scope


async def rebuild(store: Store, anew: bool = False, moved: Callable[[int], None] = lambda _: None) -> int:
    """Finish the rebuild under way, or do a complete one (`anew`), and retry collisions; returns the number of changed
    rows.

    1. Every row of a kind is read, and its change recorded; 2. the changes are applied, page by page, in rounds until
    nothing changes; 3. look-ups that the data does not have are removed. The rest are collisions, which stay recorded
    (`collisions`). If it is killed, the next call continues. `moved` is called with the number of rows that were only
    moved from beside the data.
    """
    if anew:
        await begin_anew(store)
    changed = 0
    for name in LOOKUPS:
        moved(some := await scan(store, name))  # 1
        changed += some
        former = await Former.of(store, TARGETS[name].place, TARGETS[name].former)
        settled = True
        while settled:  # 2
            written, settled = await _round(store, name, former)
            changed += written
        if name == LOOKUPS[-1] and await _begun(store, name):
            await release_unused(store)  # 3
        async with store.write() as connection:
            await connection.execute(
                delete(index_rebuilds).where(index_rebuilds.c.lookup == name, index_rebuilds.c.scanned)
            )
    return changed


async def collisions(store: Store, after: int = 0, most: int = PAGE) -> list[tuple[int, Collision]]:
    """Return a page of collisions, each with the number after which the next page begins."""
    found = await _noted(store, lookup_changes.c.id > after, most)
    return [(each.id, await _collision(store, each)) for each in found]


async def _collision(store: Store, each: _Noted) -> Collision:
    others = (await _rivals(store, [each]))[each.id]
    held = await _has_one(store, each)
    return Collision(NAMES[each.wanted.kind], each.wanted.customer_id, tuple(sorted(others)), held)


async def _has_one(store: Store, each: _Noted) -> bool:
    """Return whether the key store has the look-up of the row; a restored one may lack it."""
    if each.ref is None:
        return False
    mine = lookups.c.customer_id == each.wanted.customer_id, lookups.c.ref == each.ref
    async with transaction(store.keys.engine) as connection:
        return bool(await connection.scalar(select(exists().where(*mine))))


async def _begun(store: Store, name: str) -> bool:
    """Return whether the rows of a kind were scanned; False when only collisions were retried."""
    async with store.write() as connection:
        return (
            await connection.scalar(select(index_rebuilds.c.lookup).where(index_rebuilds.c.lookup == name)) is not None
        )


async def _round(store: Store, name: str, former: Former) -> tuple[int, bool]:
    """Make one pass over the recorded rows of a kind; returns the number of changed rows, and whether others may be
    free."""
    written, settled, last = 0, False, 0
    while (page := await with_retries(lambda: _page(store, name, former, last))) is not None:  # noqa: B023  (awaited at once)
        last, some, gone = page
        written += some
        settled = settled or gone > 0
    return written, settled


async def _page(store: Store, name: str, former: Former, after: int) -> tuple[int, int, int] | None:
    """Process a page; returns its last row, the number of changed and of settled rows; None after the last page."""
    target = TARGETS[name]
    async with reserving(store) as reserved, store.write() as connection:
        await turn(connection)
        noted = await _noted(
            store, and_(lookup_changes.c.kind == target.lookup.name, lookup_changes.c.id > after), PAGE
        )
        if not noted:
            return None
        over = await _stale(connection, target, noted)
        rivals = await _rivals(store, noted)
        free = [each for each in noted if each.id not in over and not rivals[each.id]]
        if free:
            await _write(connection, store, reserved, target, free, former)
        await reserved.written(connection)
    # After the data is committed: a record that is left behind by a crash is found to be stale by the next call.
    await _forget(store, over | {each.id for each in free})
    return noted[-1].id, len(free), len(over) + len(free)


async def _noted(store: Store, which: ColumnElement[bool], most: int) -> list[_Noted]:
    query = select(lookup_changes).where(which).order_by(lookup_changes.c.id).limit(most)
    async with transaction(store.keys.engine) as connection:
        await store.keys.lookups.epochs.lock(connection)
        rows = (await connection.execute(query)).all()
    return [_read(store, row) for row in rows]


def _read(store: Store, row: Any) -> _Noted:
    wanted = LookupRequest(Lookup[row.kind], _index(store, row), row.customer_id, row.row_id, row.scope)
    return _Noted(row.id, None if row.ref is None else bytes(row.ref), wanted)


def _index(store: Store, row: Any) -> bytes:
    """Return the blind index of a row of a table with marks."""
    epochs = {each.number: each for each in store.keys.lookups.epochs.living}
    return epochs[row.epoch].index(bytes(row.mark))


async def _stale(connection: AsyncConnection, target: Target, noted: Sequence[_Noted]) -> set[int]:
    """Return the records whose row is gone or has changed since it was read; locks the other rows."""
    ref = target.place.ref
    query = select(target.id, ref.label("ref")).where(target.id.in_([each.wanted.row_id for each in noted]))
    rows = (await connection.execute(query.with_for_update())).all()
    present = {row.id: None if row.ref is None else bytes(row.ref) for row in rows}
    return {each.id for each in noted if present.get(each.wanted.row_id, b"") != each.ref}


async def _rivals(store: Store, noted: Sequence[_Noted]) -> dict[int, set[int]]:
    """Return, for each record, the customers of other rows that have or shall have the same look-up."""
    kind, places = noted[0].wanted.kind, {each.place for each in noted}
    async with transaction(store.keys.engine) as connection:
        await store.keys.lookups.epochs.lock(connection)
        marks = [epoch.mark(index) for index, _ in places for epoch in store.keys.lookups.epochs.living]
        found = [
            (await connection.execute(select(table).where(table.c.kind == kind.name, table.c.mark.in_(marks)))).all()
            for table in MARKED
        ]
        sharing = [[(row, (_index(store, row), row.scope)) for row in rows] for rows in found]
    held, others = sharing
    said = await states(store.reader, kind, [(row.row_id, bytes(row.ref)) for row, _ in held], datetime.now(UTC))
    others += [each for each, state in zip(held, said, strict=True) if state is not LookupState.UNUSED]
    by_place: dict[tuple[bytes, str], list[Any]] = {}
    for row, place in others:
        by_place.setdefault(place, []).append(row)
    return {
        each.id: {row.customer_id for row in by_place.get(each.place, ()) if row.row_id != each.wanted.row_id}
        for each in noted
    }


async def _write(
    connection: AsyncConnection,
    store: Store,
    reserved: Reservations,
    target: Target,
    rows: Sequence[_Noted],
    former: Former,
) -> None:
    wanted = [each.wanted for each in rows]
    before = [(each.wanted.customer_id, each.ref) for each in rows]
    await reserved.take(connection, wanted, datetime.now(UTC), replacing=before)
    await write_refs(connection, target.place, wanted, former)
    if target.table is domains:
        await _write_names(connection, store, target, wanted)


async def _forget(store: Store, ids: set[int]) -> None:
    if ids:
        async with transaction(store.keys.engine) as connection:
            gone = delete(lookup_changes).where(lookup_changes.c.id == bindparam("gone", type_=Id))
            await connection.execute(gone, [{"gone": each} for each in sorted(ids)])


async def _write_names(
    connection: AsyncConnection, store: Store, target: Target, rows: Sequence[LookupRequest]
) -> None:
    """Store domain names and endings in A-labels, which registries and RDAP use."""
    keys = dict(
        zip([row.row_id for row in rows], await store.keys.subjects([r.customer_id for r in rows]), strict=True)
    )
    value = target.place.value
    names = select(target.id, value.label("value")).where(target.id.in_(list(keys)))
    for row in (await connection.execute(names)).all():
        key = keys[row.id]
        text = opened(key, target, row.id, row.value)
        if key is None or text is None:
            continue
        try:
            name = to_ascii(text)
        except DomainNameError:
            continue
        if name != text:
            written = {"name": key.seal(value, row.id, name.encode()), "tld": name.rpartition(".")[2]}
            await connection.execute(update(domains).where(target.id == row.id).values(written))
