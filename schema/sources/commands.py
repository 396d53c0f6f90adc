"""Root fields of Mutation, and what their payloads show."""

from __future__ import annotations

from abc import ABC, abstractmethod
from asyncio import gather
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import Table

from resolvers.commands.context import Result, Run
from resolvers.reads.fetches import ByKey
from resolvers.reads.guard import OpenedRecord
from schema.core.source import Source
from schema.execution.bindings import input_of
from schema.execution.compiling import AtRoot, Compiler
from schema.execution.costs import Charged, Rows
from schema.execution.planning import Planner, Prepared
from schema.execution.plans import PlannedField, Selection, rows_below
from schema.execution.shapes import NotCoveredError, display, known_value
from schema.execution.standard import Info, Resolved, Resolver, first_of, here, records
from schema.sources.relations import LIST
from schema.sources.values import Attribute, attributes


class InPayload(Source, ABC):
    """A source of payload fields."""

    __slots__ = ()

    @abstractmethod
    def write_shown(self, compiler: Compiler, planned: PlannedField, n: int) -> str:
        """Write what the field needs, and return the expression of its value; the command's result is `result<n>`."""


@dataclass(frozen=True, slots=True)
class Command(Charged, Resolved, AtRoot):
    """A root field of Mutation, which returns its payload.

    `step_up`: it is sensitive and needs an authentication within the last five minutes (S7).
    """

    commands: ClassVar[bool] = True

    run: Run
    step_up: bool = False

    def rows(self, planned: PlannedField) -> Rows:
        """One."""
        return 1

    def resolver(self) -> Resolver:
        """Run the command."""

        async def resolve(root: Any, info: Info, input: Mapping[str, Any]) -> Result:
            # By response key, as in the compiled plan, so that no command runs twice.
            context = info.context.operation_context
            performed: Result = await context.perform(str(info.path.key), info.field_name, self.run, input)
            return performed

        return resolve

    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Run the command, then read its payload: root fields of mutations execute serially (GraphQL, Mutation)."""
        out, n = compiler.out, compiler.out.number()
        out.constant(f"run{n}", self.run)
        given = compiler.levels.bound(input_of(planned))
        out.add(f"result{n} = await context.perform({planned.key!r}, {planned.name!r}, run{n}, {given})")
        (payload,) = planned.selections.values()
        return display((key, _of_payload(compiler, each, payload, n)) for key, each in payload.fields.items())


@dataclass(frozen=True, slots=True)
class _OfCommand(Prepared, Charged, Resolved, InPayload):
    """Rows of a table that a command's result names, read back through the ordinary read path."""

    name: str
    table: Table

    @property
    def leads_to(self) -> Table:
        """The table of the rows."""
        return self.table

    def prepare(self, planner: Planner, planned: PlannedField) -> None:
        """Prepare the read by the primary key."""
        planner.by_id(self.table, planned, rows_below(planned))


class Affected(_OfCommand):
    """The row that a command changed."""

    __slots__ = ()

    def rows(self, planned: PlannedField) -> Rows:
        """One."""
        return 1

    def resolver(self) -> Resolver:
        """Fetch the row that the result names."""

        async def resolve(result: Result, info: Info) -> OpenedRecord | None:
            key = result.affected.get(self.name)
            if key is None:
                return None
            place, planned = here(info)
            fetch = planned.fetch(ByKey)
            return first_of(info, await info.context.operation_context.related(place, fetch, key), fetch)

        return resolve

    def write_shown(self, compiler: Compiler, planned: PlannedField, n: int) -> str:
        """Fetch the row that the result names."""
        out, m = compiler.out, compiler.out.number()
        out.add(f"key{m}, shown{m} = result{n}.affected.get({self.name!r}), None")
        with out.block(f"if key{m} is not None:"):
            out.add(f"shown{m} = {compiler.found(planned, planned.fetch(ByKey), f'key{m}')}")
        return f"shown{m}"


class AffectedRows(_OfCommand):
    """The rows whose keys the attribute of a command's result lists."""

    __slots__ = ()

    def rows(self, planned: PlannedField) -> Rows:
        """An assumed number, as for lists without pages."""
        return LIST

    def resolver(self) -> Resolver:
        """Fetch the rows that the result names, together."""

        async def resolve(result: Result, info: Info) -> list[OpenedRecord]:
            place, planned = here(info)
            fetch, context = planned.fetch(ByKey), info.context.operation_context
            found = await gather(*(context.related(place, fetch, key) for key in getattr(result, self.name)))
            return [row for admitted in found for row in records(info, admitted, fetch)]

        return resolve

    def write_shown(self, compiler: Compiler, planned: PlannedField, n: int) -> str:
        """Fetch the rows that the result names, in its order."""
        out, m, fetch = compiler.out, compiler.out.number(), planned.fetch(ByKey)
        out.constant(f"fetch{m}", fetch)
        out.add(f"keys{m}, shown{m} = list(result{n}.{self.name}), {{}}")
        out.add(f"rows{m} = await fetch{m}.rows(keys{m}, parameters)")
        compiler.each(planned, fetch.layout, m, None, f"shown{m}[i]")
        return f"[shown{m}[key] for key in keys{m} if key in shown{m}]"


@dataclass(frozen=True, slots=True)
class Problems(Attribute, InPayload):
    """The problems of the input, each an object with attributes."""

    name: str = "problems"

    def write_shown(self, compiler: Compiler, planned: PlannedField, n: int) -> str:
        """A list display of the problems."""
        (problem,) = planned.selections.values()
        return f"[{attributes('problem', problem)} for problem in result{n}.problems]"


def _of_payload(compiler: Compiler, planned: PlannedField, payload: Selection, n: int) -> str:
    if (known := known_value(planned, payload.type_name)) is not None:
        return known
    source = planned.facts.source
    if not isinstance(source, InPayload):
        raise NotCoveredError(planned.facts.coordinate)
    return source.write_shown(compiler, planned, n)
