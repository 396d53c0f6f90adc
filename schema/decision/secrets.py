"""Passwords and card numbers come as variables: a document's text is remembered, and its hash goes into the ledger.

A hash of a text with a password in it would let whoever reads the ledger guess the password, as fast as they can hash.
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
    """One problem for each secret that stands in the document itself, as a value or as a variable's default."""
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
        told = isinstance(value, VariableNode) and value.name.value not in self.defaults
        if not told and not isinstance(value, NullValueNode):
            self.coordinates[f"{parent.name}.{node.name.value}"] = None


def _problem(coordinate: str) -> ResponseError:
    message = f"Give {coordinate} as a variable: what a document holds is remembered with it."
    return ResponseError(ErrorCode.SECRET_IN_DOCUMENT, message, details={"coordinate": coordinate})
