"""Plans an operation: resolves its fragments, and determines the rows and columns that each place needs.

A plan is valid for one operation, one decision, and one combination of values of the `@skip` and `@include` variables.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_abstract_type,
    is_composite_type,
)
from sqlalchemy import Column, Table

from policy.conditions import Condition
from policy.purposes import Purpose
from policy.recipients import Recipient
from resolvers.disclosures.registries import NEEDED
from resolvers.reads.criteria import Criterion
from resolvers.reads.fetches import ByKey, Projection
from resolvers.reads.filters import HOMES
from resolvers.reads.pages import PageOf
from resolvers.reads.relations import Relation, parent
from schema.core.source import Source
from schema.decision.decision import Decision
from schema.documents.documents import Operation
from schema.documents.filters import FILTER
from schema.execution.filtering import NOTHING_KNOWN, Shapes, compared_fields, criteria_of
from schema.execution.plans import Plan, PlanError, PlannedField, ResponsePath, Selection, row_fields, rows_below
from schema.model.model import FieldModel, SchemaModel
from store.sql.reading import Reader
from store.tables.domains import domains


def make_plan(
    model: SchemaModel,
    reader: Reader,
    operation: Operation,
    decision: Decision,
    values: Mapping[str, Any],
    shapes: Shapes = NOTHING_KNOWN,
) -> Plan:
    """Resolve the operation's fragments and conditions, and prepare its statements; reads nothing.

    `shapes` are those of the variables in filters; without them the plan is for every field that they could give.
    """
    return Planner(model, reader, operation, decision, values, shapes).plan()


class Prepared(Source, ABC):
    """A source that reads rows."""

    __slots__ = ()

    @abstractmethod
    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the field's statements, after everything below it was planned."""


class Planner:
    """Plans one operation; sources prepare their statements with it."""

    def __init__(
        self,
        model: SchemaModel,
        reader: Reader,
        operation: Operation,
        decision: Decision,
        values: Mapping[str, Any],
        shapes: Shapes,
    ) -> None:
        self.shapes = shapes
        self.model, self.reader, self.operation, self.decision, self.values = model, reader, operation, decision, values
        self.own_only = decision.own_only
        self.coordinates: dict[str, None] = {}
        self.columns: dict[str, None] = {}
        self.places: dict[ResponsePath, PlannedField] = {}
        self.null_switch = False

    def plan(self) -> Plan:
        kind = self.operation.node.operation
        root_type = self.model.core.get_root_type(kind)
        if root_type is None:  # Validation refuses such a document.
            raise PlanError(f"the schema has no {kind.value}")
        root = self._selection(root_type, [self.operation.node.selection_set], ())
        coordinates, columns = tuple(self.coordinates), tuple(self.columns)
        return Plan(self.operation, self.decision, root, coordinates, columns, self.places, self.null_switch)

    def _selection(self, type_: GraphQLObjectType, sets: Iterable[SelectionSetNode], path: ResponsePath) -> Selection:
        """The fields of one object type at one place, merged by response key (GraphQL, CollectFields)."""
        grouped: dict[str, list[FieldNode]] = {}
        seen: set[str] = set()
        for each in sets:
            self._collect(type_, each, grouped, seen)
        return Selection(type_.name, {key: self._planned(type_, key, nodes, path) for key, nodes in grouped.items()})

    def _collect(
        self,
        type_: GraphQLObjectType,
        selections: SelectionSetNode,
        grouped: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        for node in selections.selections:
            if not self._included(node):
                continue
            if isinstance(node, FieldNode):
                # By response key, in the order of first occurrence (GraphQL, CollectFields).
                grouped.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or self._applies(node.type_condition.name.value, type_):
                    self._collect(type_, node.selection_set, grouped, seen)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in seen:
                # Before the type condition is checked, as in CollectFields.
                seen.add(node.name.value)
                fragment = self.operation.document.fragments[node.name.value]
                if self._applies(fragment.type_condition.name.value, type_):
                    self._collect(type_, fragment.selection_set, grouped, seen)

    def _included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if directive.name.value in ("skip", "include"):
                held = self._held(directive)
                if held is None:
                    self.null_switch = True
                # `@skip(if: true)` and `@include(if: false)` leave the node out.
                elif held == (directive.name.value == "skip"):
                    return False
        return True

    def _held(self, directive: DirectiveNode) -> bool | None:
        """The value of the argument `if`; None for null, which a nullable variable with a default can have."""
        for argument in directive.arguments or ():
            if isinstance(argument.value, VariableNode):
                return self.values.get(argument.value.name.value)
            if isinstance(argument.value, BooleanValueNode):
                return argument.value.value
        return None

    def _applies(self, condition: str, type_: GraphQLObjectType) -> bool:
        named = self.model.core.type_map[condition]
        return named is type_ or (is_abstract_type(named) and self.model.core.is_sub_type(named, type_))

    def _planned(self, type_: GraphQLObjectType, key: str, nodes: list[FieldNode], path: ResponsePath) -> PlannedField:
        """Plan one field with everything below it and its statements."""
        name, here = nodes[0].name.value, (*path, (type_.name, key))
        if name.startswith("__"):
            return PlannedField(key, None, nodes, withheld=False)
        model = self.model.field(type_.name, name)
        planned = PlannedField(key, model, nodes, withheld=model.coordinate in self.decision.withheld)
        self.places[here] = planned
        if planned.withheld:
            return planned
        # Fields without purposes are not personal data, and are not in the ledger entry.
        if model.rule is not None and model.rule.allowances:
            self.coordinates[model.coordinate] = None
        named = get_named_type(model.core.type)
        if is_composite_type(named):
            below = [node.selection_set for node in nodes if node.selection_set]
            for each in self._possible(named):
                planned.selections[each.name] = self._selection(each, below, here)
        if isinstance(model.source, Prepared):
            model.source.prepare(self, planned)
        return planned

    def _possible(self, named: GraphQLCompositeType) -> Iterator[GraphQLObjectType]:
        if isinstance(named, GraphQLObjectType):
            yield named
        else:
            yield from self.model.core.get_possible_types(named)

    def by_id(self, table: Table, planned: PlannedField, below: Iterable[Selection]) -> None:
        """Prepare the read of one row by its primary key."""
        projection = self.projection(table, planned, below)
        # A row by its own id is a relation of the table to itself, so one fetch serves both.
        planned.fetches[table.name] = ByKey(self.reader, projection, parent(table.c.id, of=table.c.id))

    def page(self, table: Table, planned: PlannedField, relation: Relation | None = None) -> PageOf:
        """Prepare the read of a page of these rows: of those that pass the list's filter, if it has one."""
        criteria = self._criteria(planned, table)
        return PageOf(self.reader, self.projection(table, planned, criteria=criteria), relation, criteria)

    def _criteria(self, planned: PlannedField, table: Table) -> tuple[Criterion, ...]:
        """The criteria of a list's filter; comparing a field is reading it, for the ledger entry too."""
        core = planned.facts.core
        if FILTER not in core.args:
            return ()
        node = next((each for each in planned.nodes[0].arguments or () if each.name.value == FILTER), None)
        criteria = criteria_of(core, node, self.shapes)
        fields = compared_fields(self.model, self.model.types_of_table[table], criteria)
        self.coordinates.update(dict.fromkeys(fields))
        return criteria

    def seen_tables(self) -> Iterator[Table]:
        """The tables whose ids the purpose may read; ids of others return null, as if unknown."""
        purpose = self.decision.purpose
        for table, types in self.model.types_of_table.items():
            rule = self.model.field(types[0], "id").rule
            if rule is not None and purpose is not None and rule.when(purpose):
                yield table

    def projection(
        self,
        table: Table,
        planned: PlannedField,
        below: Iterable[Selection] | None = None,
        criteria: Sequence[Criterion] = (),
    ) -> Projection:
        """The columns of what is selected on these rows, by default on all that the field returns, and the conditions
        of that and of what is compared."""
        asked = [
            each.facts
            for selection in (rows_below(planned) if below is None else below)
            for each in row_fields(selection)
        ]
        # The kind column decides of which type a row is, so it is always selected.
        kinds = [self.model.rows[name].kind for name in self.model.types_of_table[table]]
        columns = {kind for kind in kinds if kind is not None}
        masks: dict[Column[Any], frozenset[Condition]] = {}
        for each in asked:
            for column in _needed(each):
                columns.add(column)
                # Fields that share a column share its value in the row, so the conditions of all of them apply.
                masks[column] = masks.get(column, frozenset()) | self._conditions("VALUE", each.coordinate)
        handed = self._handed(table, asked)
        columns.update(NEEDED if handed else ())
        compared = compared_fields(self.model, self.model.types_of_table[table], criteria)
        named = [planned.facts.coordinate, *(each.coordinate for each in asked), *compared, *self._ids_of(table)]
        rows = frozenset(one for one in self._conditions("ROW", *named) if HOMES[one] is table)
        self.selects(columns)
        return Projection(table, frozenset(columns), rows, masks, self.own_only, handed, self.decision.purpose)

    def selects(self, columns: Iterable[Column[Any]]) -> None:
        """Note that the operation reads these columns of one table."""
        # Sorted, so that reports and dry runs are stable.
        self.columns.update(dict.fromkeys(sorted(str(column) for column in columns)))

    def _handed(self, table: Table, asked: Iterable[FieldModel]) -> Mapping[Column[Any], str]:
        """The columns of domains that are disclosed to the registry by reading them for DOMAIN_REGISTRATION (R23)."""
        # Reading a domain for any other purpose discloses it to nobody.
        if table is not domains or self.decision.purpose is not Purpose.DOMAIN_REGISTRATION:
            return {}
        return {
            column: each.coordinate
            for each in asked
            if each.rule is not None and Recipient.REGISTRY in each.rule.disclosed_to
            for column in _needed(each)
        }

    def _ids_of(self, table: Table) -> list[str]:
        """The coordinates of the rows' ids. Their conditions apply to every read, or hidden rows could be counted."""
        return [f"{name}.id" for name in self.model.types_of_table[table]]

    def _conditions(self, scope: str, *coordinates: str) -> frozenset[Condition]:
        """The purpose's conditions of this scope on the coordinates: as decided, or as declared if not selected."""
        found: set[Condition] = set()
        purpose = self.decision.purpose
        for coordinate in coordinates:
            if conditions := self.decision.conditions.get(coordinate):
                found |= conditions
            # An id that was not selected still protects its row by its declared conditions.
            elif purpose is not None and (rule := self.model.rules.get(coordinate)) is not None:
                found |= rule.conditions(purpose)
        return frozenset(each for each in found if each.scope == scope)


def _needed(facts: FieldModel) -> tuple[Column[Any], ...]:
    return () if facts.source is None else facts.source.needed
