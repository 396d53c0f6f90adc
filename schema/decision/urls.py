"""Refuses personal data in GET requests: URLs are kept in logs, browser histories and proxies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache
from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLInputObjectType,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    get_named_type,
    visit,
)

from policy.rules import Rule
from schema.core.errors import ErrorCode, ResponseError
from schema.decision.walking import ArgumentVisitor, fragments
from schema.documents.documents import Operation
from schema.model.model import SchemaModel, input_rule

REMEMBERED = 1_000


@dataclass(slots=True)
class Carried:
    """The places where an operation takes personal data as input; independent of any request, so it is cached."""

    literals: dict[str, None] = field(default_factory=dict)
    """Coordinates whose value is a literal in the document or a variable's default value."""
    variables: dict[str, str] = field(default_factory=dict)
    """Variables used as such a value, with the coordinate."""
    inputs: dict[str, GraphQLInputObjectType] = field(default_factory=dict)
    """Variables of an input object type, which may contain personal data."""


class PersonalInUrl:
    """Finds the personal data that a request would put into its URL."""

    def __init__(self, model: SchemaModel) -> None:
        self._model = model
        self._known: LRUCache[Operation, Carried] = LRUCache(REMEMBERED)

    def problems(self, operation: Operation, in_document: bool, given: Mapping[str, Any]) -> list[ResponseError]:
        """One error per coordinate; `in_document`: the document itself is in the URL, and not only its hash."""
        carried = self._known.get(operation)
        if carried is None:
            carried = self._known[operation] = _carried(self._model, operation)
        found = dict(carried.literals) if in_document else {}
        for name, coordinate in carried.variables.items():
            if given.get(name) is not None:
                found[coordinate] = None
        for name, type_ in carried.inputs.items():
            found |= dict.fromkeys(_inside(given.get(name), type_))
        return [_problem(coordinate) for coordinate in found]


def _carried(model: SchemaModel, operation: Operation) -> Carried:
    # A default value is part of the document, and so of the URL.
    defaults = frozenset(
        each.variable.name.value
        for each in operation.node.variable_definitions or ()
        if each.default_value is not None and not isinstance(each.default_value, NullValueNode)
    )
    collector, info = _PersonalInputs(defaults), TypeInfo(model.core)
    for node in (operation.node, *fragments(operation)):
        visit(node, TypeInfoVisitor(info, ArgumentVisitor(model, collector, info)))
    return collector.carried


class _PersonalInputs:
    """Collects the personal data among the inputs of an operation."""

    introspects = False

    def __init__(self, defaults: frozenset[str]) -> None:
        self.carried, self._defaults = Carried(), defaults

    def field(self, parent: str, possible: Sequence[str], name: str, node: FieldNode) -> None:
        """Ignore fields: they are output."""

    def inbound(self, coordinate: str, rule: Rule | None, node: Node) -> None:
        """Collect an argument or input field of a personal category."""
        if rule is None or rule.category is None or not isinstance(node, (ArgumentNode, ObjectFieldNode)):
            return
        for value in _leaves(node.value):
            # A variable may take its default: then both its value and the document can contain the data.
            if isinstance(value, VariableNode):
                self.carried.variables[value.name.value] = coordinate
                if value.name.value in self._defaults:
                    self.carried.literals[coordinate] = None
            elif not isinstance(value, NullValueNode):
                self.carried.literals[coordinate] = None

    def variable(self, node: VariableNode, type_: GraphQLInputObjectType) -> None:
        """Collect a variable of an input object type."""
        self.carried.inputs[node.name.value] = type_


def _leaves(value: Node) -> list[Node]:
    if isinstance(value, ListValueNode):
        return [leaf for each in value.values for leaf in _leaves(each)]
    if isinstance(value, ObjectValueNode):
        return [leaf for each in value.fields for leaf in _leaves(each.value)]
    return [value]


def _inside(value: Any, type_: GraphQLInputObjectType) -> list[str]:
    """The coordinates of personal data in a variable's value."""
    if isinstance(value, list):
        return [found for each in value for found in _inside(each, type_)]
    if not isinstance(value, Mapping):
        return []
    found: list[str] = []
    for name, inner in value.items():
        core = type_.fields.get(name)
        if core is None or inner is None:
            continue
        rule = input_rule(type_.name, name, core)
        if rule is not None and rule.category is not None:
            found.append(f"{type_.name}.{name}")
        named = get_named_type(core.type)
        if isinstance(named, GraphQLInputObjectType):
            found += _inside(inner, named)
    return found


def _problem(coordinate: str) -> ResponseError:
    message = f"{coordinate} is personal data, and addresses are kept in logs and histories: use POST."
    return ResponseError(ErrorCode.PERSONAL_DATA_IN_URL, message, details={"coordinate": coordinate})
