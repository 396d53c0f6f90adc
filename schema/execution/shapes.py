"""Writes the code that builds response objects: each sealed column is decrypted once, then one dict display per row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

import orjson
from graphql import GraphQLEnumType, get_named_type, is_non_null_type
from sqlalchemy import BigInteger, Boolean, Column

from resolvers.reads.fetches import Layout
from schema.core.sources import ColumnValue, Embedded, GlobalIdSource, Paged, Part, Related
from schema.documents.variables import fits_int
from schema.execution.plans import PlannedField, Selection
from schema.execution.writing import FunctionSource
from schema.model.model import FieldModel, SchemaModel
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
        return lambda place: self._object(
            next(each for each in selections if each in place.selections.values()), layout, columns
        )

    def _opened(self, selections: Iterable[Selection], layout: Layout) -> Columns:
        """Write the decryption of the columns that the selections need, each once."""
        columns = {column: f"r[{layout.at[column]}]" for column in _columns(selections)}
        sealed = [column for column in columns if "sealing" in column.info]
        if sealed:
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

    def _object(self, selection: Selection, layout: Layout, columns: Columns) -> str:
        type_name = selection.type_name
        return display((key, self._field(each, type_name, layout, columns)) for key, each in selection.fields.items())

    def _field(self, each: PlannedField, type_name: str, layout: Layout, columns: Columns) -> str:
        if each.model is None:
            return typename(each, type_name)
        if each.withheld:
            return withheld(each)
        match each.facts.source:
            case ColumnValue(column, read):
                return self._value(each.facts, column, columns[column], read)
            case GlobalIdSource():
                name = self.out.constant(f"id_of_{type_name}", self.ids.encoder(type_name))
                return f"{name}(r[{layout.owner_at}], i)"
            case Embedded(column):
                return self._embedded(each, columns[column])
            case Related(relation):
                missing = "EMPTY" if relation.many else "None"
                return f"by{self.below[each]}.get(r[{layout.at[relation.source]}], {missing})"
            case Paged(_, relation) if relation is not None:
                n = self.below[each]
                return f"connection{n}(*by{n}.get(r[{layout.at[relation.source]}], NO_PAGE))"
        raise NotCoveredError(each.facts.coordinate)

    def _value(self, facts: FieldModel, column: Column[Any], value: str, read: Callable[[Any], Any] | None) -> str:
        """The expression of the serialised value; it raises for a value that the scalar would refuse."""
        if is_non_null_type(facts.core.type):
            raise NotCoveredError(f"{facts.coordinate}: a null that would have to reach its parent")
        named = get_named_type(facts.core.type)
        if read is bool and isinstance(column.type, Boolean):
            return f"flag({value})"
        if read is not None:
            return self._read(value, read)
        # Other integer columns cannot exceed the 32 bits of an Int.
        if named.name == "Int" and isinstance(column.type, BigInteger):
            return f"whole({value})"
        if isinstance(named, GraphQLEnumType) and "choices" not in column.info:
            # The database does not check these values: one that was removed from the enum must be an error.
            words = self.out.constant(f"words{self.out.number()}", {None: None} | {word: word for word in named.values})
            return f"{words}[{value}]"
        return value

    def _read(self, value: str, read: Callable[[Any], Any]) -> str:
        name = self.out.constant(f"read{self.out.number()}", read)
        return f"(None if {value} is None else {name}({value}))"

    def _embedded(self, each: PlannedField, value: str) -> str:
        shown = display((key, self._part(part, each.only.type_name, value)) for key, part in each.only.fields.items())
        return f"(None if {value} is None else {shown})"

    def _part(self, part: PlannedField, type_name: str, value: str) -> str:
        if part.model is None:
            return typename(part, type_name)
        if part.withheld:
            return withheld(part)
        source = part.facts.source
        if not isinstance(source, Part) or is_non_null_type(part.facts.core.type):
            raise NotCoveredError(part.facts.coordinate)
        resting = value if source.index is None else f"{value}[{source.index}]"
        return resting if source.read is None else self._read(resting, source.read)


def display(fields: Iterable[tuple[str, str]]) -> str:
    """A dict display: response keys with the source of their values."""
    return f"{{{', '.join(f'{key!r}: {value}' for key, value in fields)}}}"


def typename(planned: PlannedField, type_name: str) -> str:
    """The expression of `__typename`; NotCoveredError for introspection."""
    if planned.name != "__typename":
        raise NotCoveredError(planned.name)
    return repr(type_name)


def withheld(planned: PlannedField) -> str:
    """The expression of a withheld field: null; NotCoveredError if the field is non-null."""
    if is_non_null_type(planned.facts.core.type):
        raise NotCoveredError(f"{planned.facts.coordinate}: a null that has to reach its parent")
    return "None"


def _columns(selections: Iterable[Selection]) -> list[Column[Any]]:
    found: dict[Column[Any], None] = {}
    for selection in selections:
        for each in selection.fields.values():
            if each.model is not None and not each.withheld and isinstance(each.facts.source, (ColumnValue, Embedded)):
                found[each.facts.source.column] = None
    return list(found)
