"""The finished schema as the engine reads it: for every coordinate its rule, for every field its source.

It is taken from graphql-core's final types, not from the declarations: a field that is redeclared, inherited or
moved is judged as what it became.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from cachetools import LRUCache
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
)
from sqlalchemy import Table

from policy.decision import Gap, Granted, Refused
from policy.purposes import Purpose
from policy.rules import Rule
from schema.core.sources import Embedded, Source
from schema.declare.fields import DECLARED, Declared
from schema.declare.records import ROWS, RowsOf

STRAWBERRY = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class FieldModel:
    """One field of one type, as it is enforced and answered."""

    coordinate: str
    name: str
    core: GraphQLField
    rule: Rule | None
    """None: nothing was declared, and the lint stops the start."""
    source: Source | None
    public: str | None
    """Why the field needs no purpose, when it says so."""


class SchemaModel:
    """Every rule of a schema, by coordinate, and where its fields come from."""

    def __init__(self, core: GraphQLSchema) -> None:
        self.core = core
        self.fields: dict[tuple[str, str], FieldModel] = {
            (type_.name, name): _field(type_, name, field)
            for type_ in object_types(core)
            for name, field in type_.fields.items()
        }
        self.verdicts: LRUCache[tuple[str, Purpose, frozenset[str], bool], Granted | Refused | Gap] = LRUCache(20_000)
        """What was decided of a coordinate for a purpose, scopes and a side; it depends on nothing else."""

    def field(self, type_name: str, name: str) -> FieldModel:
        """KeyError for a field that does not exist."""
        return self.fields[type_name, name]

    def argument(self, type_name: str, name: str, argument: str) -> Rule | None:
        """The rule of an argument; None where nothing was declared. KeyError for a field that does not exist.

        An input object speaks for itself.
        """
        field = self.field(type_name, name)
        return _inbound(f"{field.coordinate}({argument}:)", field.core.args[argument])

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Every declared rule, arguments and input fields included, by coordinate."""
        found = {field.coordinate: field.rule for field in self.fields.values() if field.rule is not None}
        return found | {coordinate: rule for coordinate, rule in self.inbound() if rule is not None}

    def inbound(self) -> Iterator[tuple[str, Rule | None]]:
        """Every argument and input field with its rule; None where nothing was declared."""
        for coordinate, core in self.inputs():
            yield coordinate, _inbound(coordinate, core)

    def inputs(self) -> Iterator[tuple[str, GraphQLArgument | GraphQLInputField]]:
        """Every argument and input field of the schema, by coordinate."""
        for type_ in object_types(self.core):
            for name, field in type_.fields.items():
                for argument, core in field.args.items():
                    yield f"{type_.name}.{name}({argument}:)", core
        for input_ in self.core.type_map.values():
            if isinstance(input_, GraphQLInputObjectType) and not input_.name.startswith("__"):
                for name, each in input_.fields.items():
                    yield f"{input_.name}.{name}", each

    @cached_property
    def rows(self) -> Mapping[str, RowsOf]:
        """The table behind each object type that stands for rows."""
        return {
            name: rows
            for name, type_ in self.core.type_map.items()
            if isinstance(type_, GraphQLObjectType) and (rows := _rows(type_)) is not None
        }

    @cached_property
    def embedded(self) -> frozenset[str]:
        """The types that stand for a part of a row."""
        parts = (each for each in self.fields.values() if isinstance(each.source, Embedded))
        return frozenset(get_named_type(each.core.type).name for each in parts)

    @cached_property
    def types_of_table(self) -> Mapping[Table, tuple[str, ...]]:
        """The object types that stand for the rows of each table."""
        found: dict[Table, tuple[str, ...]] = {}
        for name, rows in self.rows.items():
            found[rows.table] = (*found.get(rows.table, ()), name)
        return found


def object_types(core: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    """Object and interface types, without those of introspection."""
    for type_ in core.type_map.values():
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)) and not type_.name.startswith("__"):
            yield type_


def holds_rows(core: GraphQLSchema, type_: Any) -> bool:
    """Whether a type, or one of its possible types, stands for rows of a table."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType):
        return _rows(named) is not None
    if isinstance(named, GraphQLInterfaceType):
        return any(_rows(each) is not None for each in core.get_possible_types(named))
    return False


def input_rule(type_name: str, name: str, core: GraphQLInputField) -> Rule | None:
    """The rule of a field of an input object; None where nothing was declared. An input object speaks for itself."""
    return _inbound(f"{type_name}.{name}", core)


def _field(type_: GraphQLObjectType | GraphQLInterfaceType, name: str, core: GraphQLField) -> FieldModel:
    coordinate = f"{type_.name}.{name}"
    declared = declared_of(core)
    if declared is None:
        return FieldModel(coordinate, name, core, None, None, None)
    rule = Rule(
        coordinate,
        declared.category,
        declared.allowances,
        declared.retention,
        declared.scopes,
        declared.disclosed_to,
        first_party=declared.first_party,
    )
    return FieldModel(coordinate, name, core, rule, declared.source, declared.public)


def _rows(type_: GraphQLObjectType) -> RowsOf | None:
    definition = type_.extensions.get(STRAWBERRY)
    # Read from the class itself: a subclass of a record is not that record unless it says so.
    return definition.origin.__dict__.get(ROWS) if definition is not None else None


def declared_of(core: GraphQLField | GraphQLArgument | GraphQLInputField) -> Declared | None:
    """What was declared where the field, argument or input field was written; None: nothing."""
    metadata: Mapping[str, Any] = getattr(core.extensions.get(STRAWBERRY), "metadata", None) or {}
    declared = metadata.get(DECLARED)
    return declared if isinstance(declared, Declared) else None


def _inbound(coordinate: str, core: GraphQLArgument | GraphQLInputField) -> Rule | None:
    if declared := declared_of(core):
        return Rule(
            coordinate, declared.category, declared.allowances, declared.retention, declared.scopes, inbound=True
        )
    if isinstance(get_named_type(core.type), GraphQLInputObjectType):
        return Rule(coordinate, None, (), None, inbound=True)
    return None
