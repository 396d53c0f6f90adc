"""Root fields that return a row as a document of another standard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table

from policy.grant import Grant
from policy.purposes import Purpose
from resolvers.reads.fetches import ByIndex, Projection
from resolvers.reads.filters import NOW
from resolvers.reads.guard import OpenedRecord
from resolvers.reads.operation import OperationContext
from schema.core.errors import ErrorCode, FieldError
from schema.core.source import Contents
from schema.execution.bindings import Bound, Values, argument
from schema.execution.compiling import AtRoot, Compiler
from schema.execution.costs import Charged, Rows
from schema.execution.planning import Planner, Prepared
from schema.execution.plans import PlannedField
from schema.execution.standard import Info, Resolved, Resolver, first_of, here, opening
from store.crypto.blind_index import Lookup
from store.lookups.holders import PLACES


@dataclass(frozen=True, slots=True)
class RenderedDocument(Prepared, Charged, Resolved, AtRoot):
    """One row, looked up by the argument named `kind`, and returned as a document of another standard such as RDAP.

    Each column is read for the purpose `reads_as`, whatever the operation's own: the document is public.
    """

    kind: str
    lookup: Lookup
    columns: Mapping[Column[Any], str]
    """The columns, each with the coordinate of the field whose rule applies to it."""
    reads_as: Purpose
    normal: Callable[[str], str]
    """Normalises the argument for comparison; ValueError with a message for the caller if it is malformed."""
    write: Callable[[OpenedRecord, datetime], Any]
    """Writes the document as it is at this time."""
    unless_restricted: frozenset[Column[Any]] = frozenset()
    """Columns that read as NULL while the customer's processing is restricted (GDPR Art. 18)."""

    @property
    def leads_to(self) -> Table:
        """The table of the row."""
        # The look-up determines the table, so a document cannot name another one.
        return PLACES[self.lookup].table

    @property
    def contents(self) -> Contents:
        """The fields whose columns it shows."""
        return Contents(self.columns, self.reads_as)

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read by the blind index, under the conditions of the purpose `reads_as`."""
        planner.coordinates.update(dict.fromkeys(self.columns.values()))
        planner.selects(self.columns)
        table, rules = self.leads_to, planner.model.rules
        masks = {
            column: frozenset(one for one in rules[coordinate].conditions(self.reads_as) if one.scope == "VALUE")
            for column, coordinate in self.columns.items()
        }
        # The conditions of the rows' ids: a row that may not be known must not be rendered.
        known = [rules[f"{name}.id"].conditions(self.reads_as) for name in planner.model.types_of_table[table]]
        rows = frozenset(one for each in known for one in each if one.scope == "ROW")
        hidden = self.unless_restricted
        projection = Projection(table, frozenset(self.columns), rows, masks, planner.own_only, unless_restricted=hidden)
        planned.fetches[table.name] = ByIndex(planner.reader, projection, self.lookup)

    def rows(self, planned: PlannedField) -> Rows:
        """One."""
        return 1

    def resolver(self) -> Resolver:
        """Fetch the row, and write the document."""

        async def resolve(root: Any, info: Info, **arguments: str) -> Any:
            _, planned = here(info)
            now: datetime = info.context.operation_context.parameters[NOW]
            write = opening(lambda record: self.write(record, now))
            fetch, text = planned.fetch(ByIndex), self._searched(arguments[self.kind])
            found = first_of(info, await info.context.operation_context.found(fetch, text), fetch)
            return None if found is None else write(found, info)

        return resolve

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Fetch the row, and write the document."""
        out, n, fetch = compiler.out, compiler.out.number(), planned.fetch(ByIndex)
        at = fetch.layout.owner_at
        name = compiler.model.types_of_table[self.leads_to][0]
        out.constant(f"fetch{n}", fetch)
        out.constant(f"tell{n}", lambda row, key, now: self.write(OpenedRecord(name, row, fetch.layout, key), now))
        out.constant("NOW", NOW)
        out.add(f"rows{n} = await context.looked_up(fetch{n}, {compiler.levels.bound(self._index(planned))})")
        compiler.levels.admit(fetch.layout, n)
        return f"(tell{n}(rows{n}[0], known[rows{n}[0][{at}]], context.parameters[NOW]) if rows{n} else None)"

    def _index(self, planned: PlannedField) -> Bound:
        read = argument(planned, self.kind)

        def index(context: OperationContext, grant: Grant, values: Values) -> bytes:
            return context.store.keys.blind_index(self.lookup, self._searched(read(values)))

        return index

    def _searched(self, text: str) -> str:
        """The normal form of the key; FieldError if it is malformed, whether the row exists or not."""
        try:
            return self.normal(text)
        except ValueError as error:
            raise FieldError(ErrorCode.BAD_USER_INPUT, f"`{self.kind}`: {error}") from None
