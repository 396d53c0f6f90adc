"""Variables coerced as the specification says: the common scalars at once, everything else by graphql-core."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphql import GraphQLError, GraphQLSchema, NonNullTypeNode, OperationDefinitionNode, TypeNode, ValueNode
from graphql.execution.values import get_variable_values
from graphql.utilities import value_from_ast_untyped

INT_MOST = 2**31 - 1


def _string(value: Any) -> bool:
    return type(value) is str


def _int(value: Any) -> bool:
    return type(value) is int and -INT_MOST - 1 <= value <= INT_MOST


def _boolean(value: Any) -> bool:
    return type(value) is bool


EXACT: Mapping[str, Callable[[Any], bool]] = {"ID": _string, "String": _string, "Int": _int, "Boolean": _boolean}
"""What coercion leaves as it is. A value that does not fit may still be coerced, or be an error: graphql-core says."""


class Variables:
    """The variables of one operation; made once, used for every request."""

    __slots__ = ("_fast", "_operation", "_schema")

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode) -> None:
        self._schema, self._operation = schema, operation
        self._fast = self._exact()

    def coerce(self, given: Mapping[str, Any]) -> Mapping[str, Any] | Sequence[GraphQLError]:
        """The values by name, defaults filled in; or what is wrong with them."""
        if self._fast is not None and (coerced := self._quickly(given)) is not None:
            return coerced
        definitions = self._operation.variable_definitions or ()
        found = get_variable_values(self._schema, definitions, dict(given), max_errors=10)
        return found if isinstance(found, list) else found.coerced

    def _quickly(self, given: Mapping[str, Any]) -> dict[str, Any] | None:
        coerced: dict[str, Any] = {}
        assert self._fast is not None
        for name, exact, needed, default in self._fast:
            if name in given:
                value = given[name]
                if (value is None and needed) or (value is not None and not exact(value)):
                    return None
                coerced[name] = value
            elif default is not None:
                coerced[name] = default
            elif needed:
                return None
        return coerced

    def _exact(self) -> list[tuple[str, Callable[[Any], bool], bool, Any]] | None:
        """Name, check, whether null is refused, and default of each; None when one is not a plain scalar."""
        found = []
        for definition in self._operation.variable_definitions or ():
            type_, needed = _named(definition.type)
            if type_ not in EXACT:
                return None
            default = _default(definition.default_value)
            if default is not None and not EXACT[type_](default):
                return None
            found.append((definition.variable.name.value, EXACT[type_], needed, default))
        return found


def _named(node: TypeNode) -> tuple[str | None, bool]:
    needed = isinstance(node, NonNullTypeNode)
    inner = node.type if isinstance(node, NonNullTypeNode) else node
    name = getattr(inner, "name", None)
    return (name.value if name is not None else None), needed


def _default(node: ValueNode | None) -> Any:
    return None if node is None else value_from_ast_untyped(node)
