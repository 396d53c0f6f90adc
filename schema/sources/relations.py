"""Fields that lead to other rows: related rows, and connections over related rows or over a whole table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Column, Table

from resolvers.reads.fetches import ByKey, Layout
from resolvers.reads.guard import OpenedRecord
from resolvers.reads.metering import ListTooLongError
from resolvers.reads.pages import PageOf
from resolvers.reads.relations import Relation
from schema.core.errors import ErrorCode, FieldError
from schema.execution.bindings import size_of
from schema.execution.compiling import AtRoot, Compiler
from schema.execution.costs import Charged, Rows
from schema.execution.levels import BelowRows, Levels, same_owner
from schema.execution.planning import Planner, Prepared
from schema.execution.plans import PlannedField, rows_below
from schema.execution.shapes import InRows, NotCoveredError, RowNames, Shape, Shapes
from schema.execution.standard import Info, Resolved, Resolver, here, paging_of, records
from schema.execution.views import ConnectionView

LIST = 5
"""Rows reserved for each list without pages; what is read beyond is charged, up to `resolvers.reads.metering.LIST_MOST`
rows of each parent."""
TOO_LONG = "{} has more than {} entries: a list without pages has no more."


@dataclass(frozen=True, slots=True)
class Related(Prepared, Charged, Resolved, BelowRows, InRows):
    """Rows of another table: a list, or at most one row."""

    relation: Relation

    @property
    def needed(self) -> tuple[Column[Any], ...]:
        """The column by which the row is related."""
        return (self.relation.source,)

    @property
    def leads_to(self) -> Table:
        """The table of the related rows."""
        return self.relation.table

    @property
    def always(self) -> bool:
        """True for a list, and for the one row that a NOT NULL foreign key names."""
        source, target = self.relation.source, self.relation.target
        names_a_row = list(self.relation.table.primary_key.columns) == [target]
        return self.relation.many or (names_a_row and not source.nullable and bool(source.foreign_keys))

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read by the keys of the enclosing rows."""
        table = self.relation.table
        planned.fetches[table.name] = ByKey(planner.reader, planner.projection(table, planned), self.relation)

    def rows(self, planned: PlannedField) -> Rows:
        """An assumed number for a list."""
        return LIST if self.relation.many else 1

    def resolver(self) -> Resolver:
        """Fetch the rows of the record, together with those of all records at the place."""
        column, many = self.relation.source, self.relation.many

        async def resolve(record: OpenedRecord, info: Info) -> Any:
            # A null reference leads to no row: no statement is needed.
            key = record.value(column)
            if key is None:
                return [] if many else None
            place, planned = here(info)
            fetch = planned.fetch(ByKey)
            try:
                admitted = await info.context.operation_context.related(place, fetch, key)
            except ListTooLongError as error:
                message = TOO_LONG.format(planned.facts.coordinate, error.most)
                raise FieldError(ErrorCode.LIMIT_EXCEEDED, message) from None
            found = records(info, admitted, fetch)
            return found if many else next(iter(found), None)

        return resolve

    def write_below(self, levels: Levels, planned: PlannedField, layout: Layout, n: int) -> None:
        """Fetch the related rows, and group their objects by the key that the enclosing rows have, in `by<m>`."""
        out, keys = levels.out, levels.keys(self.relation, layout, n)
        m, fetch = out.number(), planned.fetch(ByKey)
        levels.shapes.below[planned] = m
        out.constant(f"fetch{m}", fetch)
        out.add(f"rows{m} = await fetch{m}.rows({keys}, parameters)")
        # Rows of another owner, such as the customer of a domain, have to pass the guard like any other.
        if same_owner(self.relation):
            levels.count(m)
        else:
            levels.admit(fetch.layout, m)
        levels.record_handover(fetch.layout, m)
        levels.below(rows_below(planned), fetch.layout, m)
        out.add(f"by{m} = {{}}")
        at = fetch.grouped_at

        # In the order of the statement.
        def keep(shape: Shape) -> None:
            if self.relation.many:
                # get() first: setdefault() alone would create an empty list for every row.
                out.add(f"(by{m}.get(r[{at}]) or by{m}.setdefault(r[{at}], [])).append({shape(planned)})")
            else:
                out.add(f"by{m}.setdefault(r[{at}], {shape(planned)})")

        levels.shapes.each(f"rows{m}", fetch.layout, [planned], keep)

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """The objects that were grouped under the row's key."""
        missing = "EMPTY" if self.relation.many else "None"
        return f"by{shapes.below[planned]}.get({row.raw(self.relation.source)}, {missing})"


class Connection(Prepared, Charged, Resolved):
    """A connection with keyset pagination."""

    __slots__ = ()

    connects: ClassVar[bool] = True

    @property
    def always(self) -> bool:
        """True: a page without rows is a page."""
        return True

    def rows(self, planned: PlannedField) -> Rows:
        """The page size."""
        return size_of(planned)


@dataclass(frozen=True, slots=True)
class Paged(Connection, BelowRows, InRows):
    """A connection over the rows related to the enclosing row."""

    relation: Relation

    @property
    def needed(self) -> tuple[Column[Any], ...]:
        """The column by which the row is related."""
        return (self.relation.source,)

    @property
    def leads_to(self) -> Table:
        """The table of the related rows."""
        return self.relation.table

    @property
    def newest_first(self) -> bool:
        """As the relation says."""
        return self.relation.newest_first

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read of a page under each enclosing row."""
        planned.fetches[self.relation.table.name] = planner.page(self.relation.table, planned, self.relation)

    def resolver(self) -> Resolver:
        """Fetch the record's page, together with those of all records at the place."""
        column = self.relation.source

        async def resolve(record: OpenedRecord, info: Info, **arguments: Any) -> ConnectionView:
            place, planned = here(info)
            fetch, at = planned.fetch(PageOf), paging_of(planned, info, arguments)
            context = info.context.operation_context
            rows, more = await context.page_under(place, fetch, record.value(column), at.span)
            return ConnectionView.of(at, records(info, rows, fetch), more)

        return resolve

    def write_below(self, levels: Levels, planned: PlannedField, layout: Layout, n: int) -> None:
        """Fetch a page under each of the rows, and group them by the rows' key in `by<m>`."""
        if not same_owner(self.relation):
            # Rows of erased owners would have to be replaced, as `OperationContext.standing` does.
            raise NotCoveredError("a page of rows that may belong to others")
        out, keys = levels.out, levels.keys(self.relation, layout, n)
        m, fetch = levels.paging(planned)
        levels.shapes.below[planned] = m
        out.add(f"found{m} = fetch{m}.grouped(await context.page_rows(fetch{m}, {keys}, at{m}.span))")
        out.add(f"by{m} = {{k: at{m}.span.trimmed(rows) for k, rows in found{m}.items()}}")
        out.add(f"rows{m} = [r for page, more in by{m}.values() for r in page]")
        levels.page(planned, fetch.layout, m)

    def expression(self, shapes: Shapes, planned: PlannedField, row: RowNames) -> str:
        """The connection of the page under the row's key."""
        m = shapes.below[planned]
        return f"connection{m}(*by{m}.get({row.raw(self.relation.source)}, NO_PAGE))"


@dataclass(frozen=True, slots=True)
class PagedTable(Connection, AtRoot):
    """A connection over all rows of a table that the purpose may read."""

    table: Table

    @property
    def leads_to(self) -> Table:
        """The table."""
        return self.table

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read of a page."""
        planned.fetches[self.table.name] = planner.page(self.table, planned)

    def resolver(self) -> Resolver:
        """Fetch a page of rows whose owners were not erased."""
        return _page

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Fetch a page, and build the connection."""
        n, fetch = compiler.levels.paging(planned)
        compiler.out.add(f"rows{n}, more{n} = await context.standing(fetch{n}, at{n}.span)")
        compiler.levels.page(planned, fetch.layout, n)
        return f"connection{n}(rows{n}, more{n})"


async def _page(root: Any, info: Info, **arguments: Any) -> ConnectionView:
    _, planned = here(info)
    fetch, at = planned.fetch(PageOf), paging_of(planned, info, arguments)
    rows, more = await info.context.operation_context.page(fetch, at.span)
    return ConnectionView.of(at, records(info, rows, fetch), more)
