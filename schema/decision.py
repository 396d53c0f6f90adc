"""What an operation may read for its purpose: decided once per (operation, grant, purpose), before anything runs.

A document is judged whole. What `@skip` and `@include` leave out at run time is judged all the same, so that the
decision depends on nothing that a request brings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ArgumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
    Node,
    ObjectFieldNode,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    Visitor,
    get_location,
    get_named_type,
    visit,
)

from policy.conditions import Condition
from policy.decision import Gap, Granted, Reason, Refused, decide
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from policy.rules import Rule
from schema.documents import Operation
from schema.errors import Code, Problem
from schema.model import SchemaModel, argument_rule, input_rule

META = ("__schema", "__type")


@dataclass(frozen=True, slots=True)
class RefusedField:
    """A coordinate that the purpose may not read, and where the document asks for it."""

    coordinate: str
    refused: Refused
    locations: tuple[Mapping[str, int], ...]

    def problem(self, purpose: Purpose | None) -> Problem:
        """The error: the same whether the customer exists or not, and once however many customers there are."""
        allowed = [each.name for each in self.refused.allowed]
        asked = purpose.name if purpose else None
        message = f"{self.coordinate} may not be read for {asked}."
        if self.refused.reason is Reason.SCOPE_MISSING:
            message = f"{self.coordinate} needs a scope that the token does not have."
        elif allowed:
            message += f" It may be read for {', '.join(allowed)}."
        details = {
            "reason": self.refused.reason.name,
            "coordinate": self.coordinate,
            "purpose": asked,
            "allowedPurposes": allowed,
        }
        return Problem(Code.UNAUTHORIZED_FIELD_OR_TYPE, message, self.locations, details=details)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A field of an input object that is refused if the variable brings it."""

    variable: str
    path: tuple[str, ...]
    refused: RefusedField


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """What the grant may read of the operation; `refused` is empty, or the client is registered to have it withheld."""

    purpose: Purpose | None
    refused: tuple[RefusedField, ...] = ()
    conditions: Mapping[str, frozenset[Condition]] = field(default_factory=dict)
    guarded: tuple[Guarded, ...] = ()
    introspects: bool = False
    unwithholdable: tuple[RefusedField, ...] = ()
    """Refused arguments and inputs: leaving them out would answer another question, so they always refuse."""
    withheld: frozenset[str] = frozenset()
    """The coordinates that are answered with null: the refused ones, and behind an interface's each type's own."""

    def permits(self, grant: Grant) -> bool:
        """Whether the operation may run, in full or with fields withheld."""
        return not self.unwithholdable and (not self.refused or grant.refusal is Refusal.WITHHOLD)

    def problems(self) -> list[Problem]:
        """One error per refused coordinate."""
        return [each.problem(self.purpose) for each in (*self.refused, *self.unwithholdable)]

    def brought(self, variables: Mapping[str, Any]) -> list[Problem]:
        """The refusals for input fields that these variables bring."""
        return [
            each.refused.problem(self.purpose)
            for each in self.guarded
            if _present(variables.get(each.variable), each.path)
        ]


def decide_operation(model: SchemaModel, operation: Operation, grant: Grant, purpose: Purpose | None) -> Decision:
    """Judge every field, argument and input field that the operation mentions, those of its fragments included.

    Without a purpose (an auditor's token) everything that names purposes is refused.
    """
    judge = _Judge(model, purpose, grant)
    for node in (operation.node, *_fragments(operation)):
        info = TypeInfo(model.core)
        visit(node, TypeInfoVisitor(info, _Walk(judge, info)))
    return judge.decision()


def _fragments(operation: Operation) -> Iterator[Node]:
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


def spans_tables(model: SchemaModel, parent: GraphQLInterfaceType | GraphQLUnionType) -> bool:
    """Whether the type stands for rows of different tables, of which a global id chooses one."""
    return len({model.rows[each.name].table for each in model.core.get_possible_types(parent)}) > 1


class _Judge:
    """Collects the verdicts of one walk."""

    def __init__(self, model: SchemaModel, purpose: Purpose | None, grant: Grant) -> None:
        self.model, self.purpose, self.grant = model, purpose, grant
        self.introspects = False
        self._verdicts: dict[str, Granted | Refused] = {}
        self._fields: dict[str, list[Node]] = {}
        self._inputs: dict[str, list[Node]] = {}
        self._guarded: list[Guarded] = []
        self._withheld: set[str] = set()

    def verdict(self, rule: Rule | None, coordinate: str) -> Granted | Refused:
        """The decision on one coordinate; what nothing declares is closed."""
        if coordinate not in self._verdicts:
            self._verdicts[coordinate] = self._decide(rule)
        return self._verdicts[coordinate]

    def _decide(self, rule: Rule | None) -> Granted | Refused:
        if rule is None:
            return Refused(Reason.UNDECLARED)
        if not rule.allowances and rule.category is None and not rule.scopes:
            return Granted()
        if self.purpose is None:
            allowed = tuple(each for each in Purpose if each.enabled and rule.when(each))
            return Refused(Reason.PURPOSE_NOT_ALLOWED, allowed) if rule.allowances else self._by_scope(rule)
        verdict = decide(rule, self.purpose, self.grant.scopes)
        return Refused(Reason.UNDECLARED) if isinstance(verdict, Gap) else verdict

    def _by_scope(self, rule: Rule) -> Granted | Refused:
        held = any(needed <= self.grant.scopes for needed in rule.scopes)
        return Granted() if held else Refused(Reason.SCOPE_MISSING)

    def field(self, parent: GraphQLNamedType, name: str, node: FieldNode) -> None:
        """Judge a field; through an interface, every type that may stand behind it."""
        if not isinstance(parent, (GraphQLInterfaceType, GraphQLUnionType)):
            self._judged(parent.name, name, node)
            return
        possible = [each.name for each in self.model.core.get_possible_types(parent)]
        if spans_tables(self.model, parent):
            # `node(id:)`: a type that the purpose may not see is as if it did not exist; one is enough to go on.
            if not any(self._sees(each, name) for each in possible):
                self._report(f"{parent.name}.{name}", self._verdict_of(possible[0], name), node)
            return
        if self._judged(parent.name, name, node):
            for each in possible:
                self._judged(each, name, node)
        else:
            self._withheld.update(f"{each}.{name}" for each in possible)

    def _judged(self, type_name: str, name: str, node: FieldNode) -> bool:
        verdict = self._verdict_of(type_name, name)
        if isinstance(verdict, Refused):
            self._report(f"{type_name}.{name}", verdict, node)
        return isinstance(verdict, Granted)

    def _report(self, coordinate: str, verdict: Granted | Refused, node: FieldNode) -> None:
        self._verdicts[coordinate] = verdict
        self._fields.setdefault(coordinate, []).append(node)

    def _verdict_of(self, type_name: str, name: str) -> Granted | Refused:
        model = self.model.field(type_name, name)
        return self.verdict(model.rule, model.coordinate)

    def _sees(self, type_name: str, name: str) -> bool:
        return isinstance(self._verdict_of(type_name, name), Granted)

    def inbound(self, coordinate: str, rule: Rule | None, node: Node) -> None:
        """Judge an argument or input field that the document mentions."""
        if isinstance(self.verdict(rule, coordinate), Refused):
            self._inputs.setdefault(coordinate, []).append(node)

    def variable(self, node: VariableNode, type_: GraphQLInputObjectType) -> None:
        """Remember which fields a variable of this type must not bring."""
        for path, coordinate, rule in _input_fields(type_):
            verdict = self.verdict(rule, coordinate)
            if isinstance(verdict, Refused):
                refused = RefusedField(coordinate, verdict, _locations([node]))
                self._guarded.append(Guarded(node.name.value, path, refused))

    def decision(self) -> Decision:
        """Everything found, in the order of the document."""
        return Decision(
            self.purpose,
            tuple(self._refused(self._fields)),
            {
                coordinate: verdict.conditions
                for coordinate, verdict in self._verdicts.items()
                if isinstance(verdict, Granted) and verdict.conditions
            },
            tuple({(each.variable, each.path): each for each in self._guarded}.values()),
            self.introspects,
            tuple(self._refused(self._inputs)),
            frozenset(self._withheld | self._fields.keys()),
        )

    def _refused(self, found: Mapping[str, Sequence[Node]]) -> Iterator[RefusedField]:
        for coordinate, nodes in found.items():
            verdict = self._verdicts[coordinate]
            assert isinstance(verdict, Refused)
            yield RefusedField(coordinate, verdict, _locations(nodes))


class _Walk(Visitor):
    def __init__(self, judge: _Judge, info: TypeInfo) -> None:
        super().__init__()
        self.judge, self.info = judge, info

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        name, parent = node.name.value, self.info.get_parent_type()
        if name in META:
            self.judge.introspects = True
        if parent is None or name.startswith("__") or parent.name.startswith("__"):
            return
        self.judge.field(parent, name, node)

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        field, parent, argument = self.info.get_field_def(), self.info.get_parent_type(), self.info.get_argument()
        if self.info.get_directive() is not None or field is None or parent is None or argument is None:
            return
        if parent.name.startswith("__") or (field_name := self._field_name(field)) is None:
            return
        rule = argument_rule(parent.name, field_name, node.name.value, argument)
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


def _input_fields(
    type_: GraphQLInputObjectType, path: tuple[str, ...] = (), seen: frozenset[str] = frozenset()
) -> Iterator[tuple[tuple[str, ...], str, Rule | None]]:
    if type_.name in seen:
        return
    for name, field_ in type_.fields.items():
        yield (*path, name), f"{type_.name}.{name}", input_rule(type_.name, name, field_)
        inner = get_named_type(field_.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _input_fields(inner, (*path, name), seen | {type_.name})


def _present(value: Any, path: tuple[str, ...]) -> bool:
    """Whether the path leads to a value that was given, null included; lists are looked through."""
    if isinstance(value, list):
        return any(_present(each, path) for each in value)
    if not isinstance(value, Mapping) or path[0] not in value:
        return False
    return len(path) == 1 or _present(value[path[0]], path[1:])


def _locations(nodes: Sequence[Node]) -> tuple[Mapping[str, int], ...]:
    found = []
    for node in nodes:
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            found.append({"line": place.line, "column": place.column})
    return tuple(found)
