"""Keyset pages of a table or of each parent's rows, forward and backward; read by one prepared statement."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, bindparam, func, select

from resolvers.reads.criteria import Criterion, Given
from resolvers.reads.fetches import KEY, KEYS, Layout, Projection, Row, grouped_by, selecting
from resolvers.reads.relations import Relation
from store.sql.metadata import Id
from store.sql.reading import PreparedStatement, Reader, any_of

T = TypeVar("T")
AFTER, BEFORE, LIMIT = "after", "before", "row_limit"
LEAST, MOST = -1, 2**63 - 1
"""Bounds beyond every id."""


@dataclass(frozen=True, slots=True)
class Span:
    """The rows between two ids, read from one end: `descending` from the greatest id, else from the least."""

    limit: int
    above: int = LEAST
    below: int = MOST
    descending: bool = False
    backward: bool = False
    """The page is the last rows of the span: they are read from the end of the list, and turned round."""
    given: Given = ()
    """The values of the criteria of the list's filter."""

    def beyond(self, key: int) -> Span:
        """The part of the span that is still to be read, once the row of this id was."""
        return replace(self, below=key) if self.descending else replace(self, above=key)

    def rest(self, count: int) -> Span:
        """The same span for a page of so many rows."""
        return replace(self, limit=count)

    def trimmed(self, rows: Sequence[T]) -> tuple[list[T], bool]:
        """The page in the order of the list, and whether more rows follow in the direction of reading."""
        # The row beyond the page only shows that there are more.
        return self.ordered(rows[: self.limit]), len(rows) > self.limit

    def ordered(self, rows: Sequence[T]) -> list[T]:
        """Rows as they were read, in the order of the list."""
        return list(reversed(rows)) if self.backward else list(rows)


class PageOf:
    """A keyset page of a table or of each parent's rows; one more row is read to know whether others follow."""

    __slots__ = ("_base", "_prepared", "criteria", "grouped_at", "layout", "reader", "relation")

    def __init__(
        self,
        reader: Reader,
        projection: Projection,
        relation: Relation | None = None,
        criteria: Sequence[Criterion] = (),
    ) -> None:
        self.reader, self.relation, self.criteria = reader, relation, {each.name: each for each in criteria}
        needed = () if relation is None else (relation.target,)
        self.layout = Layout.of(projection, *needed)
        self.grouped_at = 0 if relation is None else self.layout.at[relation.target]
        id_ = projection.table.c.id
        between = (id_ > bindparam(AFTER, type_=Id)) & (id_ < bindparam(BEFORE, type_=Id))
        self._base = selecting(projection, self.layout).where(between, *(each.clause for each in criteria))
        # Prepared on first use, by direction and by whether there are several parents: most plans need one of the four.
        self._prepared: dict[tuple[bool, bool], PreparedStatement] = {}

    async def rows(self, keys: Sequence[int] | None, span: Span, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """Up to one row more than the span's limit as they are read, per parent key if there are any; one statement.

        LookupError for several keys on a page of a whole table, which has no parents.
        """
        bound = {**parameters, AFTER: span.above, BEFORE: span.below, LIMIT: span.limit + 1}
        if keys is None:
            return await self.reader.fetch(self._statement(span, many=False), bound)
        if not keys:
            return []
        if len(keys) == 1:
            return await self.reader.fetch(self._statement(span, many=False), bound | {KEY: keys[0]})
        return await self.reader.fetch(self._statement(span, many=True), bound | {KEYS: keys})

    def _statement(self, span: Span, many: bool) -> PreparedStatement:
        key = span.descending, many
        if key not in self._prepared:
            self._prepared[key] = self.reader.prepare(self._select(*key))
        return self._prepared[key]

    def _select(self, descending: bool, many: bool) -> Select[Any]:
        id_, relation, limit = self.layout.table.c.id, self.relation, bindparam(LIMIT, type_=Id)
        order = id_.desc() if descending else id_
        if many:
            if relation is None:
                raise LookupError(f"a page of all {self.layout.table.name} is not read by keys")
            return _windowed(self._base, relation, order, limit)
        one = self._base if relation is None else self._base.where(relation.target == bindparam(KEY, type_=Id))
        return one.order_by(order).limit(limit)

    def grouped(self, rows: Iterable[Row]) -> dict[int, list[Row]]:
        """The rows grouped by key."""
        return grouped_by(rows, self.grouped_at)


def _windowed(
    base: Select[Any], relation: Relation, order: ColumnElement[Any], limit: ColumnElement[Any]
) -> Select[Any]:
    # A window function limits the rows of each parent in one statement.
    place = func.row_number().over(partition_by=relation.target, order_by=order).label("place")
    numbered = base.where(any_of(relation.target, KEYS)).add_columns(place).subquery()
    columns = [column for column in numbered.c if column.name != "place"]
    parent, first = numbered.c[relation.target.name], numbered.c.place
    return select(*columns).where(first <= limit).order_by(parent, first)
