"""The model of the built schema: the rule of every coordinate, and the source of every field.

It is read from graphql-core's final types, not from the declarations, because redeclaring or inheriting a field can
drop its directives: such a field is checked as it was built.
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
from schema.core.declared import DECLARED, DETAILS, ROWS, Declared, RowsOf
from schema.core.source import Source

STRAWBERRY = "strawberry-definition"


@dataclass(frozen=True, slots=True)
class FieldModel:
    """One field of one type with its rule and source."""

    coordinate: str
    name: str
    core: GraphQLField
    rule: Rule | None
    """None if undeclared: the lint refuses such a schema."""
    source: Source | None
    public: str | None
    """The reason why the field needs no purpose, if it is public."""


class SchemaModel:
    """The rules of a schema by coordinate, and the sources of its fields."""

    def __init__(self, core: GraphQLSchema) -> None:
        self.core = core
        self.fields: dict[tuple[str, str], FieldModel] = {
            (type_.name, name): _field(type_, name, field)
            for type_ in object_types(core)
            for name, field in type_.fields.items()
        }
        self.verdicts: LRUCache[tuple[str, Purpose, frozenset[str], bool], Granted | Refused | Gap] = LRUCache(20_000)
        """Cached decisions by coordinate, purpose, scopes and third party, on which alone they depend."""

    def field(self, type_name: str, name: str) -> FieldModel:
        """The model of a field; KeyError if it does not exist."""
        return self.fields[type_name, name]

    def argument(self, type_name: str, name: str, argument: str) -> Rule | None:
        """The rule of an argument; None if undeclared. KeyError if the field does not exist.

        An argument of an input object type has an empty rule: the fields of that type have their own.
        """
        field = self.field(type_name, name)
        return _inbound(f"{field.coordinate}({argument}:)", field.core.args[argument])

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """Every declared rule, arguments and input fields included, by coordinate."""
        # Arguments and input fields have coordinates of their own, so nothing is overwritten.
        found = {field.coordinate: field.rule for field in self.fields.values() if field.rule is not None}
        return found | {coordinate: rule for coordinate, rule in self.inbound() if rule is not None}

    def inbound(self) -> Iterator[tuple[str, Rule | None]]:
        """Every argument and input field with its rule; None if undeclared."""
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
        """The table of each object type that stands for rows."""
        return {
            name: rows
            for name, type_ in self.core.type_map.items()
            if isinstance(type_, GraphQLObjectType) and (rows := _rows(type_)) is not None
        }

    @cached_property
    def details(self) -> Mapping[str, Table]:
        """The table of each object type whose objects are some columns of a row that another type stands for."""
        return {
            name: table
            for name, type_ in self.core.type_map.items()
            if isinstance(type_, GraphQLObjectType) and (table := _own(type_, DETAILS)) is not None
        }

    @cached_property
    def embedded(self) -> frozenset[str]:
        """The types of objects embedded in a row."""
        parts = (each for each in self.fields.values() if each.source is not None and each.source.embeds)
        return frozenset(get_named_type(each.core.type).name for each in parts)

    @cached_property
    def types_of_table(self) -> Mapping[Table, tuple[str, ...]]:
        """The object types that stand for the rows of each table."""
        found: dict[Table, tuple[str, ...]] = {}
        for name, rows in self.rows.items():
            found[rows.table] = (*found.get(rows.table, ()), name)
        return found


def object_types(core: GraphQLSchema) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
    """Object and interface types without introspection types."""
    for type_ in core.type_map.values():
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)) and not type_.name.startswith("__"):
            yield type_


def holds_rows(core: GraphQLSchema, type_: Any) -> bool:
    """True if a type, or one of its possible types, stands for rows of a table."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLObjectType):
        return _rows(named) is not None
    if isinstance(named, GraphQLInterfaceType):
        return any(_rows(each) is not None for each in core.get_possible_types(named))
    return False


def input_rule(type_name: str, name: str, core: GraphQLInputField) -> Rule | None:
    """The rule of an input field; None if undeclared. One of an input object type has an empty rule."""
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
    rows: RowsOf | None = _own(type_, ROWS)
    return rows


def _own(type_: GraphQLObjectType, attribute: str) -> Any:
    definition = type_.extensions.get(STRAWBERRY)
    # Read from the class itself: a subclass of a record is not that record unless it says so.
    return definition.origin.__dict__.get(attribute) if definition is not None else None


def declared_of(core: GraphQLField | GraphQLArgument | GraphQLInputField) -> Declared | None:
    """The declaration of a field, argument or input field; None if there is none."""
    metadata: Mapping[str, Any] = getattr(core.extensions.get(STRAWBERRY), "metadata", None) or {}
    declared = metadata.get(DECLARED)
    return declared if isinstance(declared, Declared) else None


def _inbound(coordinate: str, core: GraphQLArgument | GraphQLInputField) -> Rule | None:
    if declared := declared_of(core):
        return Rule(
            coordinate, declared.category, declared.allowances, declared.retention, declared.scopes, inbound=True
        )
    # An input object is not data itself: its fields are.
    if isinstance(get_named_type(core.type), GraphQLInputObjectType):
        return Rule(coordinate, None, (), None, inbound=True)
    return None
