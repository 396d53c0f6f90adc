"""The standard executor: graphql-core executes the operation, and each field resolves from its source.

It is the oracle of the differential tests, and executes operations that are not compiled.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    ExecutionResult,
    GraphQLAbstractType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLUnionType,
    execute,
)
from graphql.pyutils import Path

from policy.grant import Grant
from resolvers.commands.context import CommandContext
from resolvers.reads.fetches import ByIndex, ByIndexes, ByInvoice, ByKey
from resolvers.reads.guard import DamagedValueError, OpenedRecord
from resolvers.reads.operation import Admitted, OperationContext
from resolvers.reads.pages import PageOf
from schema.core.errors import ErrorCode, FieldError
from schema.core.source import Source
from schema.documents.requests import ErrorBehavior
from schema.execution.arguments import Paging, filtered, list_place, paging
from schema.execution.error_behavior import EXECUTORS
from schema.execution.plans import Plan, PlanError, PlannedField, ResponsePath
from schema.execution.withholding import WithheldError
from schema.model.model import SchemaModel


@dataclass(frozen=True, slots=True)
class ResolverContext:
    """The context value that the resolvers of one execution share."""

    plan: Plan
    operation_context: OperationContext
    command: CommandContext
    model: SchemaModel

    @property
    def grant(self) -> Grant:
        """The caller's grant."""
        return self.command.grant


class Typed(Protocol):
    """A value that says of which object type it is: a row, or a member of a union."""

    @property
    def type_name(self) -> str:
        """The name of the object type."""


Resolver = Callable[..., Any]
Info = GraphQLResolveInfo[ResolverContext]


class Resolved(Source, ABC):
    """A source that the standard executor can resolve: every one."""

    __slots__ = ()

    @abstractmethod
    def resolver(self) -> Resolver:
        """The resolver function of the field, for graphql-core."""


def attach(model: SchemaModel) -> None:
    """Give every field of the graphql-core schema the resolver of its source."""
    for (type_name, _), field in model.fields.items():
        type_ = model.core.type_map[type_name]
        if isinstance(type_, GraphQLObjectType):
            field.core.resolve = _guarded(field.coordinate, field.source)
            # Strawberry's test expects instances of its classes; values here are rows.
            type_.is_type_of = None
        elif isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _type_of
    for union in model.core.type_map.values():
        if isinstance(union, GraphQLUnionType):
            union.resolve_type = _type_of


async def execute_plan(
    context: ResolverContext, variables: Mapping[str, Any], on_error: ErrorBehavior = ErrorBehavior.PROPAGATE
) -> ExecutionResult:
    """Execute the plan's operation; errors are sorted by path.

    The specification leaves their order open, and fields that resolve concurrently fail in any order.
    """
    operation = context.plan.operation
    name = operation.node.name.value if operation.node.name else None
    document = operation.document.ast
    if document is None:  # Only valid documents have operations.
        raise PlanError("the operation's document did not parse")
    running = execute(
        context.model.core,
        document,
        context_value=context,
        variable_values=dict(variables),
        operation_name=name,
        executor_class=EXECUTORS[on_error],
    )
    result = running if isinstance(running, ExecutionResult) else await running
    if result.errors:
        # Two paths first differ in two keys or in two indexes, so that comparing never mixes str and int.
        result.errors.sort(key=lambda error: error.path or [])
    return result


def _guarded(coordinate: str, source: Source | None) -> Resolver:
    if not isinstance(source, Resolved):
        raise LookupError("a field without a source cannot be answered")
    resolve = source.resolver()

    def guarded(value: Any, info: Info, **arguments: Any) -> Any:
        # The decision was made before execution: this is a look-up, not a permission check.
        if coordinate in info.context.plan.decision.withheld:
            if info.context.plan.decision.shows_places:
                raise WithheldError(coordinate)
            return None
        return resolve(value, info, **arguments)

    return guarded


log = logging.getLogger("gateway.api")

DAMAGED = "The stored value does not open: it was altered, or sealed under another key. Operators: see the log."


def opening(read: Callable[[OpenedRecord], Any]) -> Callable[[OpenedRecord, Info], Any]:
    """A resolver that reads a record; FieldError if a sealed value of it was altered."""

    def resolve(record: OpenedRecord, info: Info) -> Any:
        try:
            return read(record)
        except DamagedValueError:
            # The schema's own name, and no value: the caller chose the path, and the log is read by others.
            log.error("A sealed value of the field %s.%s does not open.", info.parent_type.name, info.field_name)
            raise FieldError(ErrorCode.DATA_DAMAGED, DAMAGED) from None

    return resolve


def paging_of(planned: PlannedField, info: Info, arguments: Mapping[str, Any]) -> Paging:
    """The page that the arguments of a connection ask for; FieldError if they are invalid."""
    context: ResolverContext = info.context
    place = list_place(planned.facts, context.grant, arguments)
    at = paging(place, context.operation_context.cursors, arguments, context.grant.max_page)
    return filtered(at, planned.fetch(PageOf), arguments, context.operation_context.store.keys)


def records(
    info: Info, admitted: list[Admitted], fetch: ByKey | PageOf | ByIndex | ByIndexes | ByInvoice
) -> list[OpenedRecord]:
    """The rows that a fetch found, as objects of their types; what they hand over to a registry is recorded."""
    model: SchemaModel = info.context.model
    layout = fetch.layout
    if layout.handed:
        info.context.operation_context.revealed.record_handover((row for row, _ in admitted), layout)
    names = model.types_of_table[layout.table]
    kind = model.rows[names[0]].kind
    if kind is None:
        return [OpenedRecord(names[0], row, layout, key) for row, key in admitted]
    # Several types over one table are told apart by the kind column.
    by_value = {model.rows[name].value: name for name in names}
    at = layout.at[kind]
    return [OpenedRecord(by_value[row[at]], row, layout, key) for row, key in admitted]


def first_of(
    info: Info, admitted: list[Admitted], fetch: ByKey | PageOf | ByIndex | ByIndexes | ByInvoice
) -> OpenedRecord | None:
    """The first of these rows; None if there is none."""
    return next(iter(records(info, admitted, fetch)), None)


def here(info: Info) -> tuple[ResponsePath, PlannedField]:
    """The place that is being resolved, and its plan."""
    steps: list[tuple[str, str]] = []
    path: Path | None = info.path
    while path is not None:
        # Without list indexes: all elements of a list share one place.
        if isinstance(path.key, str) and path.typename is not None:
            steps.append((path.typename, path.key))
        path = path.prev
    place = tuple(reversed(steps))
    return place, info.context.plan.places[place]


def _type_of(value: Typed, info: Info, abstract: GraphQLAbstractType) -> str:
    return value.type_name
