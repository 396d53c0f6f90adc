"""The columns that fields show, and the printed schema with them: `source` is for auditors and no part of the API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    ConstDirectiveNode,
    FieldDefinitionNode,
    GraphQLInterfaceType,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    parse,
)
from sqlalchemy import Column, Table

from schema.model.model import FieldModel, SchemaModel


def storage(model: SchemaModel) -> Mapping[str, Sequence[str]]:
    """The columns of each field that shows some, as `table.column`, by coordinate."""
    return {
        field.coordinate: [f"{column.table.name}.{column.name}" for column in columns]
        for field in model.fields.values()
        if (columns := _columns(model, field))
    }


def with_storage(sdl: str, columns: Mapping[str, Sequence[str]]) -> str:
    """The printed schema with `source` in each `@personalData` of a field that shows columns.

    Lines stay as they are, so that a finding's line is that of the committed file.
    """
    parts, last = [], 0
    for coordinate, directive in _personal(sdl):
        if coordinate in columns and directive.loc is not None:
            end = directive.loc.end - 1  # before its closing parenthesis
            parts += [sdl[last:end], f", source: {_literal(columns[coordinate])}"]
            last = end
    return "".join([*parts, sdl[last:]])


def _literal(columns: Sequence[str]) -> str:
    written = [f'"{column}"' for column in columns]
    # A value stands for the list of itself (GraphQL, List, Input Coercion).
    return written[0] if len(written) == 1 else f"[{', '.join(written)}]"


def _personal(sdl: str) -> Iterator[tuple[str, ConstDirectiveNode]]:
    """Yield each `@personalData` of a field with its coordinate, in the order of the text."""
    for type_ in parse(sdl).definitions:
        if isinstance(type_, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            for field in type_.fields or ():
                for directive in _directives(field):
                    yield f"{type_.name.value}.{field.name.value}", directive


def _directives(field: FieldDefinitionNode) -> list[ConstDirectiveNode]:
    return [each for each in field.directives or () if each.name.value == "personalData"]


def _columns(model: SchemaModel, field: FieldModel) -> tuple[Column[Any], ...]:
    if field.source is None or not field.source.identifies:
        return () if field.source is None else field.source.shown
    table = _table(model, field.coordinate.partition(".")[0])
    return () if table is None else (table.c.id,)


def _table(model: SchemaModel, type_name: str) -> Table | None:
    """The table whose rows a type stands for; an interface's is that of its object types."""
    type_ = model.core.type_map[type_name]
    names = (
        [each.name for each in model.core.get_possible_types(type_)]
        if isinstance(type_, GraphQLInterfaceType)
        else [type_name]
    )
    return next((model.rows[name].table for name in names if name in model.rows), None)
