"""Maps object types to tables: each type may stand for the rows of one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry
from sqlalchemy import Column, Table
from strawberry.types.field import StrawberryField

from schema.core.declared import DETAILS, ROWS, RowsOf
from schema.declare.directives import Public, Retention, RetentionEnum


def record(table: Table, *, variant: tuple[Column[Any], str] | None = None) -> Callable[[type], type]:
    """An object type for the rows of a table. The docstring is its description, the table's retention its own."""

    def decorate(cls: type) -> type:
        kind, value = variant or (None, None)
        # On the class itself: a subclass is a record only if it is declared as one.
        setattr(cls, ROWS, RowsOf(table, kind, value))
        return strawberry.type(cls, description=described(cls), directives=[_kept(table)])

    return decorate


def details(table: Table) -> Callable[[type], type]:
    """An object type for some columns of the rows of a table, which another type stands for (`fields.detailed`)."""

    def decorate(cls: type) -> type:
        setattr(cls, DETAILS, table)
        return strawberry.type(cls, description=described(cls), directives=[_kept(table)])

    return decorate


def interface(table: Table) -> Callable[[type], Any]:
    """An interface of the variants of one table."""
    return lambda cls: strawberry.interface(cls, description=described(cls), directives=[_kept(table)])


def _kept(table: Table) -> Retention:
    return Retention(rule=RetentionEnum[table.info["retention"].name])


def plain_type(cls: type) -> type:
    """An object type without a table: connection, edge, embedded object, payload, report."""
    return strawberry.type(cls, description=described(cls), directives=_public_for_all(cls))


def _public_for_all(cls: type) -> list[object]:
    """Move `@public` from the fields to the type where every field gives the same reason."""
    fields = [each for each in vars(cls).values() if isinstance(each, StrawberryField)]
    given = [[one for one in each.directives if isinstance(one, Public)] for each in fields]
    if len(fields) < 2 or not all(given) or len({one.why for each in given for one in each}) > 1:
        return []
    for each in fields:
        each.directives = [one for one in each.directives if not isinstance(one, Public)]
    return [given[0][0]]


def described(cls: type) -> str:
    """The class's docstring on one line, for the description."""
    return " ".join((cls.__doc__ or "").split())
