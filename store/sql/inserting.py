"""Inserts of many rows at once, and of one row under a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Insert, Table, bindparam, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection


async def insert_columns(connection: AsyncConnection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    """Insert rows whose values the driver accepts unconverted: numbers, texts and bytes; all columns of equal length.

    On PostgreSQL one statement with an array for each column takes a fifth of the time of one execution for each row.
    """
    names = ", ".join(columns)
    if connection.dialect.name == "postgresql":
        # The types are named, since PostgreSQL cannot infer those of parameters of unnest.
        types = [table.c[name].type.compile(connection.dialect) for name in columns]
        arrays = ", ".join(f"${nth}::{type_}[]" for nth, type_ in enumerate(types, 1))
        statement = f"INSERT INTO {table.name} ({names}) SELECT * FROM unnest({arrays})"  # noqa: S608  (names of ours)
        await connection.exec_driver_sql(statement, tuple(list(each) for each in columns.values()))
    else:
        marks = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {table.name} ({names}) VALUES ({marks})"  # noqa: S608  (names of ours)
        await connection.exec_driver_sql(statement, list(zip(*columns.values(), strict=True)))


def insert_where(table: Table, row: Mapping[str, Any], condition: ColumnElement[bool]) -> Insert:
    """Return the statement that inserts this row if the condition holds, and nothing otherwise: the same work (G7).

    Foreign keys are checked only for rows that are inserted, so that a row for an unknown customer is no error.
    """
    values = [bindparam(None, value, type_=table.c[name].type) for name, value in row.items()]
    # The row has every value: SQLAlchemy must add no defaults.
    return insert(table).from_select(list(row), select(*values).where(condition), include_defaults=False)
