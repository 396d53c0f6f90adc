"""Finding whose a value is: one read of the key store, which costs the same for what nobody has (G7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, String, and_, bindparam, select
from sqlalchemy.ext.asyncio import AsyncEngine

from store.crypto.blind_index import Lookup
from store.crypto.epochs import MOST, Epoch, Epochs
from store.crypto.lookup_tables import REF_BYTES, lookup_epochs, lookups
from store.crypto.root_key import RootKeys
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.reading import PreparedStatement, Reader

KIND, SCOPE = "kind", "scope"

AT_ONCE = 200
"""Marks that one statement asks for; a shorter list is filled up with its last one."""
TRIES = 10
"""How often an answer is asked for that another epoch began under."""


@dataclass(frozen=True, slots=True)
class Held:
    """The row of the data that a look-up leads to; it is only true while that row has the same `ref`."""

    row_id: int
    customer_id: int
    ref: bytes


NOBODY = Held(0, 0, bytes(REF_BYTES))
"""What nobody has leads to a row that there never is, so that the data is asked for it, too."""


class LookUps:
    """Reads look-ups. An answer names the epochs that lived when it was given: one that was asked by the marks of
    others is asked again, so that a rotation by another process hides nobody."""

    def __init__(self, reader: Reader, engine: AsyncEngine, root: RootKeys) -> None:
        self.epochs = Epochs(reader, engine, root)
        self._reader = reader
        within = lookups.c.scope == bindparam(SCOPE, type_=String())
        self._one = self._prepared(MOST, within)
        self._many = self._prepared(AT_ONCE, within)
        self._in_any_scope = self._prepared(MOST)

    async def find(self, kind: Lookup, index: bytes, scope: str = "") -> Held:
        """Whose the value of this blind index is; NOBODY's where it is nobody's."""
        return (await self._asked(self._one, kind, [index], {SCOPE: scope})).get(index, [NOBODY])[0]

    async def find_all(self, kind: Lookup, index: bytes) -> list[Held]:
        """The same in every scope, the newest row first: the present registration of a domain and those that ended."""
        found = (await self._asked(self._in_any_scope, kind, [index], {})).get(index, [])
        return sorted(found, key=lambda held: held.row_id, reverse=True)

    async def find_each(self, kind: Lookup, indexes: Sequence[bytes], scope: str = "") -> dict[bytes, Held]:
        """Those of many values that are somebody's, some hundred in a statement."""
        found: dict[bytes, Held] = {}
        for start in range(0, len(indexes), AT_ONCE // MOST):
            some = indexes[start : start + AT_ONCE // MOST]
            asked = await self._asked(self._many, kind, some, {SCOPE: scope})
            found |= {index: held[0] for index, held in asked.items()}
        return found

    def _prepared(self, places: int, *more: ColumnElement[bool]) -> PreparedStatement:
        marks = [bindparam(f"mark{place}", type_=lookups.c.mark.type) for place in range(places)]
        same = and_(
            lookups.c.epoch == lookup_epochs.c.epoch,
            lookups.c.kind == bindparam(KIND, type_=String()),
            lookups.c.mark.in_(marks),
            *more,
        )
        columns = lookup_epochs.c.epoch, lookups.c.mark, lookups.c.row_id, lookups.c.customer_id, lookups.c.ref
        return self._reader.prepare(select(*columns).select_from(lookup_epochs.outerjoin(lookups, same)))

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


def _by_index(rows: Sequence[Sequence[Any]], marks: Mapping[bytes, bytes]) -> dict[bytes, list[Held]]:
    found: dict[bytes, list[Held]] = {}
    for _, mark, row_id, customer, ref in rows:
        if mark is not None:
            found.setdefault(marks[bytes(mark)], []).append(Held(row_id, customer, bytes(ref)))
    return found


def marks_of(epochs: Sequence[Epoch], index: bytes) -> list[bytes]:
    """How a blind index may rest now."""
    return [epoch.mark(index) for epoch in epochs]
