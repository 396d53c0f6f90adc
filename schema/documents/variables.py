"""Coerces variables (GraphQL, section CoerceVariableValues): plain scalars directly, the rest by graphql-core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from graphql import (
    GraphQLSchema,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
)
from graphql.execution.values import get_variable_values
from graphql.utilities import value_from_ast_untyped

from schema.core.errors import ErrorCode, ResponseError, from_core
from schema.core.forms import FORMS
from schema.documents.misfits import misfits

INT_MOST = 2**31 - 1


def _string(value: Any) -> bool:
    return type(value) is str


def fits_int(value: Any) -> bool:
    """True for a GraphQL Int: a signed 32-bit integer."""
    # Not isinstance: a bool is an int in Python, and `true` is no Int.
    return type(value) is int and -INT_MOST - 1 <= value <= INT_MOST


def _boolean(value: Any) -> bool:
    return type(value) is bool


EXACT: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("ID", "String", *FORMS), _string),
    "Int": fits_int,
    "Boolean": _boolean,
}
"""Tests whether coercion leaves a value unchanged. Any other value, possibly an error, goes to graphql-core."""


class Exact(NamedTuple):
    """A variable of a plain scalar type."""

    name: str
    fits: Callable[[Any], bool]
    needed: bool
    """True for a non-null type."""
    default: Any
    """The default value; Undefined if there is none."""


class Variables:
    """The variables of one operation; created once and used for every request."""

    __slots__ = ("_exact", "_operation", "_schema")

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema, self._operation = schema, operation
        self._exact = _exact(operation)

    def coerce(self, given: Mapping[str, Any], hints: bool = False) -> Mapping[str, Any] | list[ResponseError]:
        """The coerced values by name, with defaults; or the errors, with suggestions of names if `hints`."""
        if self._exact is not None and (coerced := _as_they_are(self._exact, given)) is not None:
            return coerced
        definitions = self._operation.variable_definitions or ()
        found = get_variable_values(self._schema, definitions, dict(given), max_errors=10)
        if not isinstance(found, list):
            return found.coerced
        # graphql-core's own only for what the walk does not find, such as an input that is nested too deeply.
        return misfits(self._schema, definitions, given, hints) or [
            from_core(each, ErrorCode.BAD_USER_INPUT, hints=False) for each in found
        ]


def _as_they_are(variables: Sequence[Exact], given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The values if none needs coercion; None otherwise."""
    coerced: dict[str, Any] = {}
    # Variables that the operation does not define are ignored, as the specification says.
    for name, fits, needed, default in variables:
        if name in given:
            value = given[name]
            # Null fits every nullable variable.
            if needed if value is None else not fits(value):
                return None
            coerced[name] = value
        elif default is not Undefined:
            coerced[name] = default
        elif needed:
            return None
    return coerced


def _exact(operation: OperationDefinitionNode) -> tuple[Exact, ...] | None:
    """The variables if all have plain scalar types; None otherwise."""
    found = []
    for definition in operation.variable_definitions or ():
        needed = isinstance(definition.type, NonNullTypeNode)
        type_ = definition.type.type if isinstance(definition.type, NonNullTypeNode) else definition.type
        fits = EXACT.get(type_.name.value) if isinstance(type_, NamedTypeNode) else None
        default = _default(definition.default_value)
        if fits is None or not (default is Undefined or default is None or fits(default)):
            return None
        found.append(Exact(definition.variable.name.value, fits, needed, default))
    return tuple(found)


def _default(node: ValueNode | None) -> Any:
    # Untyped: the value is used only if it fits its scalar exactly.
    return Undefined if node is None else value_from_ast_untyped(node)
