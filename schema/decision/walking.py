"""Traverses an operation: its selection sets with the possible object types, and its arguments and variables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from graphql import (
    ArgumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    Node,
    ObjectFieldNode,
    SelectionSetNode,
    TypeInfo,
    VariableNode,
    Visitor,
    get_named_type,
    is_composite_type,
    visit,
)

from policy.rules import Rule
from schema.documents.documents import Operation
from schema.model.model import SchemaModel, input_rule

META = ("__schema", "__type")


class Collector(Protocol):
    """Receives the fields, inputs and variables met during a traversal."""

    introspects: bool

    def field(self, parent: str, possible: Sequence[str], name: str, node: FieldNode) -> None:
        """A field selected on the type `parent`, where only the `possible` object types can occur."""

    def inbound(self, coordinate: str, rule: Rule | None, node: Node) -> None:
        """An argument or input field."""

    def variable(self, node: VariableNode, type_: GraphQLInputObjectType) -> None:
        """A variable of an input object type."""


class SelectionWalker:
    """Traverses selection sets with the object types that are possible at each place.

    An interface hides nothing: `services { ... on Node { id } }` is decided on as `Service.id`, because only a service
    is possible there. A fragment is traversed once for each set of possible types.
    """

    def __init__(self, model: SchemaModel, collector: Collector, operation: Operation) -> None:
        self.core, self.collector, self.operation = model.core, collector, operation
        self._walked: set[tuple[str, tuple[str, ...]]] = set()

    def all(self) -> None:
        """Traverse the whole operation from its root type."""
        root = self.core.get_root_type(self.operation.node.operation)
        assert root is not None
        self._selections(self.operation.node.selection_set, root, (root.name,))

    def _selections(
        self, selections: SelectionSetNode, parent: GraphQLCompositeType, possible: tuple[str, ...]
    ) -> None:
        for node in selections.selections:
            if isinstance(node, FieldNode):
                self._field(node, parent, possible)
            elif isinstance(node, InlineFragmentNode):
                on = parent if node.type_condition is None else self._type(node.type_condition.name.value)
                self._selections(node.selection_set, on, self._among(possible, on))
            elif isinstance(node, FragmentSpreadNode):
                self._spread(node.name.value, possible)

    def _spread(self, name: str, possible: tuple[str, ...]) -> None:
        fragment = self.operation.document.fragments[name]
        on = self._type(fragment.type_condition.name.value)
        among = self._among(possible, on)
        # Once per set of types: fragments that spread each other twice would take exponential time (G4).
        if (name, among) not in self._walked:
            self._walked.add((name, among))
            self._selections(fragment.selection_set, on, among)

    def _field(self, node: FieldNode, parent: GraphQLCompositeType, possible: tuple[str, ...]) -> None:
        name = node.name.value
        # `__typename` reads nothing; `__schema` and `__type` need the right to introspect.
        if name.startswith("__"):
            self.collector.introspects |= name in META
            return
        assert isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType))
        self.collector.field(parent.name, possible, name, node)
        named = get_named_type(parent.fields[name].type)
        if node.selection_set is not None and is_composite_type(named):
            self._selections(node.selection_set, named, self._all(named))

    def _type(self, name: str) -> GraphQLCompositeType:
        named = self.core.type_map[name]
        assert is_composite_type(named)
        return named

    def _all(self, type_: GraphQLCompositeType) -> tuple[str, ...]:
        if isinstance(type_, GraphQLObjectType):
            return (type_.name,)
        return tuple(each.name for each in self.core.get_possible_types(type_))

    def _among(self, possible: tuple[str, ...], on: GraphQLCompositeType) -> tuple[str, ...]:
        """The possible types that the type condition admits; if none, all of its types, so none goes unchecked."""
        every = self._all(on)
        return tuple(each for each in every if each in possible) or every


class ArgumentVisitor(Visitor):
    """Visits every argument, input field and variable of an operation, at any depth."""

    def __init__(self, model: SchemaModel, collector: Collector, info: TypeInfo) -> None:
        super().__init__()
        self.model, self.collector, self.info = model, collector, info

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        field, parent, argument = self.info.get_field_def(), self.info.get_parent_type(), self.info.get_argument()
        # Arguments of directives are no data of the schema; `@for` is read by `schema.decision.purposes`.
        if self.info.get_directive() is not None or field is None or parent is None or argument is None:
            return
        if parent.name.startswith("__") or (field_name := self._field_name(field)) is None:
            return
        rule = self.model.argument(parent.name, field_name, node.name.value)
        self.collector.inbound(f"{parent.name}.{field_name}({node.name.value}:)", rule, node)

    def _field_name(self, field: Any) -> str | None:
        parent = self.info.get_parent_type()
        fields = parent.fields if isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)) else {}
        # TypeInfo has the definition of a field without its name, and the node may have an alias.
        return next((name for name, each in fields.items() if each is field), None)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        if isinstance(parent, GraphQLInputObjectType) and node.name.value in parent.fields:
            rule = input_rule(parent.name, node.name.value, parent.fields[node.name.value])
            self.collector.inbound(f"{parent.name}.{node.name.value}", rule, node)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        # Variables of scalar types need nothing more: their argument or input field is visited itself.
        type_ = get_named_type(self.info.get_input_type())
        if isinstance(type_, GraphQLInputObjectType):
            self.collector.variable(node, type_)


def fragments(operation: Operation) -> Iterator[FragmentDefinitionNode]:
    """Every fragment that the operation uses, directly or through other fragments, once."""
    seen: set[str] = set()
    waiting: list[Node] = [operation.node]
    while waiting:
        collected = _Spreads()
        visit(waiting.pop(), collected)
        for name in collected.names:
            if name not in seen:
                seen.add(name)
                fragment = operation.document.fragments[name]
                waiting.append(fragment)
                yield fragment


class _Spreads(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: Any, *_: Any) -> None:
        self.names.append(node.name.value)
