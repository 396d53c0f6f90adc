"""Which object type stands for the rows of which table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import strawberry
from sqlalchemy import Column, Table

from schema.declare.directives import Retention, RetentionEnum


@dataclass(frozen=True, slots=True)
class RowsOf:
    """The table of an object type; a variant stands for the rows whose `kind` column has that value."""

    table: Table
    kind: Column[Any] | None = None
    value: str | None = None


ROWS = "__gateway_rows__"


def record(table: Table, *, variant: tuple[Column[Any], str] | None = None) -> Callable[[type], type]:
    """An object type over the rows of a table; its retention is the table's, its description the docstring."""

    def decorate(cls: type) -> type:
        kind, value = variant or (None, None)
        setattr(cls, ROWS, RowsOf(table, kind, value))
        return strawberry.type(cls, description=described(cls), directives=[_kept(table)])

    return decorate


def interface(table: Table) -> Callable[[type], Any]:
    """What the variants of one table share."""
    return lambda cls: strawberry.interface(cls, description=described(cls), directives=[_kept(table)])


def _kept(table: Table) -> Retention:
    return Retention(rule=RetentionEnum[table.info["retention"].name])


def plain_type(cls: type) -> type:
    """An object type that stands for no table: connections, edges, embedded parts."""
    return strawberry.type(cls, description=described(cls))


def described(cls: type) -> str:
    """The class's docstring on one line."""
    return " ".join((cls.__doc__ or "").split())
