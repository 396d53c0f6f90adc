"""Finds the variables that an operation uses in filters of lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    ArgumentNode,
    FragmentDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    OperationDefinitionNode,
    TypeNode,
    VariableNode,
    Visitor,
    visit,
)

FILTER = "filter"
"""The name of every argument that narrows a list."""


def filter_variables(
    operation: OperationDefinitionNode, fragments: Iterable[FragmentDefinitionNode]
) -> Mapping[str, str]:
    """The operation's variables that stand in filters, each with the name of its type."""
    found = _Filters()
    for node in (operation, *fragments):
        visit(node, found)
    # A fragment may be another operation's, whose variables are not this one's.
    types = {each.variable.name.value: _named(each.type) for each in operation.variable_definitions or ()}
    return {name: types[name] for name in sorted(found.names & types.keys())}


def _named(node: TypeNode) -> str:
    while isinstance(node, (NonNullTypeNode, ListTypeNode)):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value


class _Filters(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self._inside = 0

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._inside += node.name.value == FILTER

    def leave_argument(self, node: ArgumentNode, *_: Any) -> None:
        self._inside -= node.name.value == FILTER

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        if self._inside:
            self.names.add(node.name.value)
