"""Conditional insert in one statement: the same work whether the condition holds or not (G7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Insert, Table, bindparam, insert, select


def insert_where(table: Table, row: Mapping[str, Any], condition: ColumnElement[bool]) -> Insert:
    """Return the statement that inserts this row if the condition holds, and nothing otherwise.

    Foreign keys are checked only for rows that are inserted, so that a row for an unknown customer is no error.
    """
    values = [bindparam(None, value, type_=table.c[name].type) for name, value in row.items()]
    # The row has every value: SQLAlchemy must add no defaults.
    return insert(table).from_select(list(row), select(*values).where(condition), include_defaults=False)
