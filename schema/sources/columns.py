"""Fields of a row: a column's value, an object embedded in a column with its parts, and the row's id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from graphql import GraphQLEnumType, get_named_type, is_non_null_type
from sqlalchemy import BigInteger, Boolean, Column, Table

from resolvers.reads.guard import OpenedRecord
from schema.core.returning import returns_value
from schema.core.scalars import moment_written
from schema.core.source import Home
from schema.execution.plans import PlannedField
from schema.execution.shapes import InRows, NotCoveredError, RowNames, Shapes, display, known_value
from schema.execution.standard import Info, Resolved, Resolver, opening


class OfRow(Resolved):
    """A source that stands in a row: conditions on the rows of its table apply to it."""

    __slots__ = ()

    def filters(self, table: Table, home: Home) -> bool:
        """True for the table of the row itself."""
        return home.table is table


@dataclass(frozen=True, slots=True)
class ColumnValue(OfRow, InRows):
    """The value of one column of the row, decrypted if sealed, then passed through `read` unless it is null."""

    column: Column[Any]
    read: Callable[[Any], Any] | None = None

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The column."""
        return (self.column,)

    @property
    def always(self) -> bool:
        """True for a column that is NOT NULL, read by a function that returns no None."""
        return not self.column.nullable and returns_value(self.read)

    def resolver(self) -> Resolver:
        """Decrypt and read the value."""
        return opening(lambda record: _read(record.value(self.column), self.read))

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """The expression of the serialised value; it raises for a value that the scalar would refuse."""
        column, value = self.column, row.columns[self.column]
        if is_non_null_type(planned.facts.core.type):
            raise NotCoveredError(f"{planned.facts.coordinate}: a null that would have to reach its parent")
        named = get_named_type(planned.facts.core.type)
        if self.read is bool and isinstance(column.type, Boolean):
            return f"flag({value})"
        if self.read is not None:
            return shapes.read(value, self.read)
        # SQLite keeps a text, and whatever else was written into the file.
        if named.name == "DateTime":
            return shapes.read(value, moment_written)
        # Other integer columns cannot exceed the 32 bits of an Int.
        if named.name == "Int" and isinstance(column.type, BigInteger):
            return f"whole({value})"
        if isinstance(named, GraphQLEnumType) and "choices" not in column.info:
            # The database does not check these values: one that was removed from the enum must be an error.
            known = {None: None} | {word: word for word in named.values}
            words = shapes.out.constant(f"words{shapes.out.number()}", known)
            return f"{words}[{value}]"
        return value


@dataclass(frozen=True, slots=True)
class Embedded(OfRow, InRows):
    """An object whose fields are parts of one column of the row (`Part`)."""

    embeds: ClassVar[bool] = True

    column: Column[Any]

    @property
    def shown(self) -> tuple[Column[Any], ...]:
        """The column."""
        return (self.column,)

    @property
    def always(self) -> bool:
        """True for a column that is NOT NULL."""
        return not self.column.nullable

    def resolver(self) -> Resolver:
        """Decrypt the list of parts."""
        return opening(lambda record: record.value(self.column))

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """A dict display of the parts; null for null."""
        value, inside = row.columns[self.column], planned.only
        shown = display((key, _part(shapes, part, inside.type_name, value)) for key, part in inside.fields.items())
        return f"(None if {value} is None else {shown})"


@dataclass(frozen=True, slots=True)
class Part(Resolved):
    """One part of the decrypted list of the enclosing `Embedded`; without an index, the whole list."""

    index: int | None
    read: Callable[[Any], Any] | None = None

    @property
    def always(self) -> bool:
        """True for what is made of the whole list: of its parts each may be missing."""
        return self.index is None and self.read is not None and returns_value(self.read)

    def misplaced(self, home: Home) -> str | None:
        """It stands in embedded objects alone."""
        return None if home.embedded else "shows a part, and its type is embedded nowhere"

    def resolver(self) -> Resolver:
        """Read the part."""
        return lambda parts, info: _read(parts if self.index is None else parts[self.index], self.read)

    def of_list(self, shapes: Shapes, value: str) -> str:
        """The expression of the part, given that of the list."""
        resting = value if self.index is None else f"{value}[{self.index}]"
        return resting if self.read is None else shapes.read(resting, self.read)


@dataclass(frozen=True, slots=True)
class GlobalIdSource(OfRow, InRows):
    """The Relay id of the row: its type and primary key."""

    identifies: ClassVar[bool] = True

    def misplaced(self, home: Home) -> str | None:
        """It stands in rows alone."""
        whole = home.table is not None and not home.details
        return None if whole else "is the id of a row, and its type stands for none"

    def resolver(self) -> Resolver:
        """Encode the id of the row."""
        return _global_id

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """A call of the encoder of the row's type; the customer's own id is kept beside the key."""
        if row.layout.owner_at == 0 and row.type_name == "Customer":
            return "known[i].own_id"
        name = shapes.out.constant(f"id_of_{row.type_name}", shapes.ids.encoder(row.type_name))
        return f"{name}({row.owner}, i)"


def _global_id(record: OpenedRecord, info: Info) -> str:
    return info.context.operation_context.ids(record.type_name, record.owner, record.id)


def _read(resting: Any, read: Callable[[Any], Any] | None) -> Any:
    return resting if resting is None or read is None else read(resting)


def _part(shapes: Shapes, planned: PlannedField, type_name: str, value: str) -> str:
    if (known := known_value(planned, type_name)) is not None:
        return known
    source = planned.facts.source
    if not isinstance(source, Part) or is_non_null_type(planned.facts.core.type):
        raise NotCoveredError(planned.facts.coordinate)
    return source.of_list(shapes, value)
