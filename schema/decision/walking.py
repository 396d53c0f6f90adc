"""The two walks over an operation: down its selections, and past everything that it mentions as input."""

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


class Judge(Protocol):
    """What is told of each thing met."""

    introspects: bool

    def field(self, parent: str, possible: Sequence[str], name: str, node: FieldNode) -> None:
        """A field asked through the type `parent`, where only the `possible` object types can stand."""

    def inbound(self, coordinate: str, rule: Rule | None, node: Node) -> None:
        """An argument or input field."""

    def variable(self, node: VariableNode, type_: GraphQLInputObjectType) -> None:
        """A variable that brings an input object."""


class SelectionWalker:
    """Walks the selections with the object types that can stand at each place.

    An interface is no cloak: `services { ... on Node { id } }` is judged as `Service.id`, because nothing but a
    service can stand there. A fragment is walked once for each set of types that it is spread on.
    """

    def __init__(self, model: SchemaModel, judge: Judge, operation: Operation) -> None:
        self.core, self.judge, self.operation = model.core, judge, operation
        self._walked: set[tuple[str, tuple[str, ...]]] = set()

    def all(self) -> None:
        """From the root down."""
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
        if (name, among) not in self._walked:
            self._walked.add((name, among))
            self._selections(fragment.selection_set, on, among)

    def _field(self, node: FieldNode, parent: GraphQLCompositeType, possible: tuple[str, ...]) -> None:
        name = node.name.value
        if name.startswith("__"):
            self.judge.introspects |= name in META
            return
        assert isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType))
        self.judge.field(parent.name, possible, name, node)
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
        """Those of the possible types that the fragment is for; where none is, it is judged all the same."""
        every = self._all(on)
        return tuple(each for each in every if each in possible) or every


class ArgumentVisitor(Visitor):
    """Meets every argument, input field and variable, wherever it stands."""

    def __init__(self, model: SchemaModel, judge: Judge, info: TypeInfo) -> None:
        super().__init__()
        self.model, self.judge, self.info = model, judge, info

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        field, parent, argument = self.info.get_field_def(), self.info.get_parent_type(), self.info.get_argument()
        if self.info.get_directive() is not None or field is None or parent is None or argument is None:
            return
        if parent.name.startswith("__") or (field_name := self._field_name(field)) is None:
            return
        rule = self.model.argument(parent.name, field_name, node.name.value)
        self.judge.inbound(f"{parent.name}.{field_name}({node.name.value}:)", rule, node)

    def _field_name(self, field: Any) -> str | None:
        parent = self.info.get_parent_type()
        fields = parent.fields if isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)) else {}
        return next((name for name, each in fields.items() if each is field), None)

    def enter_object_field(self, node: ObjectFieldNode, *_: Any) -> None:
        parent = get_named_type(self.info.get_parent_input_type())
        if isinstance(parent, GraphQLInputObjectType) and node.name.value in parent.fields:
            rule = input_rule(parent.name, node.name.value, parent.fields[node.name.value])
            self.judge.inbound(f"{parent.name}.{node.name.value}", rule, node)

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        type_ = get_named_type(self.info.get_input_type())
        if isinstance(type_, GraphQLInputObjectType):
            self.judge.variable(node, type_)


def fragments(operation: Operation) -> Iterator[FragmentDefinitionNode]:
    """Every fragment that the operation reaches, once."""
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
