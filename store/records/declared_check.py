"""Compares the declarations of the tables with their columns, when the process starts and in the lint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Table

from policy.categories import Category
from store.records.declared import DECLARED, ExportDetail, TableDeclaration, UndeclaredTableError, Whose

OWNED = (Whose.COLUMN, Whose.PARENT)


def require_declared(tables: Iterable[Table]) -> None:
    """Raise UndeclaredTableError with all contradictions unless every table is declared correctly."""
    if found := list(complaints(tables)):
        raise UndeclaredTableError("; ".join(f"{table}: {text}" for table, text in found))


def complaints(tables: Iterable[Table]) -> Iterator[tuple[str, str]]:
    """Yield the tables without a declaration or with a wrong one, each with an explanation."""
    known = {str(table.name): table for table in tables}
    for name, table in sorted(known.items()):
        said = DECLARED.get(name)
        if said is None:
            yield name, "nobody has said in store/records/declared.py whose rows it has"
        else:
            yield from ((name, text) for text in _untrue(table, said))
    yield from ((name, "it is declared and there is no such table") for name in sorted(DECLARED.keys() - known))


def _untrue(table: Table, said: TableDeclaration) -> Iterator[str]:
    if ("customer_id" in table.c or table.name == "customers") != (said.whose is Whose.COLUMN):
        yield "its rows belong to customers by `customer_id`, or they do not: the declaration says otherwise"
    if said.whose is Whose.PARENT and not _leads(table.c.get(said.parent or "")):
        yield "its parent is no column with a foreign key to rows of customers"
    if said.whose is Whose.NOBODY and any(_is_personal(column) for column in table.c):
        yield "it has personal data, so it is somebody's"
    if said.whose is Whose.NOBODY and any(_leads(column) for column in table.c):
        yield "it refers to rows of customers, so it is somebody's"
    if said.export is not ExportDetail.RECORDS and (shown := [each.name for each in table.c if _is_shown(each)]):
        yield f"{shown[0]} may be told, and no export would tell it"


def _is_personal(column: Column[Any]) -> bool:
    """Return whether a column has personal data of a customer; the member of staff who acted is not the customer's."""
    return isinstance(column.info.get("category"), Category) and not column.info.get("staff")


def _is_shown(column: Column[Any]) -> bool:
    """Return whether a column has personal data of a customer that may be exported, other than keys."""
    is_key = column.primary_key or column.name == "customer_id" or bool(column.foreign_keys)
    return _is_personal(column) and bool(column.info["output"]) and not is_key


def _leads(column: Column[Any] | None) -> bool:
    """Return whether a column refers to a row of a customer."""
    if column is None:
        return False
    targets = (key.column.table.name for key in column.foreign_keys)
    return any(name in DECLARED and DECLARED[name].whose in OWNED for name in targets)
