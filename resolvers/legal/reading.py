"""Reads for an order of an authority: decided field by field, through the guard, and noted for the ledger (R24)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Table

from policy.decision import Granted, decide_order
from policy.purposes import Purpose
from policy.rules import Rule
from resolvers.legal.orders import LegalRequestError
from resolvers.reads.fetches import ByKey, Projection
from resolvers.reads.filters import PERIOD, owner_of
from resolvers.reads.guard import OpenedRecord, OrderBounds
from resolvers.reads.operation import OperationContext
from resolvers.reads.relations import children
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.metadata import Instant, instant
from store.tables.access import sessions, sign_ins
from store.tables.changes import customer_changes
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.invoices import invoices

MOMENTS: Mapping[str, Column[datetime]] = {
    each.table.name: each
    for each in (
        sign_ins.c.at, sessions.c.started_at, consents.c.at, customer_changes.c.at, disclosures.c.at,
        invoices.c.issued_at,
    )
}  # fmt: skip
"""When rows of a table happened: only those of the order's period are answered. Other tables hold what is so now."""


@dataclass(frozen=True, slots=True)
class RestingField:
    """A field of the schema that shows columns: what is declared of it, and where it rests."""

    rule: Rule
    columns: tuple[Column[Any], ...]
    make: Callable[..., Any] | None = None
    """Makes the value of several columns, such as an amount of money with its currency."""


@dataclass(frozen=True, slots=True)
class OrderedRead:
    """The extent of an approved order: these fields of one customer, of a period."""

    customer: int
    fields: tuple[str, ...]
    period: tuple[datetime, datetime]
    """From the first moment on, and before the second."""


@dataclass(frozen=True, slots=True)
class OrderAnswer:
    """The values that were read, with the subjects for the ledger."""

    key: SubjectKey | None
    """The customer's; None where it is gone, and then there are no values (R35)."""
    values: Mapping[str, list[Any]]
    """By coordinate, in the order of the rows; rows that hold nothing there are left out."""
    subjects: tuple[str, ...]
    """The pseudonyms that the guard noted, for the ledger."""


async def read_order(
    store: Store, fields: Mapping[str, RestingField], order: OrderedRead, asked: Iterable[str], now: datetime
) -> OrderAnswer:
    """The values of the fields that are asked for; one statement a table.

    1. each field is decided upon by the order itself, LegalRequestError where it is refused; 2. rows are read for
    LEGAL_REQUEST, only the customer's, only columns of those fields; 3. they pass the guard, which knows the order:
    OutsideOrderError for another customer or a column that it does not name; 4. what the guard lets through is opened.
    """
    coordinates = tuple(dict.fromkeys(asked))
    for coordinate in coordinates:  # 1
        _require_granted(fields[coordinate].rule, frozenset(order.fields))
    bounds = OrderBounds(order.customer, frozenset(_columns(fields, order.fields)))
    unit = OperationContext(store, order.customer, now, bounds=bounds)
    unit.parameters |= zip(PERIOD, order.period, strict=True)
    records: dict[Table, list[OpenedRecord]] = {}
    await unit.revealed.add_owners([order.customer])
    for table, columns in _by_table(_columns(fields, coordinates)).items():
        records[table] = await _records(unit, table, columns, order.customer)  # 2, 3
    values = {each: _values(records[fields[each].columns[0].table], fields[each]) for each in coordinates}  # 4
    key = unit.revealed.known[order.customer]
    return OrderAnswer(key, {} if key is None else values, tuple(unit.revealed.subjects))


def _require_granted(rule: Rule, named: frozenset[str]) -> None:
    decided = decide_order(rule, named)
    if not isinstance(decided, Granted):
        raise LegalRequestError(f"{rule.coordinate} is not answered: the order does not name it, or nothing may.")


def _columns(fields: Mapping[str, RestingField], coordinates: Iterable[str]) -> Iterator[Column[Any]]:
    return (column for each in coordinates for column in fields[each].columns)


def _by_table(columns: Iterable[Column[Any]]) -> Mapping[Table, frozenset[Column[Any]]]:
    found: dict[Table, set[Column[Any]]] = {}
    for column in columns:
        found.setdefault(column.table, set()).add(column)
    return {table: frozenset(each) for table, each in found.items()}


async def _records(
    unit: OperationContext, table: Table, columns: frozenset[Column[Any]], customer: int
) -> list[OpenedRecord]:
    """The customer's rows of a table, behind the guard."""
    projection = Projection(
        table, columns, own_only=True, purpose=Purpose.LEGAL_REQUEST, happened=MOMENTS.get(table.name)
    )
    # Whatever its length: an order is answered in full.
    fetch = ByKey(unit.store.reader, projection, children(owner_of(table), of=customers.c.id), bounded=False)
    admitted = await unit.related(table.name, fetch, customer)
    return [OpenedRecord(table.name, row, fetch.layout, key) for row, key in admitted]


def _values(records: Sequence[OpenedRecord], field: RestingField) -> list[Any]:
    found = []
    for record in records:
        values = [record.value(column) for column in field.columns]
        # An object is there if all of its columns are.
        if None not in values:
            shown = [_shown(column, value) for column, value in zip(field.columns, values, strict=True)]
            found.append(shown[0] if field.make is None else field.make(*shown))
    return found


def _shown(column: Column[Any], value: Any) -> Any:
    """A plain value as JSON has it, whatever the driver gives; a sealed one was decoded when it was opened."""
    if column.info.get("sealing") is not None:
        return value
    if isinstance(column.type, Instant):
        return instant(value).isoformat()
    return bool(value) if isinstance(column.type, Boolean) else value
