"""The second half of a rebuilding: rows get the index that was noted for them, unless two would share it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database import Store
from store.domains import domains
from store.index_changes import LOOKUPS, index_changes, index_rebuilds
from store.metadata import Id
from store.reindexing import PAGE, TARGETS, Target, begin_anew, opened, patiently, scan
from values.domain_name import DomainNameError, to_ascii

I, R = index_changes.c, index_rebuilds.c  # noqa: E741  (the tables' columns)


@dataclass(frozen=True, slots=True)
class Collision:
    """A row that keeps the index it had, since its value in the new form is another row's, too."""

    lookup: str
    customer: int
    others: tuple[int, ...]
    """The customers who have the same value in the new form; the customer's own id for two rows of theirs."""


async def rebuild(store: Store, anew: bool = False) -> int:
    """Finish the rebuilding under way, all of it `anew` if asked, and try again what collided; how many rows changed.

    1. Every row of a lookup is looked at, and what would change is noted; 2. what was noted is changed, page by page,
    again until a round changes nothing; 3. what is left are collisions, which stay noted (`collisions`). Killed at any
    point, the next call goes on.
    """
    if anew:
        await begin_anew(store)
    changed = 0
    for name in LOOKUPS:
        await scan(store, name)  # 1
        settled = True
        while settled:  # 2
            written, settled = await _round(store, name)
            changed += written
        async with store.write() as connection:
            await connection.execute(delete(index_rebuilds).where(R.lookup == name, R.scanned))
    return changed


async def collisions(store: Store, after: int = 0, most: int = PAGE) -> list[tuple[int, Collision]]:
    """A page of those that stand, each with the number after which the next page begins."""
    async with store.write() as connection:
        noted = select(I.id, I.customer_id, I.lookup, I.row_id, I.scope, I.new_index)
        rows = (await connection.execute(noted.where(I.id > after).order_by(I.id).limit(most))).all()
        return [(row.id, Collision(row.lookup, row.customer_id, await _others(connection, row))) for row in rows]


async def _others(connection: AsyncConnection, row: Any) -> tuple[int, ...]:
    target, other = TARGETS[row.lookup], index_changes.alias().c
    same = other.lookup == row.lookup, other.scope == row.scope, other.new_index == row.new_index, other.id != row.id
    found = set((await connection.scalars(select(other.customer_id).where(*same).limit(PAGE))).all())
    holds = [target.index == row.new_index, target.id != row.row_id]
    if target.scope is not None:
        holds.append(target.scope == row.scope)
    found.update((await connection.scalars(select(target.owner).where(*holds).limit(PAGE))).all())
    return tuple(sorted(found))


async def _round(store: Store, name: str) -> tuple[int, bool]:
    """One pass over what is noted of a lookup; how many rows were changed, and whether that may have freed others."""
    written, settled, last = 0, False, 0
    while (page := await patiently(lambda: _page(store, name, last))) is not None:  # noqa: B023  (awaited at once)
        last, some, gone = page
        written += some
        settled = settled or gone > 0
    return written, settled


async def _page(store: Store, name: str, after: int) -> tuple[int, int, int] | None:
    """The last of a page, how many of its rows were changed, and how many need none any more; None behind the last."""
    target = TARGETS[name]
    async with store.write() as connection:
        noted = select(index_changes).where(I.lookup == name, I.id > after).order_by(I.id).limit(PAGE)
        rows = (await connection.execute(noted.with_for_update())).all()
        if not rows:
            return None
        first, last = rows[0].id, rows[-1].id
        kept = set((await connection.scalars(_contested(target, name, first, last))).all())
        over = set((await connection.scalars(_stale(target, name, first, last))).all())
        free = [row for row in rows if row.id not in kept and row.id not in over]
        if free:
            await _write(connection, store, target, free)
        gone = [{"gone": row.id} for row in rows if row.id in over or row.id not in kept]
        if gone:
            await connection.execute(delete(index_changes).where(I.id == bindparam("gone", type_=Id)), gone)
    return last, len(free), len(gone)


def _contested(target: Target, name: str, first: int, last: int) -> Any:
    """Those of a page whose new index another row has, or is to have."""
    other = index_changes.alias().c
    too = exists().where(
        other.lookup == I.lookup, other.scope == I.scope, other.new_index == I.new_index, other.id != I.id
    )
    has = exists().where(target.index == I.new_index, target.id != I.row_id, _same_scope(target))
    return select(I.id).where(I.lookup == name, I.id.between(first, last), or_(too, has))


def _stale(target: Target, name: str, first: int, last: int) -> Any:
    """Those of a page whose row is gone, or got another value since it was looked at."""
    there = exists().where(target.id == I.row_id, target.index == I.old_index)
    return select(I.id).where(I.lookup == name, I.id.between(first, last), ~there)


def _same_scope(target: Target) -> ColumnElement[bool]:
    return literal(True) if target.scope is None else and_(target.scope == I.scope)


async def _write(connection: AsyncConnection, store: Store, target: Target, rows: Sequence[Any]) -> None:
    change = update(target.table).where(
        target.id == bindparam("which", type_=Id), target.index == bindparam("old", type_=target.index.type)
    )
    values = [{"which": row.row_id, "old": row.old_index, "new": row.new_index} for row in rows]
    await connection.execute(change.values({target.index.name: bindparam("new")}), values)
    if target.table is domains:
        await _write_names(connection, store, target, rows)


async def _write_names(connection: AsyncConnection, store: Store, target: Target, rows: Sequence[Any]) -> None:
    """A domain's name rests by its A-labels, which registries and RDAP want, and so does its ending."""
    keys = dict(
        zip([row.row_id for row in rows], await store.keys.subjects([r.customer_id for r in rows]), strict=True)
    )
    names = select(target.id, target.value.label("value")).where(target.id.in_(list(keys)))
    for row in (await connection.execute(names)).all():
        key = keys[row.id]
        text = opened(key, target, row.id, row.value)
        if key is None or text is None:
            continue
        try:
            name = to_ascii(text)
        except DomainNameError:
            continue
        written = {"name": key.seal(target.value, row.id, name.encode()), "tld": name.rpartition(".")[2]}
        await connection.execute(update(domains).where(target.id == row.id).values(written))
