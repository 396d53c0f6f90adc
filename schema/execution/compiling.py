"""Compiles a plan to one Python function: fetch level by level, then build the response from the leaves up.

The function covers only the response without errors. In any other case (an invalid argument, a value that does not
decrypt) it raises, and the standard executor answers the operation as the specification requires.

The generated source, for `{ customer(id: $id) { fullName services { name } } }`, reads like this:

    type1, key1 = bound1(context, grant, variables)
    rows1 = await fetch1.rows([key1], parameters)
    await add_owners([r[0] for r in rows1])
    rows1 = [r for r in rows1 if known[r[0]] is not None]
    rows2 = await fetch2.rows([r[0] for r in rows1], parameters)
    by2 = {}
    for r in rows2: ... by2.setdefault(r[1], []).append({"name": ...})
    one1 = None
    for r in rows1: ... one1 = {"fullName": ..., "services": by2.get(r[0], EMPTY)}
    return {"customer": one1}

This module writes the root fields, `schema.execution.levels` the fetches below them, `schema.execution.shapes` the
bodies of loops, and `schema.execution.pages` connections.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from policy.grant import Grant
from resolvers.commands.context import Run
from resolvers.reads.fetches import ByIndex, ByKey, Layout
from resolvers.reads.guard import OpenedRecord
from resolvers.reads.operation import OperationContext
from schema.core.sources import Affected, Attribute, Command, Entry, GrantFacts, Paged, RenderedDocument
from schema.execution.bindings import domain_of, id_of, index_of, input_of, lookup_of, own
from schema.execution.levels import Levels
from schema.execution.plans import Plan, PlannedField, Selection, rows_below
from schema.execution.shapes import CONSTANTS, NotCoveredError, display, typename, withheld
from schema.execution.views import GrantView
from schema.execution.writing import FunctionSource
from schema.model.model import SchemaModel
from store.crypto.system_keys import SystemKeys

Compiled = Callable[[OperationContext, Grant, Mapping[str, Any]], Awaitable[dict[str, Any]]]


def compiled_or_none(model: SchemaModel, plan: Plan, system_keys: SystemKeys) -> Compiled | None:
    """The compiled function; None if the standard executor has to answer. StoreUnavailableError if a key is missing."""
    # Both are rare, and their results and errors are graphql-core's.
    if plan.decision.introspects or plan.null_switch:
        return None
    try:
        return compile_plan(model, plan, system_keys)
    except NotCoveredError:
        return None


def compile_plan(model: SchemaModel, plan: Plan, system_keys: SystemKeys) -> Compiled:
    """Compile the plan; NotCoveredError if it contains something that the compiler does not support."""
    answer: Compiled = _Compiler(model, system_keys).source(plan).function("answer")
    return answer


class _Compiler:
    """Each method adds lines to the source and returns the expression of the value that they compute."""

    def __init__(self, model: SchemaModel, system_keys: SystemKeys) -> None:
        self.model = model
        self.out = FunctionSource("async def answer(context, grant, variables):", **CONSTANTS, view=GrantView.of)
        self.levels = Levels(model, self.out, system_keys)
        self.shapes = self.levels.shapes

    def source(self, plan: Plan) -> FunctionSource:
        """Write the whole function."""
        # The code of pages writes these parts without a check for each.
        if any(each.withheld and isinstance(each.facts.source, Attribute) for each in plan.places.values()):
            raise NotCoveredError("a part of a connection, an edge or a page that is withheld")
        self.out.add(
            "parameters, add_owners, known = context.parameters, context.revealed.add_owners, context.revealed.known"
        )
        # In the order of the operation: root fields of a mutation are executed serially.
        fields = [(key, self._root(planned, plan.root.type_name)) for key, planned in plan.root.fields.items()]
        self.out.add(f"return {display(fields)}")
        return self.out

    # Root fields.

    def _root(self, planned: PlannedField, type_name: str) -> str:
        # `__typename` is known at compile time.
        if planned.model is None:
            return typename(planned, type_name)
        if planned.withheld:
            return withheld(planned)
        match planned.facts.source:
            case GrantFacts():
                return self._grant(planned)
            case Paged(_, None):
                return self._page(planned)
            case Entry("me", _):
                return self._found(planned, planned.fetch(ByKey), self.levels.bound(own))
            case Entry("id", _):
                return self._found(planned, planned.fetch(ByKey), f"{self.levels.bound(id_of(self.model, planned))}[1]")
            case Entry("lookup", _):
                return self._lookup(planned)
            case Entry("domain", _):
                return self._domain(planned)
            case Entry("node", _):
                return self._node(planned)
            case RenderedDocument():
                return self._rendered(planned, planned.facts.source)
            case Command(run):
                return self._command(planned, run)
        raise NotCoveredError(planned.facts.coordinate)

    def _found(self, planned: PlannedField, fetch: ByKey, key: str, only: str | None = None) -> str:
        """Fetch the row of one primary key: of a global id, or of a row that a command changed."""
        n = self.out.number()
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows([{key}], parameters)")
        return self._one(planned, fetch.layout, n, only)

    def _lookup(self, planned: PlannedField) -> str:
        n, fetch = self.out.number(), planned.fetch(ByIndex)
        self.out.constant(f"fetch{n}", planned.fetches)
        self.out.add(f"name{n}, index{n} = {self.levels.bound(lookup_of(planned))}")
        self.out.add(f"rows{n} = await context.looked_up(fetch{n}[name{n}], index{n})")
        return self._one(planned, fetch.layout, n)

    def _domain(self, planned: PlannedField) -> str:
        n, fetch = self.out.number(), planned.fetch(ByIndex)
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await context.looked_up(fetch{n}, {self.levels.bound(domain_of(planned))})")
        return self._one(planned, fetch.layout, n)

    def _rendered(self, planned: PlannedField, source: RenderedDocument) -> str:
        n, fetch = self.out.number(), planned.fetch(ByIndex)
        at = fetch.layout.owner_at
        name = self.model.types_of_table[source.table][0]
        self.out.constant(f"fetch{n}", fetch)
        self.out.constant(f"tell{n}", lambda row, key: source.write(OpenedRecord(name, row, fetch.layout, key)))
        self.out.add(f"rows{n} = await context.looked_up(fetch{n}, {self.levels.bound(index_of(planned, source))})")
        self.levels.admit(fetch.layout, n)
        return f"(tell{n}(rows{n}[0], known[rows{n}[0][{at}]]) if rows{n} else None)"

    def _node(self, planned: PlannedField) -> str:
        """One branch per type that the purpose may read; ids of other types return null, as if unknown."""
        n = self.out.number()
        self.out.add(f"type{n}, key{n} = {self.levels.bound(id_of(self.model, planned))}")
        self.out.add(f"node{n} = None")
        for type_name in planned.selections:
            table = self.model.rows[type_name].table.name
            if table in planned.fetches:
                with self.out.block(f"if type{n} == {type_name!r}:"):
                    one = self._found(planned, planned.fetch(ByKey, table), f"key{n}", type_name)
                    self.out.add(f"node{n} = {one}")
        return f"node{n}"

    def _one(self, planned: PlannedField, layout: Layout, n: int, only: str | None = None) -> str:
        """The one row in `rows<n>`, or None; with `only`, limited to this type."""
        self.levels.admit(layout, n)
        # `node(id:)` names a type: a row of another variant of the table is not that object.
        if only and self.model.rows[only].kind is not None:
            self.out.add(f"rows{n} = [r for r in rows{n} if {self.shapes.is_of(only, layout)}]")
        self.levels.record_handover(layout, n)
        below = [planned.selections[only]] if only else rows_below(planned)
        self.levels.below(below, layout, n)
        self.out.add(f"one{n} = None")
        self.shapes.each(f"rows{n}", layout, [planned], lambda shape: self.out.add(f"one{n} = {shape(planned)}"), only)
        return f"one{n}"

    def _command(self, planned: PlannedField, run: Run) -> str:
        """Run the command, then read its payload: root fields of mutations execute serially (GraphQL, Mutation)."""
        n = self.out.number()
        self.out.constant(f"run{n}", run)
        self.out.add(
            f"result{n} = await context.perform({planned.key!r}, run{n}, {self.levels.bound(input_of(planned))})"
        )
        (payload,) = planned.selections.values()
        return display((key, self._of_payload(each, payload, n)) for key, each in payload.fields.items())

    def _of_payload(self, each: PlannedField, payload: Selection, n: int) -> str:
        if each.model is None:
            return typename(each, payload.type_name)
        if each.withheld:
            return withheld(each)
        match each.facts.source:
            case Affected(name, _):
                m = self.out.number()
                self.out.add(f"key{m}, shown{m} = result{n}.affected.get({name!r}), None")
                with self.out.block(f"if key{m} is not None:"):
                    self.out.add(f"shown{m} = {self._found(each, each.fetch(ByKey), f'key{m}')}")
                return f"shown{m}"
            case Attribute("problems"):
                (problem,) = each.selections.values()
                fields = [(key, self._of_problem(one, problem)) for key, one in problem.fields.items()]
                return f"[{display(fields)} for problem in result{n}.problems]"
        raise NotCoveredError(each.facts.coordinate)

    def _of_problem(self, each: PlannedField, problem: Selection) -> str:
        if each.model is None:
            return typename(each, problem.type_name)
        if not isinstance(each.facts.source, Attribute):
            raise NotCoveredError(each.facts.coordinate)
        return f"problem.{each.facts.source.name}"

    def _page(self, planned: PlannedField) -> str:
        n, fetch = self.levels.paging(planned)
        self.out.add(f"rows{n}, more{n} = await context.standing(fetch{n}, at{n}.span)")
        self.levels.record_handover(fetch.layout, n)
        self.levels.below(rows_below(planned), fetch.layout, n)
        self.levels.pages.write(planned, fetch.layout, n)
        return f"connection{n}(rows{n}, more{n})"

    def _grant(self, planned: PlannedField) -> str:
        n = self.out.number()
        self.out.add(f"grant{n} = view(grant, context.ids)")
        shown = []
        for key, each in planned.only.fields.items():
            source = each.model.source if each.model else None
            # Attributes of GrantView have the names of the fields' sources.
            value = f"grant{n}.{source.name}" if isinstance(source, Attribute) else typename(each, "Grant")
            shown.append((key, value))
        return display(shown)
