"""The part of a schema that a grant can use: fields, arguments, inputs and types, without dead ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLUnionType,
    get_named_type,
    is_required_argument,
    is_required_input_field,
)

from policy.decision import Granted
from policy.purposes import Purpose
from schema.decision.verdicts import CoordinateVerdicts
from schema.model.model import SchemaModel, input_rule


class Pruned:
    """The part of the schema that is left; a coordinate stays if one of the purposes may use it."""

    def __init__(self, model: SchemaModel, verdicts: Sequence[CoordinateVerdicts]) -> None:
        """`verdicts` are those of the grant for each of its purposes."""
        self.model, self.verdicts = model, verdicts
        self._fields = {
            (type_.name, name)
            for type_ in model.core.type_map.values()
            if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)) and type_.name[:2] != "__"
            for name in type_.fields
            if any(isinstance(each.verdict_of(type_.name, name), Granted) for each in verdicts)
        }
        self._inputs = {
            (type_.name, name)
            for type_ in model.core.type_map.values()
            if isinstance(type_, GraphQLInputObjectType)
            for name, field in type_.fields.items()
            if self._may_bring(type_.name, name, field)
        }
        # A field whose type has no fields left is gone, too, and so on.
        while self._drop_dead_ends():
            pass

    def _may_bring(self, type_name: str, name: str, field: GraphQLInputField) -> bool:
        rule, coordinate = input_rule(type_name, name, field), f"{type_name}.{name}"
        return any(isinstance(each.verdict(rule, coordinate), Granted) for each in self.verdicts)

    def has_field(self, type_name: str, name: str) -> bool:
        """Return whether a field of an object type, an interface or an input stays."""
        return (type_name, name) in self._fields or (type_name, name) in self._inputs

    def purposes_of(self, type_name: str, name: str) -> list[Purpose | None]:
        """Return the purposes that may read a field."""
        return [each.purpose for each in self.verdicts if isinstance(each.verdict_of(type_name, name), Granted)]

    def has_argument(self, type_name: str, name: str, argument: str) -> bool:
        """Return whether an argument of a field stays."""
        rule, coordinate = self.model.argument(type_name, name, argument), f"{type_name}.{name}({argument}:)"
        if not any(isinstance(each.verdict(rule, coordinate), Granted) for each in self.verdicts):
            return False
        type_ = get_named_type(self.model.field(type_name, name).core.args[argument].type)
        return not isinstance(type_, GraphQLInputObjectType) or self._is_usable(type_)

    def _drop_dead_ends(self) -> bool:
        types = self.model.core.type_map
        fields = {(owner, name) for owner, name in self._fields if self._leads_somewhere(owner, name)}
        inputs = {
            (owner, name)
            for owner, name in self._inputs
            if isinstance(type_ := types[owner], GraphQLInputObjectType)
            and self._is_usable(get_named_type(type_.fields[name].type))
        }
        changed = (fields, inputs) != (self._fields, self._inputs)
        self._fields, self._inputs = fields, inputs
        return changed

    def _leads_somewhere(self, owner: str, name: str) -> bool:
        field = self.model.field(owner, name).core
        missing = (each for each, core in field.args.items() if is_required_argument(core))
        return self._is_usable(get_named_type(field.type)) and all(
            self.has_argument(owner, name, each) for each in missing
        )

    def _is_usable(self, type_: GraphQLNamedType) -> bool:
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                return any((type_.name, name) in self._fields for name in type_.fields)
            case GraphQLUnionType():
                return any(self._is_usable(each) for each in type_.types)
            case GraphQLInputObjectType():
                required = [name for name, core in type_.fields.items() if is_required_input_field(core)]
                return all((type_.name, name) in self._inputs for name in required) and any(
                    (type_.name, name) in self._inputs for name in type_.fields
                )
            case _:
                return True

    @cached_property
    def types(self) -> frozenset[str]:
        """The names of the types that stay: those that a document can reach."""
        roots = [each for each in (self.model.core.query_type, self.model.core.mutation_type) if each is not None]
        found: set[str] = set()
        waiting: list[GraphQLNamedType] = [each for each in roots if self._is_usable(each)]
        while waiting:
            type_ = waiting.pop()
            if type_.name not in found:
                found.add(type_.name)
                waiting += self._from(type_)
        return frozenset(found)

    def implementations(self, type_: GraphQLInterfaceType) -> list[GraphQLObjectType]:
        """Return the object types of an interface that keep all of the fields that the interface keeps."""
        needed = [name for name in type_.fields if (type_.name, name) in self._fields]
        return [
            each
            for each in self.model.core.get_possible_types(type_)
            if all((each.name, name) in self._fields for name in needed)
        ]

    def _from(self, type_: GraphQLNamedType) -> Iterable[GraphQLNamedType]:
        """The types that a type leads to."""
        match type_:
            case GraphQLObjectType() | GraphQLInterfaceType():
                for name, field in type_.fields.items():
                    if (type_.name, name) in self._fields:
                        yield from self._of_field(type_.name, name, field)
                yield from (each for each in type_.interfaces if self._keeps(type_, each))
                if isinstance(type_, GraphQLInterfaceType):
                    yield from self.implementations(type_)
            case GraphQLUnionType():
                yield from (each for each in type_.types if self._is_usable(each))
            case GraphQLInputObjectType():
                for name, core in type_.fields.items():
                    if (type_.name, name) in self._inputs:
                        yield get_named_type(core.type)
            case GraphQLScalarType() | GraphQLEnumType():
                return

    def _of_field(self, owner: str, name: str, field: GraphQLField) -> Iterable[GraphQLNamedType]:
        yield get_named_type(field.type)
        arguments: Mapping[str, GraphQLArgument] = field.args
        yield from (
            get_named_type(core.type) for each, core in arguments.items() if self.has_argument(owner, name, each)
        )

    def _keeps(self, type_: GraphQLObjectType | GraphQLInterfaceType, interface: GraphQLInterfaceType) -> bool:
        """Return whether a type still implements an interface, which must have fields of its own."""
        needed = [name for name in interface.fields if (interface.name, name) in self._fields]
        return bool(needed) and all((type_.name, name) in self._fields for name in needed)

    def implements(self, type_name: str, interface: str) -> bool:
        """Return whether a type of the contract implements an interface of it."""
        type_, above = (self.model.core.type_map[each] for each in (type_name, interface))
        assert isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType))
        assert isinstance(above, GraphQLInterfaceType)
        return interface in self.types and self._keeps(type_, above)
