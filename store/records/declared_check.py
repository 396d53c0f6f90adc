"""Whether what is declared of the tables agrees with their columns: asked when the process starts, and by the lint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Column, Table

from policy.categories import Category
from store.records.declared import DECLARED, ExportTelling, TableDeclaration, UndeclaredTableError, Whose

OWNED = (Whose.COLUMN, Whose.PARENT)


def require_declared(tables: Iterable[Table]) -> None:
    """UndeclaredTableError with all that is wrong, unless every table is declared as its columns are."""
    if found := list(complaints(tables)):
        raise UndeclaredTableError("; ".join(f"{table}: {text}" for table, text in found))


def complaints(tables: Iterable[Table]) -> Iterator[tuple[str, str]]:
    """Tables of which nothing, or something untrue, is said, each with what is wrong."""
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
    if said.telling is not ExportTelling.RECORDS and (shown := [each.name for each in table.c if _is_shown(each)]):
        yield f"{shown[0]} may be told, and no export would tell it"


def _is_personal(column: Column[Any]) -> bool:
    """Whether it is a customer's datum: what says who of the staff acted is theirs, and no customer's."""
    return isinstance(column.info.get("category"), Category) and not column.info.get("staff")


def _is_shown(column: Column[Any]) -> bool:
    """Whether it says something of a customer that may be told, beside which row it is and whose."""
    is_key = column.primary_key or column.name == "customer_id" or bool(column.foreign_keys)
    return _is_personal(column) and bool(column.info["output"]) and not is_key


def _leads(column: Column[Any] | None) -> bool:
    """Whether it refers to a row of a customer's."""
    if column is None:
        return False
    targets = (key.column.table.name for key in column.foreign_keys)
    return any(name in DECLARED and DECLARED[name].whose in OWNED for name in targets)
