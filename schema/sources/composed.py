"""Fields of a row whose value is an object of several of its columns, such as an amount with its currency."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError
from sqlalchemy import Column

from resolvers.reads.guard import OpenedRecord
from schema.execution.plans import PlannedField
from schema.execution.shapes import InRows, NotCoveredError, RowNames, Shapes, display, known_value
from schema.execution.standard import Resolver, opening
from schema.sources.columns import OfRow
from schema.sources.values import Attribute


@dataclass(frozen=True, slots=True)
class Composed(OfRow, InRows):
    """An object made of plain columns of the row; null if one of them is null.

    Its fields are attributes (`Attribute`) of what `make` returns; ValueError where the values make no such object.
    """

    columns: tuple[Column[Any], ...]
    make: Callable[..., Any]

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The columns."""
        return self.columns

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
        make, whole, inside = shapes.out.constant(f"make{n}", self.make), f"whole{n}", planned.only
        shown = display((key, _attribute(each, inside.type_name, whole)) for key, each in inside.fields.items())
        missing = " or ".join(f"{value} is None" for value in values)
        # Made even if nothing but `__typename` is asked: whether there is an object depends on the values alone.
        return f"(None if {missing} or ({whole} := {make}({', '.join(values)})) is None else {shown})"


def _attribute(planned: PlannedField, type_name: str, whole: str) -> str:
    if (known := known_value(planned, type_name)) is not None:
        return known
    source = planned.facts.source
    if not isinstance(source, Attribute):
        raise NotCoveredError(planned.facts.coordinate)
    return f"{whole}.{source.name}"
