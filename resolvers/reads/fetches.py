"""Batched reads of the needed columns only; prepared when an operation is planned, and executed for each request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, Table, and_, bindparam, select
from sqlalchemy.sql.elements import KeyedColumnElement

from policy.conditions import Condition
from policy.purposes import Purpose
from resolvers.reads.criteria import held_by, slots_of
from resolvers.reads.filters import masked, owner_of, row_filters, running, within_period
from resolvers.reads.metering import LIST_MOST, ListTooLongError
from resolvers.reads.relations import Relation
from store.crypto.blind_index import Lookup
from store.crypto.lookups import SEVERAL, Held
from store.lookups.holders import PLACES
from store.sql.metadata import Id
from store.sql.reading import PreparedStatement, Reader, any_of
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.invoices import invoices

Row = Sequence[Any]
NUMBER = "number"
KEYS, KEY, REF, ROWS = "keys", "key", "row_ref", "most_rows"


@dataclass(frozen=True, slots=True)
class Projection:
    """The columns of a table that a plan step reads, with the conditions of the purpose on rows and columns."""

    table: Table
    columns: frozenset[Column[Any]]
    row_conditions: frozenset[Condition] = frozenset()
    masks: Mapping[Column[Any], frozenset[Condition]] = field(default_factory=dict)
    own_only: bool = False
    handed: Mapping[Column[Any], str] = field(default_factory=dict)
    """Columns whose reading discloses them to a registry, with the coordinates of their fields."""
    purpose: Purpose | None = None
    """The purpose of the read: rows of customers who stopped it are not read. None for public reads."""
    unless_restricted: frozenset[Column[Any]] = frozenset()
    """Columns that read as NULL while the customer's processing is restricted."""
    happened: Column[datetime] | None = None
    """When the rows happened: only those of a period are read, which the parameters bring (`PERIOD`)."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The positions of columns in the rows of a fetch; the id is always first."""

    table: Table
    at: Mapping[Column[Any], int]
    owner_at: int
    handed: Mapping[Column[Any], str]

    @classmethod
    def of(cls, projection: Projection, *needed: Column[Any]) -> Layout:
        """The layout: id, owner, columns of the relation, then the selected columns in the table's order."""
        table = projection.table
        wanted = {table.c.id: None, owner_of(table): None} | dict.fromkeys(needed)
        wanted |= {column: None for column in table.c if column in projection.columns}
        at = {column: place for place, column in enumerate(wanted)}
        return cls(table, at, at[owner_of(table)], projection.handed)

    def selected(self, projection: Projection) -> list[KeyedColumnElement[Any]]:
        """The SELECT list; columns with conditions on their value are masked."""
        restricted = projection.unless_restricted
        return [masked(column, projection.masks.get(column, ()), column in restricted) for column in self.at]


class ByKey:
    """Rows selected by the value of one column, with one statement for a single key and one for many.

    A `bounded` list has at most LIST_MOST rows for each key, on the average of the keys of one statement.
    """

    __slots__ = ("_among", "_many", "_most", "_one", "grouped_at", "layout", "many", "reader")

    def __init__(self, reader: Reader, projection: Projection, relation: Relation, *, bounded: bool = True) -> None:
        self.reader = reader
        self.many = relation.many
        self._most = LIST_MOST if relation.many and bounded else None
        self.layout = Layout.of(projection, relation.target)
        self.grouped_at = self.layout.at[relation.target]
        target, id_ = relation.target, projection.table.c.id
        # All statements of a fetch share projection and filters.
        base = selecting(projection, self.layout)
        order = id_.desc() if relation.newest_first else id_
        limit = None if self._most is None else bindparam(ROWS, type_=Id)
        self._one = reader.prepare(base.where(target == bindparam(KEY, type_=Id)).order_by(order).limit(limit))
        self._among = base.where(any_of(target, KEYS)).order_by(target, order).limit(limit)
        self._many: PreparedStatement | None = (
            None  # Prepared on first use: fetches by global id only ever have one key.
        )

    async def rows(self, keys: Sequence[int], parameters: Mapping[str, Any]) -> Sequence[Row]:
        """All rows of these keys, ordered by key; one statement. ListTooLongError if a list is too long for that."""
        if not keys:
            return []
        if self._most is None:
            return await self.reader.fetch(self._statement(keys), {**parameters, KEY: keys[0], KEYS: keys})
        # No more leaves the database than the operation may read in all, and one row that shows that there is more.
        limit = min(len(keys) * self._most + 1, parameters[ROWS])
        bound = {**parameters, KEY: keys[0], KEYS: keys, ROWS: limit}
        rows = await self.reader.fetch(self._statement(keys), bound)
        if len(rows) > len(keys) * self._most:
            raise ListTooLongError(self._most, len(rows))
        return rows

    def _statement(self, keys: Sequence[int]) -> PreparedStatement:
        # The common case: a simple equality has the better plan.
        if len(keys) == 1:
            return self._one
        if self._many is None:
            self._many = self.reader.prepare(self._among)
        return self._many

    def grouped(self, rows: Iterable[Row]) -> dict[int, list[Row]]:
        """The rows grouped by key."""
        return grouped_by(rows, self.grouped_at)


class ByIndex:
    """The row of a look-up: a customer by e-mail, number or domain name, or the domain itself.

    The key store returns the row's id and a random reference; the row must have the same reference, or the look-up is
    outdated.
    """

    __slots__ = ("_prepared", "kind", "layout", "reader")

    def __init__(self, reader: Reader, projection: Projection, kind: Lookup) -> None:
        self.reader, self.kind = reader, kind
        self.layout = Layout.of(projection)
        place = PLACES[kind]
        row, tie = place.table.c.id == bindparam(KEY, type_=Id), place.ref == bindparam(REF, type_=place.ref.type)
        found: ColumnElement[bool] = and_(row, tie)
        if place.table is domains:  # The name of an ended registration may belong to somebody else by now.
            found = found & running()
            if projection.table is customers:
                # The look-up refers to the domain; its customer is what is asked for.
                found = customers.c.id.in_(select(domains.c.customer_id).where(found))
        self._prepared: PreparedStatement = reader.prepare(selecting(projection, self.layout).where(found))

    async def rows(self, held: Held, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """At most one row; one statement, also if nothing was found (G7)."""
        return await self.reader.fetch(self._prepared, {**parameters, KEY: held.row_id, REF: held.ref})


class AmbiguousError(Exception):
    """More than one customer has the value: naming one of them would be a guess."""


class ByIndexes:
    """The customer whose value, or whose row with the value, several may have: one, or none, or AmbiguousError.

    Customers that the purpose may not read leave no trace: they do not make a value ambiguous.
    """

    __slots__ = ("_prepared", "kind", "layout", "reader")

    def __init__(self, reader: Reader, projection: Projection, kind: Lookup) -> None:
        self.reader, self.kind = reader, kind
        self.layout = Layout.of(projection)
        place, found = PLACES[kind], held_by(kind, KEY, SEVERAL)
        if place.table is not customers:
            found = customers.c.id.in_(select(place.owner).where(found))
        # Two show that it is not one: no third one leaves the database.
        self._prepared: PreparedStatement = reader.prepare(selecting(projection, self.layout).where(found).limit(2))

    async def rows(self, held: Sequence[Held], parameters: Mapping[str, Any]) -> Sequence[Row]:
        """At most one row; one statement, also if nothing was found (G7). AmbiguousError for two, or for more look-ups
        of the value than are told apart."""
        found = await self.reader.fetch(self._prepared, {**parameters, **slots_of(KEY, held, most=SEVERAL)})
        if len(found) > 1 or len(held) > SEVERAL:
            raise AmbiguousError
        return found


class ByInvoice:
    """The customer of an invoice number: a plain, unique column, read in the statement itself."""

    __slots__ = ("_prepared", "layout", "reader")

    def __init__(self, reader: Reader, projection: Projection) -> None:
        self.reader = reader
        self.layout = Layout.of(projection)
        of = select(invoices.c.customer_id).where(invoices.c.number == bindparam(NUMBER, type_=invoices.c.number.type))
        self._prepared: PreparedStatement = reader.prepare(
            selecting(projection, self.layout).where(owner_of(projection.table).in_(of))
        )

    async def rows(self, value: str, parameters: Mapping[str, Any]) -> Sequence[Row]:
        """At most one row; one statement, also if nothing was found (G7)."""
        return await self.reader.fetch(self._prepared, {**parameters, NUMBER: value})


def grouped_by(rows: Iterable[Row], at: int) -> dict[int, list[Row]]:
    """The rows by the key at this position, in their order."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row[at], []).append(row)
    return groups


def selecting(projection: Projection, layout: Layout) -> Select[Any]:
    """The statement that reads the columns of a layout from the rows that the purpose may read."""
    conditions, own_only = projection.row_conditions, projection.own_only
    filters = row_filters(projection.table, conditions, own_only, projection.purpose)
    if projection.happened is not None:
        filters.append(within_period(projection.happened))
    return select(*layout.selected(projection)).where(*filters)
