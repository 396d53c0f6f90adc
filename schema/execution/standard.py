"""The standard executor: graphql-core executes the operation, and each field resolves from its source.

It is the oracle of the differential tests, and executes operations that are not compiled.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLAbstractType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    execute,
)
from graphql.pyutils import Path

from policy.grant import Grant
from resolvers.commands.context import CommandContext, Result, Run
from resolvers.reads.fetches import ByIndex, ByKey
from resolvers.reads.guard import DamagedValueError, OpenedRecord
from resolvers.reads.operation import Admitted, OperationContext
from resolvers.reads.pages import PageOf
from schema.core.errors import ErrorCode, FieldError
from schema.core.sources import (
    Affected,
    Attribute,
    ColumnValue,
    Command,
    Computed,
    Embedded,
    Entry,
    GlobalIdSource,
    GrantFacts,
    Paged,
    Part,
    Related,
    RenderedDocument,
    ReportFact,
    Source,
)
from schema.execution.arguments import Paging, domain_index, list_place, node_key, own_key, paging, searched_for
from schema.execution.plans import Plan, PlanError, PlannedField, ResponsePath
from schema.execution.views import ConnectionView, GrantView
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


Resolver = Callable[..., Any]
Info = GraphQLResolveInfo[ResolverContext]


def attach(model: SchemaModel) -> None:
    """Give every field of the graphql-core schema the resolver of its source."""
    for (type_name, _), field in model.fields.items():
        type_ = model.core.type_map[type_name]
        if isinstance(type_, GraphQLObjectType):
            field.core.resolve = _guarded(field.coordinate, _resolver(field.source))
            # Strawberry's test expects instances of its classes; values here are rows.
            type_.is_type_of = None
        elif isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _type_of


async def execute_plan(context: ResolverContext, variables: Mapping[str, Any]) -> ExecutionResult:
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
    )
    result = running if isinstance(running, ExecutionResult) else await running
    if result.errors:
        # Two paths first differ in two keys or in two indexes, so that comparing never mixes str and int.
        result.errors.sort(key=lambda error: error.path or [])
    return result


def _guarded(coordinate: str, resolve: Resolver) -> Resolver:
    def guarded(source: Any, info: Info, **arguments: Any) -> Any:
        # The decision was made before execution: this is a look-up, not a permission check.
        if coordinate in info.context.plan.decision.withheld:
            return None
        return resolve(source, info, **arguments)

    return guarded


def _resolver(source: Source | None) -> Resolver:
    match source:
        case ColumnValue(column, read):
            return _value(column, read)
        case GlobalIdSource():
            return _global_id
        case Embedded(column):
            return _value(column, None)
        case Part(index, read):
            return lambda parts, info: _read(parts if index is None else parts[index], read)
        case Related(relation):
            return _related(relation.source, relation.many)
        case Paged(_, relation):
            return _page if relation is None else _page_under(relation.source)
        case Entry("lookup", _):
            return _lookup
        case Entry("domain", _):
            return _domain
        case Entry(kind, _):
            return _entry(kind)
        case RenderedDocument():
            return _rendered(source)
        case Attribute(name):
            return lambda value, info: getattr(value, name)
        case GrantFacts():
            return lambda root, info: GrantView.of(info.context.grant, info.context.operation_context.ids)
        case Command(run):
            return _command(run)
        case Affected(name, _):
            return _affected(name)
        case ReportFact():
            return lambda report, info: report[info.field_name]
        case Computed(run):
            return lambda value, info, **arguments: run(info.context, value, arguments)
        case None:
            raise LookupError("a field without a source cannot be answered")


def _global_id(record: OpenedRecord, info: Info) -> str:
    return info.context.operation_context.ids(record.type_name, record.owner, record.id)


def _value(column: Any, read: Callable[[Any], Any] | None) -> Resolver:
    def resolve(record: OpenedRecord, info: Info) -> Any:
        try:
            return _read(record.value(column), read)
        except DamagedValueError:
            raise FieldError(ErrorCode.DATA_DAMAGED, DAMAGED) from None

    return resolve


DAMAGED = "The stored value does not open: it was altered, or sealed under another key. Operators: see the log."


def _read(resting: Any, read: Callable[[Any], Any] | None) -> Any:
    return resting if resting is None or read is None else read(resting)


def _related(source: Any, many: bool) -> Resolver:
    async def resolve(record: OpenedRecord, info: Info) -> Any:
        # A null reference leads to no row: no statement is needed.
        key = record.value(source)
        if key is None:
            return [] if many else None
        place, planned = _here(info)
        fetch = planned.fetch(ByKey)
        records = _records(info, await info.context.operation_context.related(place, fetch, key), fetch)
        return records if many else next(iter(records), None)

    return resolve


async def _page(root: Any, info: Info, **arguments: Any) -> ConnectionView:
    _, planned = _here(info)
    fetch, at = planned.fetch(PageOf), _paging(planned, info, arguments)
    rows, more = await info.context.operation_context.page(fetch, at.span)
    return ConnectionView.of(at, _records(info, rows, fetch), more)


def _page_under(source: Any) -> Resolver:
    async def resolve(record: OpenedRecord, info: Info, **arguments: Any) -> ConnectionView:
        place, planned = _here(info)
        fetch, at = planned.fetch(PageOf), _paging(planned, info, arguments)
        key = record.value(source)
        rows, more = await info.context.operation_context.page_under(place, fetch, key, at.span)
        return ConnectionView.of(at, _records(info, rows, fetch), more)

    return resolve


def _paging(planned: PlannedField, info: Info, arguments: Mapping[str, Any]) -> Paging:
    context: ResolverContext = info.context
    place = list_place(planned.facts, context.grant)
    return paging(place, context.operation_context.cursors, arguments, context.grant.max_page)


def _entry(kind: str) -> Callable[..., Awaitable[Any]]:
    async def resolve(root: Any, info: Info, **arguments: Any) -> Any:
        context: ResolverContext = info.context
        place, planned = _here(info)
        if kind == "me":
            key, type_name, name = own_key(context.grant), None, None
        else:
            type_name, key = node_key(context.operation_context.ids, context.model, planned.facts, arguments["id"])
            name = context.model.rows[type_name].table.name
            # A type that the purpose may not read is answered as if the id were unknown.
            if name not in planned.fetches:
                return None
        fetch = planned.fetch(ByKey, name)
        found = _records(info, await context.operation_context.related((place, type_name), fetch, key), fetch)
        # `me` has no type name. An id of another variant of the same table finds nothing.
        return next((each for each in found if type_name in (None, each.type_name)), None)

    return resolve


async def _lookup(root: Any, info: Info, by: Mapping[str, Any]) -> Any:
    _, planned = _here(info)
    ((name, value),) = by.items()
    fetch = planned.fetch(ByIndex, name)
    return next(iter(_records(info, await info.context.operation_context.found(fetch, value), fetch)), None)


async def _domain(root: Any, info: Info, name: str) -> Any:
    _, planned = _here(info)
    fetch, operation_context = planned.fetch(ByIndex), info.context.operation_context
    found = await operation_context.located(fetch, domain_index(operation_context.store.keys, name))
    return next(iter(_records(info, found, fetch)), None)


def _rendered(source: RenderedDocument) -> Callable[..., Awaitable[Any]]:
    async def resolve(root: Any, info: Info, **arguments: str) -> Any:
        _, planned = _here(info)
        fetch, text = planned.fetch(ByIndex), searched_for(planned.facts, arguments[source.kind])
        found = _records(info, await info.context.operation_context.found(fetch, text), fetch)
        try:
            return source.write(found[0]) if found else None
        except DamagedValueError:
            raise FieldError(ErrorCode.DATA_DAMAGED, DAMAGED) from None

    return resolve


def _command(run: Run) -> Callable[..., Awaitable[Result]]:
    async def resolve(root: Any, info: Info, input: Mapping[str, Any] | None = None) -> Result:
        # By response key, as in the compiled plan, so that no command runs twice.
        performed: Result = await info.context.operation_context.perform(str(info.path.key), run, input or {})
        return performed

    return resolve


def _affected(name: str) -> Callable[..., Awaitable[OpenedRecord | None]]:
    async def resolve(result: Result, info: Info) -> OpenedRecord | None:
        key = result.affected.get(name)
        if key is None:
            return None
        place, planned = _here(info)
        fetch = planned.fetch(ByKey)
        return next(iter(_records(info, await info.context.operation_context.related(place, fetch, key), fetch)), None)

    return resolve


def _records(info: Info, admitted: list[Admitted], fetch: ByKey | PageOf | ByIndex) -> list[OpenedRecord]:
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


def _here(info: Info) -> tuple[ResponsePath, PlannedField]:
    steps: list[tuple[str, str]] = []
    path: Path | None = info.path
    while path is not None:
        # Without list indexes: all elements of a list share one place.
        if isinstance(path.key, str) and path.typename is not None:
            steps.append((path.typename, path.key))
        path = path.prev
    place = tuple(reversed(steps))
    return place, info.context.plan.places[place]


def _type_of(value: OpenedRecord, info: Info, abstract: GraphQLAbstractType) -> str:
    return value.type_name
