"""Decides which fields an operation may read, once per (operation, grant, purpose) and before execution.

The whole document is decided on, including fields that `@skip` and `@include` leave out at run time, so that the
decision depends on nothing that a request brings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLInputObjectType,
    Node,
    TypeInfo,
    TypeInfoVisitor,
    VariableNode,
    get_location,
    get_named_type,
    visit,
)

from policy.conditions import Condition
from policy.decision import Granted, Reason, Refused
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from policy.rules import Rule
from schema.core.errors import ErrorCode, ResponseError
from schema.decision.verdicts import CoordinateVerdicts
from schema.decision.walking import ArgumentVisitor, SelectionWalker, fragments
from schema.documents.documents import Operation
from schema.model.model import SchemaModel, input_rule


@dataclass(frozen=True, slots=True)
class RefusedField:
    """A coordinate that the purpose may not read, with its locations in the document."""

    coordinate: str
    refused: Refused
    locations: tuple[Mapping[str, int], ...]

    def problem(self, purpose: Purpose | None) -> ResponseError:
        """The error: the same whether the customer exists or not (G7), and one for any number of rows."""
        allowed = [each.name for each in self.refused.allowed]
        asked = purpose.name if purpose else None
        verb = "called" if self.coordinate.startswith("Mutation.") and "(" not in self.coordinate else "read"
        message = f"{self.coordinate} may not be {verb} {f'for {asked}' if asked else 'without a purpose'}."
        if self.refused.reason is Reason.SCOPE_MISSING:
            message = (
                f"{self.coordinate} needs a scope that the token does not have: {' or '.join(self.refused.scopes)}."
            )
        elif self.refused.reason is Reason.FIRST_PARTY_ONLY:
            message = f"{self.coordinate} is for the company's own clients, whatever a customer has allowed this app."
        elif self.refused.reason is Reason.NOT_IN_UNDERTAKING:
            message = f"{self.coordinate} is not among the fields that this partner may get."
        elif allowed:
            message += f" It may be {verb} for {', '.join(allowed)}."
        details: dict[str, Any] = {
            "reason": self.refused.reason.name,
            "coordinate": self.coordinate,
            "purpose": asked,
            "allowedPurposes": allowed,
        }
        if self.refused.scopes:
            details["scopes"] = list(self.refused.scopes)
        return ResponseError(ErrorCode.UNAUTHORIZED_FIELD_OR_TYPE, message, self.locations, details=details)


@dataclass(frozen=True, slots=True)
class Guarded:
    """A refused field of an input object: the operation is refused if the variable contains it."""

    variable: str
    path: tuple[str, ...]
    refused: RefusedField


# eq=False: hashed by identity, as part of the keys of cached plans.
@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The decision on one operation for one grant and purpose."""

    purpose: Purpose | None
    refused: tuple[RefusedField, ...] = ()
    conditions: Mapping[str, frozenset[Condition]] = field(default_factory=dict)
    guarded: tuple[Guarded, ...] = ()
    introspects: bool = False
    unwithholdable: tuple[RefusedField, ...] = ()
    """Refused arguments and input fields. Ignoring them would change the query's meaning, so they always refuse."""
    withheld: Mapping[str, RefusedField] = field(default_factory=dict)
    """The coordinates that return null, with the refused one for which they do: themselves or, of an object type, the
    interface's."""
    shows_places: bool = False
    """Each place of a withheld field has an error."""
    redacted: tuple[Mapping[str, str], ...] = ()
    """The fields whose values depend on a choice that is public anyway, with the condition (RFC 9537)."""
    own_only: bool = False
    """Only rows of the token's own customer may be read: the purpose is limited to them, or the token is bound."""

    def permits(self, grant: Grant) -> bool:
        """True if the operation may run, completely or with fields withheld."""
        # Withholding is for output alone.
        return not self.unwithholdable and (not self.refused or grant.refusal.withholds)

    @property
    def wants_purpose(self) -> bool:
        """True if another purpose could change a refusal; not for a missing scope or a first-party field."""
        refused = (*self.refused, *self.unwithholdable)
        return any(each.refused.reason not in (Reason.SCOPE_MISSING, Reason.FIRST_PARTY_ONLY) for each in refused)

    def problems(self) -> list[ResponseError]:
        """One error per refused coordinate."""
        return [each.problem(self.purpose) for each in (*self.refused, *self.unwithholdable)]

    def brought(self, variables: Mapping[str, Any]) -> list[ResponseError]:
        """One error per refused input field that these variables contain."""
        return [
            each.refused.problem(self.purpose)
            for each in self.guarded
            if _present(variables.get(each.variable), each.path)
        ]


def decide_operation(model: SchemaModel, operation: Operation, grant: Grant, purpose: Purpose | None) -> Decision:
    """Decide on every field, argument and input field of the operation and of its fragments.

    Without a purpose (an auditor's token) everything that names purposes is refused.
    """
    collector = _DecisionCollector(model, purpose, grant)
    SelectionWalker(model, collector, operation).all()
    for node in (operation.node, *fragments(operation)):
        info = TypeInfo(model.core)
        visit(node, TypeInfoVisitor(info, ArgumentVisitor(model, collector, info)))
    return collector.decision()


class _DecisionCollector(CoordinateVerdicts):
    """Collects the decisions on the coordinates of one operation."""

    def __init__(self, model: SchemaModel, purpose: Purpose | None, grant: Grant) -> None:
        super().__init__(model, purpose, grant)
        self.introspects = False
        # Nodes by id(): hashing a node would walk its whole subtree.
        self._fields: dict[str, dict[int, Node]] = {}
        self._inputs: dict[str, dict[int, Node]] = {}
        self._guarded: list[Guarded] = []
        self._withheld: dict[str, str] = {}

    def field(self, parent: str, possible: Sequence[str], name: str, node: FieldNode) -> None:
        """Decide on a field for the parent type it is selected on, and for every possible object type there."""
        if len(possible) == 1:
            self._judged(possible[0], name, node)
        elif self._spans_tables(possible):
            self._of_any_type(parent, possible, name, node)
        # The interface first: if it is refused there is one error, not one per object type.
        elif self._judged(parent, name, node):
            for each in possible:
                self._judged(each, name, node)
        else:
            self._withheld.update((f"{each}.{name}", f"{parent}.{name}") for each in possible)

    def _spans_tables(self, possible: Sequence[str]) -> bool:
        """True if the types are rows of different tables, of which a global id selects one."""
        rows = self.model.rows
        return len({rows[each].table if each in rows else None for each in possible}) > 1

    def _of_any_type(self, parent: str, possible: Sequence[str], name: str, node: FieldNode) -> None:
        """Decide for `node(id:)`: types that the purpose may not read are hidden. It is refused only if all are."""
        hidden = [each for each in possible if isinstance(self.verdict_of(each, name), Refused)]
        self._withheld.update((f"{each}.{name}", f"{parent}.{name}") for each in hidden)
        if len(hidden) == len(possible):
            refused = [self.verdict_of(each, name) for each in hidden]
            allowed = {one for each in refused if isinstance(each, Refused) for one in each.allowed}
            assert isinstance(refused[0], Refused)
            either = Refused(refused[0].reason, tuple(each for each in Purpose if each in allowed))
            self._report(f"{parent}.{name}", either, node)

    def _judged(self, type_name: str, name: str, node: FieldNode) -> bool:
        verdict = self.verdict_of(type_name, name)
        if isinstance(verdict, Refused):
            self._report(f"{type_name}.{name}", verdict, node)
        return isinstance(verdict, Granted)

    def _report(self, coordinate: str, verdict: Refused, node: FieldNode) -> None:
        # For `Query.node` the combined decision replaces the field's own.
        self.verdicts[coordinate] = verdict
        self._fields.setdefault(coordinate, {})[id(node)] = node

    def inbound(self, coordinate: str, rule: Rule | None, node: Node) -> None:
        """Decide on an argument or input field that the document uses."""
        if isinstance(self.verdict(rule, coordinate), Refused):
            self._inputs.setdefault(coordinate, {})[id(node)] = node

    def variable(self, node: VariableNode, type_: GraphQLInputObjectType) -> None:
        """Record the refused fields of a variable's input type: they are checked against each request's variables."""
        for path, coordinate, rule in _input_fields(type_):
            verdict = self.verdict(rule, coordinate)
            if isinstance(verdict, Refused):
                refused = RefusedField(coordinate, verdict, _locations([node]))
                self._guarded.append(Guarded(node.name.value, path, refused))

    def decision(self) -> Decision:
        """The decision, with refusals in the order of the document."""
        refused = {each.coordinate: each for each in self._refused(self._fields)}
        conditions = {
            coordinate: verdict.conditions
            for coordinate, verdict in self.verdicts.items()
            if isinstance(verdict, Granted) and verdict.conditions
        }
        return Decision(
            self.purpose,
            tuple(refused.values()),
            conditions,
            # A variable that is used in several places is guarded once.
            tuple({(each.variable, each.path): each for each in self._guarded}.values()),
            self.introspects,
            tuple(self._refused(self._inputs)),
            refused | self._withheld_for(refused),
            self.grant.refusal is Refusal.WITHHOLD_ERRORS,
            _redacted(conditions),
            self.grant.subject is not None or (self.purpose is not None and self.purpose.own_data_only),
        )

    def _withheld_for(self, refused: Mapping[str, RefusedField]) -> dict[str, RefusedField]:
        """The fields of object types that are withheld with their interface's, or hidden by `node(id:)`."""
        found = {}
        for coordinate, asked in self._withheld.items():
            verdict = self.verdicts.get(coordinate)
            alone = RefusedField(coordinate, verdict, ()) if isinstance(verdict, Refused) else None
            known = refused.get(coordinate) or refused.get(asked) or alone
            assert known is not None
            found[coordinate] = known
        return found

    def _refused(self, found: Mapping[str, Mapping[int, Node]]) -> Iterator[RefusedField]:
        for coordinate, nodes in found.items():
            verdict = self.verdicts[coordinate]
            assert isinstance(verdict, Refused)
            yield RefusedField(coordinate, verdict, _locations(nodes.values()))


def _redacted(conditions: Mapping[str, frozenset[Condition]]) -> tuple[Mapping[str, str], ...]:
    # Conditions on rows leave no trace: a row for which one fails is absent, like one that never was.
    return tuple(
        {"coordinate": coordinate, "condition": each.name}
        for coordinate in sorted(conditions)
        for each in sorted(conditions[coordinate], key=lambda one: one.name)
        if each.scope == "VALUE"
    )


def _input_fields(
    type_: GraphQLInputObjectType, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], str, Rule | None]]:
    """Every field that a value of the type can hold, by its path; none contains itself (`schema.model.structure`)."""
    for name, field_ in type_.fields.items():
        yield (*path, name), f"{type_.name}.{name}", input_rule(type_.name, name, field_)
        inner = get_named_type(field_.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from _input_fields(inner, (*path, name))


def _present(value: Any, path: tuple[str, ...]) -> bool:
    """True if the path leads to a value that was given, null included; each element of a list is searched."""
    if isinstance(value, list):
        return any(_present(each, path) for each in value)
    if not isinstance(value, Mapping) or path[0] not in value:
        return False
    return len(path) == 1 or _present(value[path[0]], path[1:])


def _locations(nodes: Iterable[Node]) -> tuple[Mapping[str, int], ...]:
    found = []
    for node in nodes:
        if node.loc is not None:
            place = get_location(node.loc.source, node.loc.start)
            found.append({"line": place.line, "column": place.column})
    return tuple(found)
