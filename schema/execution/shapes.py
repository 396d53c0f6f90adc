"""Writes the code that builds response objects: each sealed column is decrypted once, then one dict display per row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn

import orjson
from graphql import is_non_null_type
from sqlalchemy import Column

from resolvers.reads.fetches import Layout
from schema.core.source import Source
from schema.documents.variables import fits_int
from schema.execution.plans import PlannedField, Selection, row_fields
from schema.execution.writing import FunctionSource
from schema.model.model import SchemaModel
from store.crypto.global_ids import GlobalIds
from store.crypto.sealing import VERSION, SealBrokenError

Shape = Callable[[PlannedField], str]
"""The source of the object that a place shows of the current row."""
Columns = Mapping[Column[Any], str]
"""The source of each column's value."""


class NotCoveredError(Exception):
    """The plan contains something that only the standard executor supports; the message names it."""


# SQLite returns booleans as 0 and 1.
def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


def _whole(value: int | None) -> int | None:
    if value is None or fits_int(value):
        return value
    raise OverflowError("an Int has 32 bits")


def _broken() -> NoReturn:
    raise SealBrokenError


CONSTANTS: Mapping[str, Any] = {
    "EMPTY": [],
    "NOTHING": {None},
    "NO_PAGE": ([], False),
    "broken": _broken,
    "flag": _flag,
    "loads": orjson.loads,
    "whole": _whole,
}
"""The constants that the generated lines use."""


@dataclass(frozen=True, slots=True)
class RowNames:
    """The names by which the code of a loop knows the row: `r` with its id `i`, and its columns."""

    type_name: str
    layout: Layout
    columns: Columns

    @property
    def owner(self) -> str:
        """The source of the primary key of the row's owner."""
        return f"r[{self.layout.owner_at}]"

    def raw(self, column: Column[Any]) -> str:
        """The source of a column as it rests."""
        return f"r[{self.layout.at[column]}]"


class InRows(Source, ABC):
    """A source that is computed from each row."""

    __slots__ = ()

    @abstractmethod
    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """The expression of the field's value; NotCoveredError if it may be an error."""


class Shapes:
    """Writes loops over rows."""

    def __init__(self, model: SchemaModel, out: FunctionSource, ids: GlobalIds) -> None:
        self.model, self.out, self.ids = model, out, ids
        self.below: dict[PlannedField, int] = {}
        """The level whose rows belong to a place; its objects are built first, in `by<n>`."""

    def each(
        self,
        rows: str,
        layout: Layout,
        places: Sequence[PlannedField],
        write: Callable[[Shape], None],
        only: str | None = None,
    ) -> None:
        """Write a loop over the rows that the places show; `write` is called for each type of row, or for `only`."""
        types = [only] if only else list(places[0].selections) if places else []
        with self.out.block(f"for r in {rows}:"):
            self.out.add("i = r[0]")
            if len(types) < 2:
                write(self._shape([place.selections[types[0]] for place in places], layout))
                return
            for type_name in types:
                with self.out.block(f"if {self.is_of(type_name, layout)}:"):
                    write(self._shape([place.selections[type_name] for place in places], layout))

    def is_of(self, type_name: str, layout: Layout) -> str:
        """The expression that tests whether a row of this layout is of the type."""
        rows = self.model.rows[type_name]
        if rows.kind is None or rows.table is not layout.table:
            raise NotCoveredError("an interface over several tables")
        return f"r[{layout.at[rows.kind]}] == {rows.value!r}"

    def _shape(self, selections: Sequence[Selection], layout: Layout) -> Shape:
        columns = self._opened(selections, layout)

        def shape(place: PlannedField) -> str:
            selection = next(each for each in selections if each in place.selections.values())
            return self.display_of(selection, RowNames(selection.type_name, layout, columns))

        return shape

    def display_of(self, selection: Selection, row: RowNames) -> str:
        """A dict display of the fields selected on the row, or on an object of its columns."""
        within = replace(row, type_name=selection.type_name)
        return display((key, self._field(each, within)) for key, each in selection.fields.items())

    def _opened(self, selections: Iterable[Selection], layout: Layout) -> Columns:
        """Write the decryption of the columns that the selections need, each once."""
        columns = {column: f"r[{layout.at[column]}]" for column in _columns(selections)}
        sealed = [column for column in columns if "sealing" in column.info]
        if sealed and layout.owner_at == 0:  # The customer's own row: what is constant is kept beside the key.
            self.out.add("k = known[i]")
            self.out.add("decrypt, place = k.decrypt, k.own_place")
        elif sealed:
            self.out.add(f"o = r[{layout.owner_at}]")
            self.out.add("decrypt = known[o].decrypt")
            self.out.add("place = b':%d:%d' % (o, i)")
        for n, column in enumerate(sealed):
            bound = f"{column.table.name}.{column.name}".encode()
            # A sealed value is version (1 byte), nonce (12), ciphertext with tag; the associated data binds table,
            # column, owner and row (D2). Inlined, because it runs once per value.
            plain = f"decrypt(v[1:13], v[13:], {bound!r} + place)"
            opened = f"loads({plain})" if column.info["sealing"].parts else f"{plain}.decode()"
            checked = f"{opened} if v[0] == {VERSION[0]} else broken()"
            self.out.add(f"c{n} = None if (v := {columns[column]}) is None else {checked}")
            columns[column] = f"c{n}"
        return columns

    def _field(self, each: PlannedField, row: RowNames) -> str:
        if (known := known_value(each, row.type_name)) is not None:
            return known
        source = each.facts.source
        if not isinstance(source, InRows):
            raise NotCoveredError(each.facts.coordinate)
        return source.expression(self, each, row)

    def read(self, value: str, read: Callable[[Any], Any]) -> str:
        """The expression of a value passed through `read` unless it is null."""
        name = self.out.constant(f"read{self.out.number()}", read)
        return f"(None if {value} is None else {name}({value}))"


def display(fields: Iterable[tuple[str, str]]) -> str:
    """A dict display: response keys with the source of their values."""
    return f"{{{', '.join(f'{key!r}: {value}' for key, value in fields)}}}"


def typename(planned: PlannedField, type_name: str) -> str:
    """The expression of `__typename`; NotCoveredError for introspection."""
    if planned.name != "__typename":
        raise NotCoveredError(planned.name)
    return repr(type_name)


def known_value(planned: PlannedField, type_name: str) -> str | None:
    """The expression of a value that is known without data: `__typename`, or a withheld field; None for others."""
    if planned.model is None:
        return typename(planned, type_name)
    return withheld(planned) if planned.withheld else None


def withheld(planned: PlannedField) -> str:
    """The expression of a withheld field: null; NotCoveredError if the field is non-null."""
    if is_non_null_type(planned.facts.core.type):
        raise NotCoveredError(f"{planned.facts.coordinate}: a null that has to reach its parent")
    return "None"


def _columns(selections: Iterable[Selection]) -> list[Column[Any]]:
    found: dict[Column[Any], None] = {}
    for selection in selections:
        for each in row_fields(selection):
            if each.facts.source is not None:
                found |= dict.fromkeys(each.facts.source.shown)
    return list(found)
