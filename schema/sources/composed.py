"""Fields of a row whose value is an object of its columns: one that a function makes, or one with fields of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from graphql import GraphQLError
from sqlalchemy import Column, Table

from resolvers.reads.guard import OpenedRecord
from schema.core.returning import returns_value
from schema.core.source import Home
from schema.execution.plans import PlannedField
from schema.execution.shapes import InRows, RowNames, Shapes
from schema.execution.standard import Resolver, opening
from schema.sources.columns import OfRow
from schema.sources.values import attributes


@dataclass(frozen=True, slots=True)
class Composed(OfRow, InRows):
    """An object made of plain columns of the row; null if one of them is null.

    Its fields are attributes (`Attribute`) of what `make` returns; ValueError where the values make no such object. A
    member of a union says by `type_name` of which type it is.
    """

    columns: tuple[Column[Any], ...]
    make: Callable[..., Any]

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The columns."""
        return self.columns

    @property
    def always(self) -> bool:
        """True for columns that are all NOT NULL, made into an object by a function that returns no None."""
        return not any(each.nullable for each in self.columns) and returns_value(self.make)

    @property
    def composes(self) -> Callable[..., Any]:
        """Makes the object of the values."""
        return self.make

    def resolver(self) -> Resolver:
        """Make the object."""
        return opening(self._made)

    def _made(self, record: OpenedRecord) -> Any:
        values = [record.value(column) for column in self.columns]
        try:
            return None if None in values else self.make(*values)
        except ValueError:
            # Of graphql-core's kind, as where a scalar refuses a value.
            raise GraphQLError("the stored values make no such object") from None

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """A dict display of the attributes; null if a value is null."""
        n, values = shapes.out.number(), [row.columns[column] for column in self.columns]
        make, whole = shapes.out.constant(f"make{n}", self.make), f"whole{n}"
        missing = " or ".join(f"{value} is None" for value in values)
        # Made even if nothing but `__typename` is asked: whether there is an object depends on the values alone.
        made, shown = f"({whole} := {make}({', '.join(values)}))", _shown(whole, planned)
        return f"(None if {missing} or {made} is None else {shown})"


def _shown(whole: str, planned: PlannedField) -> str:
    """A dict display of the attributes; of a member of a union those that are asked of the type that it names."""
    if len(planned.selections) == 1:
        return attributes(whole, planned.only)
    each = (f"{name!r}: lambda {whole}: {attributes(whole, one)}" for name, one in planned.selections.items())
    return f"{{{', '.join(each)}}}[{whole}.type_name]({whole})"


@dataclass(frozen=True, slots=True)
class Details(OfRow, InRows):
    """An object of some columns of the row, each a field with purposes of its own; there is always one.

    They are read with the row, so that the object costs no statement.
    """

    details: ClassVar[bool] = True

    table: Table

    @property
    def always(self) -> bool:
        """True: what may be null are its fields."""
        return True

    def misplaced(self, home: Home) -> str | None:
        """It stands in rows of its table alone."""
        return None if home.table is self.table else f"is read from {self.table.name}, whose rows its type is not of"

    def resolver(self) -> Resolver:
        """The row itself."""
        return lambda record, info: record

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """A dict display of the fields, from the columns of the row."""
        return shapes.display_of(planned.only, row)
