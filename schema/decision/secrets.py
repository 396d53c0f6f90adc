"""Refuses documents with passwords or card numbers as literals; these have to be variables.

A document's text is cached and its hash is in the ledger. With a password in it, a reader of the ledger could guess the
password offline, at the speed of the hash (D10).
"""

from __future__ import annotations

from typing import Any

from graphql import (
    GraphQLInputObjectType,
    Node,
    NullValueNode,
    ObjectFieldNode,
    OperationDefinitionNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from policy.categories import Category
from schema.core.errors import ErrorCode, ResponseError
from schema.decision.walking import fragments
from schema.documents.documents import Operation
from schema.model.model import SchemaModel, input_rule

SECRET = (Category.PASSWORD, Category.CARD_NUMBER)


def written_out(model: SchemaModel, operation: Operation) -> list[ResponseError]:
    """One error per secret in the document, as a literal or as a variable's default value."""
    # A variable's default value is part of the document, although its use looks like a variable.
    defaults = frozenset(
        each.variable.name.value
        for each in operation.node.variable_definitions or ()
        if each.default_value is not None and not isinstance(each.default_value, NullValueNode)
    )
    info = TypeInfo(model.core)
    found = _Literals(info, defaults)
    node: Node | OperationDefinitionNode
    for node in (operation.node, *fragments(operation)):
        visit(node, TypeInfoVisitor(info, found))
    return [_problem(coordinate) for coordinate in found.coordinates]


class _Literals(Visitor):
    def __init__(self, info: TypeInfo, defaults: frozenset[str]) -> None:
        super().__init__()
        self.info, self.defaults = info, defaults
        self.coordinates: dict[str, None] = {}

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        if not isinstance(parent, GraphQLInputObjectType) or node.name.value not in parent.fields:
            return
        rule = input_rule(parent.name, node.name.value, parent.fields[node.name.value])
        if rule is None or rule.category is None or not any(rule.category.within(each) for each in SECRET):
            return
        value = node.value
        by_variable = isinstance(value, VariableNode) and value.name.value not in self.defaults
        if not by_variable and not isinstance(value, NullValueNode):
            self.coordinates[f"{parent.name}.{node.name.value}"] = None


def _problem(coordinate: str) -> ResponseError:
    message = f"Give {coordinate} as a variable: what a document holds is remembered with it."
    return ResponseError(ErrorCode.SECRET_IN_DOCUMENT, message, details={"coordinate": coordinate})
