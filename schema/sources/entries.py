"""Root fields that find one row: the caller's own, or one by its id, by a look-up or by a domain's name."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from resolvers.reads.fetches import AmbiguousError, ByIndex, ByIndexes, ByInvoice, ByKey, Projection
from resolvers.reads.guard import OpenedRecord
from resolvers.reads.pages import PageOf
from resolvers.reads.relations import parent
from schema.core.errors import ErrorCode, FieldError
from schema.core.source import Home
from schema.execution.arguments import LOOKUPS, chosen, domain_index, node_key, node_keys, own_key, represented_keys
from schema.execution.bindings import Bound, argument, domain_of, id_of, ids_of, lookup_of, named_in, own, represented
from schema.execution.compiling import AtRoot, Compiler
from schema.execution.costs import Charged, Rows
from schema.execution.planning import Planner, Prepared
from schema.execution.plans import PlannedField, rows_below
from schema.execution.standard import Info, Resolved, Resolver, first_of, here, records
from schema.model.model import SchemaModel
from store.crypto.blind_index import Lookup

MORE_THAN_ONE = (
    "More than one customer has this `{}`, or it occurs too often to be told apart: name the customer by another "
    "particular."
)


class Entry(Prepared, Charged, Resolved, AtRoot):
    """A root field that finds at most one row."""

    __slots__ = ()

    def rows(self, planned: PlannedField) -> Rows:
        """One."""
        return 1


@dataclass(frozen=True, slots=True)
class _EntryOf(Entry):
    """An entry to the rows of one table."""

    table: Table

    @property
    def leads_to(self) -> Table:
        """The table."""
        return self.table


class _ByPrimaryKey(_EntryOf):
    """An entry that reads by the primary key."""

    __slots__ = ()

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read by the key."""
        planner.by_id(self.table, planned, rows_below(planned))


class OwnRow(_ByPrimaryKey):
    """The row of the customer that the token is bound to."""

    __slots__ = ()

    def resolver(self) -> Resolver:
        """Fetch the row of the token's customer."""
        return _own

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Fetch the row of the token's customer."""
        return compiler.found(planned, planned.fetch(ByKey), compiler.levels.bound(own))


class AnyRow(Entry):
    """The row, of any type, of the global id in the argument `id`."""

    __slots__ = ()

    def filters(self, table: Table, home: Home) -> bool:
        """True: the conditions of the rows' ids apply."""
        return True

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare a read by the key for each table whose ids the purpose may read."""
        for table in planner.seen_tables():
            below = [each for each in rows_below(planned) if planner.model.rows[each.type_name].table is table]
            planner.by_id(table, planned, below)

    def resolver(self) -> Resolver:
        """Fetch the row of the id."""
        return _by_id

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """One branch per type that the purpose may read; ids of other types return null, as if unknown."""
        out, n = compiler.out, compiler.out.number()
        out.add(f"type{n}, key{n} = {compiler.levels.bound(id_of(compiler.model, planned))}")
        out.add(f"node{n} = None")
        for type_name in planned.selections:
            table = compiler.model.rows[type_name].table.name
            if table in planned.fetches:
                with out.block(f"if type{n} == {type_name!r}:"):
                    out.add(f"node{n} = {compiler.found(planned, planned.fetch(ByKey, table), f'key{n}', type_name)}")
        return f"node{n}"


class AnyRows(AnyRow):
    """The rows, of any types, of the global ids in the argument `ids`, in their order."""

    __slots__ = ()

    def rows(self, planned: PlannedField) -> Rows:
        """One for each id."""
        ids = argument(planned, "ids")
        return lambda variables: len(ids(variables))

    def resolver(self) -> Resolver:
        """Fetch the rows of the ids, those of one type together."""
        return _by_ids

    def keys(self, model: SchemaModel, planned: PlannedField) -> Bound:
        """The types and keys of the ids."""
        return ids_of(model, planned)

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """One branch per type that the purpose may read, whose objects are kept under type and key."""
        out, n = compiler.out, compiler.out.number()
        out.add(f"asked{n} = {compiler.levels.bound(self.keys(compiler.model, planned))}")
        out.add(f"nodes{n} = {{}}")
        for type_name in planned.selections:
            table = compiler.model.rows[type_name].table.name
            if table in planned.fetches:
                m, fetch = out.number(), planned.fetch(ByKey, table)
                out.constant(f"fetch{m}", fetch)
                out.add(f"keys{m} = list(dict.fromkeys(key for name, key in asked{n} if name == {type_name!r}))")
                with out.block(f"if keys{m}:"):
                    out.add(f"rows{m} = await fetch{m}.rows(keys{m}, parameters)")
                    compiler.each(planned, fetch.layout, m, type_name, f"nodes{n}[{type_name!r}, i]")
        return f"[nodes{n}.get(each) for each in asked{n}]"


class RowsByRepresentation(AnyRows):
    """The rows, of any types, that a router names by type and global id in the argument `representations`."""

    __slots__ = ()

    def rows(self, planned: PlannedField) -> Rows:
        """One for each representation."""
        given = argument(planned, "representations")
        return lambda variables: len(given(variables))

    def resolver(self) -> Resolver:
        """Fetch the rows of the representations, those of one type together."""
        return _by_representations

    def keys(self, model: SchemaModel, planned: PlannedField) -> Bound:
        """The types and keys of the representations."""
        return represented(model, planned)


class RowBy(_EntryOf):
    """The customer that the one given field of the argument `by` names."""

    __slots__ = ()

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read by the field that the document names, or by each if only the variables name it."""
        projection, named = planner.projection(self.table, planned), named_in(planned, "by")
        for name in ("id", *LOOKUPS, "invoiceNumber"):
            if named in (name, None):
                planned.fetches[name] = self._fetch(planner, projection, name)

    def _fetch(self, planner: Planner, projection: Projection, name: str) -> ByKey | ByIndex | ByIndexes | ByInvoice:
        if name == "id":
            # A row by its own id is a relation of the table to itself.
            return ByKey(planner.reader, projection, parent(self.table.c.id, of=self.table.c.id))
        if name in LOOKUPS:
            by = ByIndex if LOOKUPS[name].unique else ByIndexes
            return by(planner.reader, projection, LOOKUPS[name])
        return ByInvoice(planner.reader, projection)

    def resolver(self) -> Resolver:
        """Fetch the row by the key that the value gives."""
        return _by

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Fetch the row by the key that the value gives."""
        out, n = compiler.out, compiler.out.number()
        out.constant(f"fetch{n}", planned.fetches)
        out.add(f"name{n}, key{n} = {compiler.levels.bound(lookup_of(compiler.model, planned))}")
        out.add(f"rows{n} = await context.rows_by(fetch{n}[name{n}], key{n})")
        # All have the same columns: the id comes first in each.
        return compiler.one(planned, next(iter(planned.fetches.values())).layout, n)


class RowByDomain(_EntryOf):
    """The row of the domain in the argument `name`."""

    __slots__ = ()

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read by the blind index of domains."""
        projection = planner.projection(self.table, planned)
        planned.fetches[self.table.name] = ByIndex(planner.reader, projection, Lookup.DOMAIN)

    def resolver(self) -> Resolver:
        """Fetch the row by the blind index of the name."""
        return _by_domain

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Fetch the row by the blind index of the name."""
        out, n, fetch = compiler.out, compiler.out.number(), planned.fetch(ByIndex)
        out.constant(f"fetch{n}", fetch)
        out.add(f"rows{n} = await context.looked_up(fetch{n}, {compiler.levels.bound(domain_of(planned))})")
        return compiler.one(planned, fetch.layout, n)


async def _own(root: Any, info: Info) -> OpenedRecord | None:
    place, planned = here(info)
    fetch, key = planned.fetch(ByKey), own_key(info.context.grant)
    found = await info.context.operation_context.related((place, None), fetch, key)
    return first_of(info, found, fetch)


async def _by_ids(root: Any, info: Info, ids: Sequence[str]) -> list[OpenedRecord | None]:
    node_keys(info.context.operation_context.ids, info.context.model, here(info)[1].facts, ids, info.context.grant)
    # Together, so that the ids of one type share a statement.
    return list(await gather(*(_by_id(root, info, each) for each in ids)))


async def _by_representations(
    root: Any, info: Info, representations: Sequence[Mapping[str, str]]
) -> list[OpenedRecord | None]:
    ids, facts = info.context.operation_context.ids, here(info)[1].facts
    # All before the first read, so that an answer never depends on which of the rows exist.
    represented_keys(ids, info.context.model, facts, representations, info.context.grant)
    return list(await gather(*(_by_id(root, info, each["id"]) for each in representations)))


async def _by_id(root: Any, info: Info, id: str) -> OpenedRecord | None:
    context = info.context
    place, planned = here(info)
    type_name, key = node_key(context.operation_context.ids, context.model, planned.facts, id)
    name = context.model.rows[type_name].table.name
    # A type that the purpose may not read is answered as if the id were unknown.
    if name not in planned.fetches:
        return None
    fetch = planned.fetch(ByKey, name)
    found = records(info, await context.operation_context.related((place, type_name), fetch, key), fetch)
    # An id of another variant of the same table finds nothing.
    return next((each for each in found if each.type_name == type_name), None)


async def _by(root: Any, info: Info, by: Mapping[str, Any]) -> OpenedRecord | None:
    context = info.context
    _, planned = here(info)
    operation_context = context.operation_context
    name, key = chosen(operation_context.ids, context.model, planned.facts, operation_context.store.keys, by)
    fetch = planned.fetches[name]
    assert not isinstance(fetch, PageOf)
    try:
        admitted = await operation_context.found_by(fetch, key)
    except AmbiguousError:
        # Its price is that of the two rows which show it.
        operation_context.meter.count(2)
        raise FieldError(ErrorCode.AMBIGUOUS, MORE_THAN_ONE.format(name)) from None
    return first_of(info, admitted, fetch)


async def _by_domain(root: Any, info: Info, name: str) -> OpenedRecord | None:
    _, planned = here(info)
    fetch, operation_context = planned.fetch(ByIndex), info.context.operation_context
    found = await operation_context.located(fetch, domain_index(operation_context.store.keys, name))
    return first_of(info, found, fetch)
