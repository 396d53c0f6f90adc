"""The plan of an operation: its fields by place, each with its prepared statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from graphql import FieldNode

from resolvers.reads.fetches import ByIndex, ByIndexes, ByInvoice, ByKey
from resolvers.reads.pages import PageOf
from schema.decision.decision import Decision
from schema.documents.documents import Operation
from schema.model.model import FieldModel

Fetch = ByKey | PageOf | ByIndex | ByIndexes | ByInvoice
F = TypeVar("F", ByKey, PageOf, ByIndex, ByIndexes, ByInvoice)
ResponsePath = tuple[tuple[str, str], ...]
"""A response path of steps (parent type, response key), without list indexes."""


class PlanError(Exception):
    """An executor needs something that the planner did not prepare: a defect of the gateway."""


# eq=False, here and below: hashed by identity, as keys of the compiler's tables.
@dataclass(slots=True, eq=False)
class PlannedField:
    """One field at one place of the operation."""

    key: str
    model: FieldModel | None
    """None for `__typename` and introspection."""
    nodes: list[FieldNode]
    withheld: bool
    selections: dict[str, Selection] = field(default_factory=dict)
    """The selections by possible object type."""
    fetches: dict[str, Fetch] = field(default_factory=dict)
    """By table name, or by the lookup's field."""

    @property
    def name(self) -> str:
        """The field's name."""
        return self.nodes[0].name.value

    @property
    def facts(self) -> FieldModel:
        """The field's model; PlanError for `__typename` and introspection."""
        if self.model is None:
            raise PlanError(f"{self.name} is no field of the schema")
        return self.model

    @property
    def only(self) -> Selection:
        """The selection of the only possible object type; PlanError if there are several."""
        if len(self.selections) != 1:
            raise PlanError(f"{self.facts.coordinate} is of {len(self.selections)} types")
        return next(iter(self.selections.values()))

    def fetch(self, kind: type[F], name: str | None = None) -> F:
        """The fetch of this name, or the only one; PlanError if it is not of this kind."""
        found = self.fetches.get(name) if name is not None else next(iter(self.fetches.values()), None)
        if not isinstance(found, kind):
            raise PlanError(f"{self.facts.coordinate} has no {kind.__name__} {name or ''}")
        return found


@dataclass(slots=True, eq=False)
class Selection:
    """The fields selected on one object type, in the order of the response."""

    type_name: str
    fields: dict[str, PlannedField]


@dataclass(slots=True, eq=False)
class Plan:
    """Everything that an executor needs, except the variables."""

    operation: Operation
    decision: Decision
    root: Selection
    coordinates: tuple[str, ...]
    """The fields with purposes that are read, for the ledger entry."""
    columns: tuple[str, ...]
    """The columns that are selected, as table.column."""
    places: Mapping[ResponsePath, PlannedField]
    null_switch: bool = False
    """A `@skip` or `@include` has the value null: an error, which the standard executor reports."""


def rows_below(planned: PlannedField) -> list[Selection]:
    """The selections on the rows that a field returns: directly, or through edges and nodes of a connection."""
    return [selection for place in row_places(planned) for selection in place.selections.values()]


def row_places(planned: PlannedField) -> list[PlannedField]:
    """The places of the rows that a field returns: itself, or each `nodes` and `edges.node` of its connection."""
    source = planned.facts.source
    if source is None or not source.connects:
        return [planned]
    found: list[PlannedField] = []
    for each in planned.only.fields.values():
        if each.name == "nodes":
            found.append(each)
        elif each.name == "edges":
            found += [inner for inner in each.only.fields.values() if inner.name == "node"]
    return found


def row_fields(selection: Selection) -> Iterator[PlannedField]:
    """The fields of a row that are read: those of objects of its columns included, withheld ones and
    `__typename` not."""
    for each in selection.fields.values():
        if each.model is None or each.withheld:
            continue
        yield each
        if each.model.source is not None and each.model.source.details:
            yield from row_fields(each.only)
