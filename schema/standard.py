"""The standard executor: graphql-core walks the operation, and every field answers from its source.

It is the oracle that the specification is measured by, and what answers operations that have no faster way.
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
from graphql.pyutils import is_awaitable

from policy.grant import Grant
from resolvers.commands import Desk, Result, Run
from resolvers.fetches import ByIndex, ByKey, PageOf
from resolvers.guard import Damaged, Record
from resolvers.unit import Admitted, Unit
from schema.arguments import Paging, node_key, own_key, paging
from schema.errors import Code, FieldError
from schema.global_ids import to_cursor, to_global_id
from schema.model import SchemaModel
from schema.planning import LOOKUPS, Place, Plan, Planned
from schema.sources import Affected, Attribute, Command, Embedded, Entry, GlobalId, GrantFacts, Paged, Part, Related, Source, Value


@dataclass(frozen=True, slots=True)
class Context:
    """What the resolvers of one execution share."""

    plan: Plan
    unit: Unit
    desk: Desk
    model: SchemaModel

    @property
    def grant(self) -> Grant:
        """Who asks."""
        return self.desk.grant


Resolver = Callable[..., Any]


def attach(model: SchemaModel) -> None:
    """Give every field of the graphql-core schema the resolver of its source."""
    for (type_name, _), field in model.fields.items():
        type_ = model.core.type_map[type_name]
        if isinstance(type_, GraphQLObjectType):
            field.core.resolve = _guarded(field.coordinate, _resolver(field.source))
            type_.is_type_of = None
        elif isinstance(type_, GraphQLInterfaceType):
            type_.resolve_type = _type_of


async def execute_plan(context: Context, variables: Mapping[str, Any]) -> ExecutionResult:
    """Execute the plan's operation; errors are collected as the specification says."""
    operation = context.plan.operation
    name = operation.node.name.value if operation.node.name else None
    assert operation.document.ast is not None
    result = execute(
        context.model.core,
        operation.document.ast,
        context_value=context,
        variable_values=dict(variables),
        operation_name=name,
    )
    return await result if is_awaitable(result) else result  # type: ignore[return-value]


def _guarded(coordinate: str, resolve: Resolver) -> Resolver:
    def guarded(source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if coordinate in info.context.plan.decision.withheld:
            return None
        return resolve(source, info, **arguments)

    return guarded


def _resolver(source: Source | None) -> Resolver:
    match source:
        case Value(column, read):
            return _value(column, read)
        case GlobalId():
            return lambda record, info: to_global_id(record.type_name, record.id)
        case Embedded(column):
            return _value(column, None)
        case Part(index, read):
            return lambda parts, info: _read(parts[index], read)
        case Related(relation):
            return _related(relation.source, relation.many)
        case Paged(_, relation):
            return _page if relation is None else _page_under(relation.source)
        case Entry("lookup", _):
            return _lookup
        case Entry(kind, _):
            return _entry(kind)
        case Attribute(name):
            return lambda value, info: getattr(value, name)
        case GrantFacts():
            return lambda root, info: GrantView.of(info.context.grant)
        case Command(run):
            return _command(run)
        case Affected(name, _):
            return _affected(name)
        case None:
            raise LookupError("a field without a source cannot be answered")


def _value(column: Any, read: Callable[[Any], Any] | None) -> Resolver:
    def resolve(record: Record, info: GraphQLResolveInfo) -> Any:
        try:
            return _read(record.value(column), read)
        except Damaged:
            raise FieldError(Code.DATA_DAMAGED, DAMAGED) from None

    return resolve


DAMAGED = "The stored value does not open: it was altered, or sealed under another key. Operators: see the log."


def _read(resting: Any, read: Callable[[Any], Any] | None) -> Any:
    return resting if resting is None or read is None else read(resting)


def _related(source: Any, many: bool) -> Resolver:
    async def resolve(record: Record, info: GraphQLResolveInfo) -> Any:
        key = record.value(source)
        if key is None:
            return [] if many else None
        place, planned = _here(info)
        fetch = planned.fetch
        assert isinstance(fetch, ByKey)
        records = _records(info, await info.context.unit.related(place, fetch, key), fetch)
        return records if many else next(iter(records), None)

    return resolve


async def _page(root: Any, info: GraphQLResolveInfo, **arguments: Any) -> Page:
    _, planned = _here(info)
    fetch, at = planned.fetch, _paging(planned, info, arguments)
    assert isinstance(fetch, PageOf)
    rows, more = await info.context.unit.page(fetch, at.after, at.first)
    return Page.of(planned, at, _records(info, rows, fetch), more)


def _page_under(source: Any) -> Resolver:
    async def resolve(record: Record, info: GraphQLResolveInfo, **arguments: Any) -> Page:
        place, planned = _here(info)
        fetch, at = planned.fetch, _paging(planned, info, arguments)
        assert isinstance(fetch, PageOf)
        key = record.value(source)
        rows, more = await info.context.unit.page_under(place, fetch, key, at.after, at.first)
        return Page.of(planned, at, _records(info, rows, fetch), more)

    return resolve


def _paging(planned: Planned, info: GraphQLResolveInfo, arguments: Mapping[str, Any]) -> Paging:
    assert planned.model is not None
    return paging(planned.model.coordinate, arguments, info.context.grant.max_page)


def _entry(kind: str) -> Callable[..., Awaitable[Any]]:
    async def resolve(root: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        context: Context = info.context
        place, planned = _here(info)
        if kind == "me":
            fetch, key, type_name = planned.fetch, own_key(context.grant), None
        else:
            assert planned.model is not None
            type_name, key = node_key(context.model, planned.model, arguments["id"])
            table = context.model.rows[type_name].table
            if table.name not in planned.fetches:
                return None
            fetch = planned.fetches[table.name]
        assert isinstance(fetch, ByKey)
        found = _records(info, await context.unit.related((place, type_name), fetch, key), fetch)
        return next((each for each in found if type_name in (None, each.type_name)), None)

    return resolve


async def _lookup(root: Any, info: GraphQLResolveInfo, by: Mapping[str, Any]) -> Any:
    _, planned = _here(info)
    name, value = next((name, value) for name, value in by.items())
    fetch = planned.fetches[name]
    assert isinstance(fetch, ByIndex)
    return next(iter(_records(info, await info.context.unit.found(fetch, LOOKUPS[name][0], value), fetch)), None)


def _command(run: Run) -> Callable[..., Awaitable[Result]]:
    async def resolve(root: Any, info: GraphQLResolveInfo, input: Mapping[str, Any] | None = None) -> Result:
        context: Context = info.context
        return await run(context.desk, input or {})

    return resolve


def _affected(name: str) -> Callable[..., Awaitable[Record | None]]:
    async def resolve(result: Result, info: GraphQLResolveInfo) -> Record | None:
        key = result.affected.get(name)
        if key is None:
            return None
        place, planned = _here(info)
        fetch = planned.fetch
        assert isinstance(fetch, ByKey)
        return next(iter(_records(info, await info.context.unit.related(place, fetch, key), fetch)), None)

    return resolve


def _records(info: GraphQLResolveInfo, admitted: list[Admitted], fetch: ByKey | PageOf | ByIndex) -> list[Record]:
    model: SchemaModel = info.context.model
    layout = fetch.layout
    table = next(iter(layout.at)).table
    names = model.types_of_table[table]
    if len(names) == 1:
        return [Record(names[0], row, layout, key) for row, key in admitted]
    kind = model.rows[names[0]].kind
    assert kind is not None
    by_value = {model.rows[name].value: name for name in names}
    at = layout.at[kind]
    return [Record(by_value[row[at]], row, layout, key) for row, key in admitted]


def _here(info: GraphQLResolveInfo) -> tuple[Place, Planned]:
    steps = []
    path = info.path
    while path is not None:
        if isinstance(path.key, str):
            assert path.typename is not None
            steps.append((path.typename, path.key))
        path = path.prev  # type: ignore[assignment]
    place = tuple(reversed(steps))
    return place, info.context.plan.places[place]


def _type_of(value: Record, info: GraphQLResolveInfo, abstract: GraphQLAbstractType) -> str:
    return value.type_name


@dataclass(frozen=True, slots=True)
class Edge:
    """A row with its place in the list."""

    node: Record
    cursor: str


@dataclass(frozen=True, slots=True)
class Page:
    """A connection: its own page information too."""

    edges: list[Edge]
    has_next_page: bool
    has_previous_page: bool

    @classmethod
    def of(cls, planned: Planned, at: Paging, records: list[Record], more: bool) -> Page:
        """The page of these rows."""
        assert planned.model is not None
        coordinate = planned.model.coordinate
        edges = [Edge(each, to_cursor(coordinate, each.id)) for each in records]
        return cls(edges, more, at.after is not None)

    @property
    def nodes(self) -> list[Record]:
        """The rows alone."""
        return [edge.node for edge in self.edges]

    @property
    def page_info(self) -> Page:
        """Itself: it knows its own beginning and end."""
        return self

    @property
    def start_cursor(self) -> str | None:
        """The first edge's cursor."""
        return self.edges[0].cursor if self.edges else None

    @property
    def end_cursor(self) -> str | None:
        """The last edge's cursor."""
        return self.edges[-1].cursor if self.edges else None


@dataclass(frozen=True, slots=True)
class GrantView:
    """The caller's own token, as the schema shows it."""

    client: str
    purposes: list[str]
    scopes: list[str]

    @classmethod
    def of(cls, grant: Grant) -> GrantView:
        """In a stable order."""
        return cls(grant.client_id, sorted(each.name for each in grant.purposes), sorted(grant.scopes))
