"""Reads the store that a copy is made from: its main database alone, in pages, and no value of it is ever decrypted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import Select, Table, bindparam, func, select, tuple_

from store.sql.metadata import Id, instant
from store.sql.reading import Reader
from store.tables.customers import customers

ROWS = 500
"""Rows in one read."""
CUSTOMERS = 100
"""Customers whose rows are written in one transaction; what is remembered of a customer is forgotten after it."""

Row = dict[str, Any]


async def dicts(reader: Reader, query: Select[Any], values: Mapping[str, Any]) -> list[Row]:
    """The rows of a query by the names of their columns, instants and booleans as Python has them."""
    prepared = reader.prepare(query)
    found = await reader.fetch(prepared, values)
    return [
        {
            name: value if value is None else instant(value) if kind == "instant" else _plain(kind, value)
            for name, kind, value in zip(prepared.columns, prepared.kinds, row, strict=True)
        }
        for row in found
    ]


def _plain(kind: str, value: Any) -> Any:
    return bool(value) if kind == "bool" else value


async def number_of_customers(reader: Reader) -> int:
    """How many customers there are."""
    (row,) = await reader.fetch(reader.prepare(select(func.count()).select_from(customers)), {})
    return int(row[0])


async def customers_in_turn(reader: Reader) -> AsyncIterator[list[Row]]:
    """All customers in the order of their ids, CUSTOMERS at a time."""
    query = select(customers).where(customers.c.id > bindparam("after", type_=Id)).order_by(customers.c.id)
    after = -1
    while page := await dicts(reader, query.limit(CUSTOMERS), {"after": after}):
        yield page
        after = page[-1]["id"]


async def rows_between(reader: Reader, table: Table, first: int, last: int) -> AsyncIterator[list[Row]]:
    """The rows of the customers from `first` to `last`, of each in the order of their ids, ROWS at a time."""
    place = tuple_(table.c.customer_id, table.c.id)
    beyond = tuple_(bindparam("customer", type_=Id), bindparam("row", type_=Id))
    query = select(table).where(place > beyond, table.c.customer_id <= bindparam("last", type_=Id))
    query = query.order_by(table.c.customer_id, table.c.id).limit(ROWS)
    at = {"customer": first, "row": -1}
    while page := await dicts(reader, query, {**at, "last": last}):
        yield page
        at = {"customer": page[-1]["customer_id"], "row": page[-1]["id"]}
