"""Finds the owner of a value with one read of the key store, which costs the same if there is none (G7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Dialect, FromClause, String, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from store.crypto.blind_index import Lookup
from store.crypto.epochs import MOST, Epoch, Epochs
from store.crypto.lookup_tables import REF_BYTES, lookup_epochs, lookups
from store.crypto.root_key import RootKeys
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.reading import PreparedStatement, Reader, compile_statement

KIND, SCOPE = "kind", "scope"

AT_ONCE = 200
"""Marks in one statement; a shorter list is padded with its last one, so that one prepared statement suffices."""
SEVERAL = 20
"""Maximum owners of one value that are told apart."""
TRIES = 10
"""Maximum attempts when a new epoch begins during a read."""


@dataclass(frozen=True, slots=True)
class Held:
    """The row of the data that a look-up leads to; valid only while that row has the same `ref`."""

    row_id: int
    customer_id: int
    ref: bytes


NOBODY = Held(0, 0, bytes(REF_BYTES))
"""The result for a value without an owner: a row that never exists, so that the data is queried all the same (G7)."""


class LookUps:
    """Reads look-ups. A result contains the epochs at the time of the read: if the marks were of other epochs, the read
    is repeated, so that a rotation by another process hides no customer."""

    def __init__(self, reader: Reader, engine: AsyncEngine, root: RootKeys) -> None:
        self.epochs = Epochs(reader, engine, root)
        self._reader = reader
        self._one = _prepared(reader.dialect, MOST, scoped=True)
        self._many = _prepared(reader.dialect, AT_ONCE, scoped=True)
        self._in_any_scope = _prepared(reader.dialect, MOST, scoped=False)
        self._some = _prepared(reader.dialect, MOST, scoped=False, most=SEVERAL + 1)

    async def find(self, kind: Lookup, index: bytes, scope: str = "") -> Held:
        """Return the owner of the value with this blind index; NOBODY if there is none."""
        return (await self._asked(self._one, kind, [index], {SCOPE: scope})).get(index, [NOBODY])[0]

    async def find_all(self, kind: Lookup, index: bytes) -> list[Held]:
        """Return the owners in every scope, the newest row first: a domain's current registration and ended ones."""
        found = (await self._asked(self._in_any_scope, kind, [index], {})).get(index, [])
        return sorted(found, key=lambda held: held.row_id, reverse=True)

    async def find_some(self, kind: Lookup, index: bytes) -> list[Held]:
        """Return the owners of a value that several may have: all, or SEVERAL + 1 of them if there are more."""
        return (await self._asked(self._some, kind, [index], {})).get(index, [])

    async def find_each(self, kind: Lookup, indexes: Sequence[bytes], scope: str = "") -> dict[bytes, Held]:
        """Return the owners of many values, a hundred in each statement; values without an owner are left out."""
        found: dict[bytes, Held] = {}
        for start in range(0, len(indexes), AT_ONCE // MOST):
            some = indexes[start : start + AT_ONCE // MOST]
            asked = await self._asked(self._many, kind, some, {SCOPE: scope})
            found |= {index: held[0] for index, held in asked.items()}
        return found

    async def _asked(
        self, prepared: PreparedStatement, kind: Lookup, indexes: Sequence[bytes], values: Mapping[str, Any]
    ) -> dict[bytes, list[Held]]:
        places = [name for name in prepared.parameters if name.startswith("mark")]
        for _ in range(TRIES):
            epochs = await self.epochs.known()
            marks = {epoch.mark(index): index for index in indexes for epoch in epochs}
            given = list(marks) + [next(reversed(marks))] * (len(places) - len(marks))
            named = dict(zip(places, given, strict=True))
            rows = await self._reader.fetch(prepared, {KIND: kind.name, **values, **named})
            if {row[0] for row in rows} == {epoch.number for epoch in epochs}:
                return _by_index(rows, marks)
            await self.epochs.load()
        raise StoreUnavailableError(OutageCause.LOCKED, lookup_epochs.name)


@cache
def _prepared(dialect: Dialect, places: int, scoped: bool, most: int | None = None) -> PreparedStatement:
    """Remembered: compiling so many parameters takes longer than all else that opening a store compiles."""
    marks = [bindparam(f"mark{place}", type_=lookups.c.mark.type) for place in range(places)]
    same = [lookups.c.kind == bindparam(KIND, type_=String()), lookups.c.mark.in_(marks)]
    if scoped:
        same.append(lookups.c.scope == bindparam(SCOPE, type_=String()))
    found: FromClause = lookups
    joined = lookups.c.epoch == lookup_epochs.c.epoch
    if most is None:
        joined = and_(joined, *same)
    else:  # Limited before the join, which has a row for each epoch.
        found = select(lookups).where(*same).limit(most).subquery()
        joined = found.c.epoch == lookup_epochs.c.epoch
    columns = lookup_epochs.c.epoch, found.c.mark, found.c.row_id, found.c.customer_id, found.c.ref
    # An outer join: each epoch gives a row even without a match, so that a change of epochs is noticed.
    return compile_statement(select(*columns).select_from(lookup_epochs.outerjoin(found, joined)), dialect)


def _by_index(rows: Sequence[Sequence[Any]], marks: Mapping[bytes, bytes]) -> dict[bytes, list[Held]]:
    found: dict[bytes, list[Held]] = {}
    for _, mark, row_id, customer, ref in rows:
        if mark is not None:
            found.setdefault(marks[bytes(mark)], []).append(Held(row_id, customer, bytes(ref)))
    return found


def marks_of(epochs: Sequence[Epoch], index: bytes) -> list[bytes]:
    """Return the stored forms of a blind index, one for each epoch."""
    return [epoch.mark(index) for epoch in epochs]
