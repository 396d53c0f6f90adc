"""JSON Schema (draft 2020-12) of the variables of an operation, for clients that call it without knowing GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    is_input_type,
    type_from_ast,
)
from graphql.utilities import value_from_ast_untyped

from schema.documents.variables import INT_MOST

PLAIN: Mapping[str, Mapping[str, Any]] = {
    "Int": {"type": "integer", "minimum": -INT_MOST - 1, "maximum": INT_MOST},
    "Float": {"type": "number"},
    "Boolean": {"type": "boolean"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Date": {"type": "string", "format": "date"},
}
"""Scalars that are not simply texts."""


class UnknownTypeError(Exception):
    """A variable has a type that the schema does not have (any more)."""


def variables_schema(schema: GraphQLSchema, operation: OperationDefinitionNode) -> dict[str, Any]:
    """The schema of an object of the variables; UnknownTypeError.

    It describes, and decides nothing: values are coerced by the rules of GraphQL (`schema.documents.variables`).
    """
    definitions: dict[str, Any] = {}
    properties: dict[str, Any] = {}
    required = []
    for each in operation.variable_definitions or ():
        name, type_ = each.variable.name.value, type_from_ast(schema, each.type)
        if not is_input_type(type_):
            raise UnknownTypeError
        properties[name] = _of(type_, definitions)
        if each.description is not None:
            properties[name] = _described(properties[name], each.description.value)
        if each.default_value is not None:
            properties[name] = {**properties[name], "default": value_from_ast_untyped(each.default_value)}
        elif isinstance(type_, GraphQLNonNull):
            required.append(name)
    found = _object(properties, required)
    return found | {"$defs": definitions} if definitions else found


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | {"required": required} if required else found


def _of(type_: GraphQLInputType, definitions: dict[str, Any]) -> dict[str, Any]:
    if isinstance(type_, GraphQLNonNull):
        return _of(type_.of_type, definitions)
    if isinstance(type_, GraphQLList):
        return {"type": "array", "items": _of(type_.of_type, definitions)}
    if isinstance(type_, GraphQLEnumType):
        return _described({"type": "string", "enum": list(type_.values)}, type_.description)
    if isinstance(type_, GraphQLInputObjectType):
        # Named before its fields are described: an input may contain itself.
        if type_.name not in definitions:
            definitions[type_.name] = {}
            definitions[type_.name] = _input(type_, definitions)
        return {"$ref": f"#/$defs/{type_.name}"}
    plain = dict(PLAIN.get(type_.name, {"type": "string"}))
    # Of the scalars of GraphQL itself everybody knows what they are.
    return plain if type_.name in ("Int", "Float", "Boolean", "String") else _described(plain, type_.description)


def _input(type_: GraphQLInputObjectType, definitions: dict[str, Any]) -> dict[str, Any]:
    properties, required = {}, []
    for name, each in type_.fields.items():
        properties[name] = _described(_of(each.type, definitions), each.description)
        if isinstance(each.type, GraphQLNonNull) and each.default_value is Undefined:
            required.append(name)
    found = _described(_object(properties, required), type_.description)
    return found | {"minProperties": 1, "maxProperties": 1} if type_.is_one_of else found


def _described(found: dict[str, Any], words: str | None) -> dict[str, Any]:
    return found if not words else {**found, "description": words}
