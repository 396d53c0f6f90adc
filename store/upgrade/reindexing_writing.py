"""The second half of a rebuilding: rows get the look-up that was noted for them, unless two would share it."""

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
from store.upgrade.reindexing import PAGE, TARGETS, Target, begin_anew, opened, patiently, scan, turn
from values.domain_name import DomainNameError, to_ascii

NAMES = {target.lookup: name for name, target in TARGETS.items()}


@dataclass(frozen=True, slots=True)
class Collision:
    """A row that gets no look-up of its value in the new form, since that is another row's, too.

    It keeps the look-up it had. One that had none in the key store yet, such as one that an earlier release found by an
    index beside the data, is found by nothing until one of the two changes.
    """

    lookup: str
    customer: int
    others: tuple[int, ...]
    """The customers who have the same value in the new form; the customer's own id for two rows of theirs."""
    found: bool = True
    """Whether the row has a look-up, of its former form."""


@dataclass(frozen=True, slots=True)
class _Noted:
    """A row that is to be found by another look-up."""

    id: int
    ref: bytes | None
    """What the row had when it was looked at."""
    wanted: LookupRequest

    @property
    def place(self) -> tuple[bytes, str]:
        """What it would share with others."""
        return self.wanted.index, self.wanted.scope


async def rebuild(store: Store, anew: bool = False, moved: Callable[[int], None] = lambda _: None) -> int:
    """Finish the rebuilding under way, all of it `anew` if asked, and try again what collided; how many rows changed.

    1. Every row of a lookup is looked at, and what would change is noted; 2. what was noted is changed, page by page,
    again until a round changes nothing; 3. look-ups that nothing of the data has are removed. What is left are
    collisions, which stay noted (`collisions`). Killed at any point, the next call goes on. `moved` is told how many
    were only moved from beside the data.
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
    """A page of those that stand, each with the number after which the next page begins."""
    found = await _noted(store, lookup_changes.c.id > after, most)
    return [(each.id, await _collision(store, each)) for each in found]


async def _collision(store: Store, each: _Noted) -> Collision:
    others = (await _rivals(store, [each]))[each.id]
    held = await _has_one(store, each)
    return Collision(NAMES[each.wanted.kind], each.wanted.customer_id, tuple(sorted(others)), held)


async def _has_one(store: Store, each: _Noted) -> bool:
    """Whether the key store has the look-up that the row has; a restored one may lack it."""
    if each.ref is None:
        return False
    mine = lookups.c.customer_id == each.wanted.customer_id, lookups.c.ref == each.ref
    async with transaction(store.keys.engine) as connection:
        return bool(await connection.scalar(select(exists().where(*mine))))


async def _begun(store: Store, name: str) -> bool:
    """Whether the rows of a lookup were looked at; false when only what collided before was tried again."""
    async with store.write() as connection:
        return (
            await connection.scalar(select(index_rebuilds.c.lookup).where(index_rebuilds.c.lookup == name)) is not None
        )


async def _round(store: Store, name: str, former: Former) -> tuple[int, bool]:
    """One pass over what is noted of a lookup; how many rows were changed, and whether that may have freed others."""
    written, settled, last = 0, False, 0
    while (page := await patiently(lambda: _page(store, name, former, last))) is not None:  # noqa: B023  (awaited at once)
        last, some, gone = page
        written += some
        settled = settled or gone > 0
    return written, settled


async def _page(store: Store, name: str, former: Former, after: int) -> tuple[int, int, int] | None:
    """The last of a page, how many of its rows were changed, and how many need none any more; None behind the last."""
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
    """The blind index that a row of this or another table of marks stands for."""
    epochs = {each.number: each for each in store.keys.lookups.epochs.living}
    return epochs[row.epoch].index(bytes(row.mark))


async def _stale(connection: AsyncConnection, target: Target, noted: Sequence[_Noted]) -> set[int]:
    """Those whose row is gone, or got another value since it was looked at; the others are held as they are."""
    ref = target.place.ref
    query = select(target.id, ref.label("ref")).where(target.id.in_([each.wanted.row_id for each in noted]))
    rows = (await connection.execute(query.with_for_update())).all()
    present = {row.id: None if row.ref is None else bytes(row.ref) for row in rows}
    return {each.id for each in noted if present.get(each.wanted.row_id, b"") != each.ref}


async def _rivals(store: Store, noted: Sequence[_Noted]) -> dict[int, set[int]]:
    """Of each, the customers of other rows that are to have the same look-up, or have it by what the data says."""
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
    """A domain's name rests by its A-labels, which registries and RDAP want, and so does its ending."""
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
