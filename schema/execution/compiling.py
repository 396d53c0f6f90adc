"""Compiles a plan to one Python function: fetch level by level, then build the response from the leaves up.

The function covers only the response without errors. In any other case (an invalid argument, a value that does not
decrypt) it raises, and the standard executor answers the operation as the specification requires.

The generated source, for `{ customer(by: {id: $id}) { fullName credentials { platform } } }`, reads like this:

    name1, key1 = bound2(context, grant, variables)
    rows1 = await context.rows_by(fetch1[name1], key1)
    await add_owners([r[0] for r in rows1])
    rows1 = [r for r in rows1 if known[r[0]] is not None]
    rows2 = await fetch2.rows([r[0] for r in rows1], parameters)
    by2 = {}
    for r in rows2: ... by2.setdefault(r[1], []).append({"platform": ...})
    one1 = None
    for r in rows1: ... one1 = {"fullName": ..., "credentials": by2.get(r[0], EMPTY)}
    return {"customer": one1}

This module writes the function with its root fields, `schema.execution.levels` the fetches below them,
`schema.execution.shapes` the bodies of loops, and `schema.execution.pages` connections; the lines of each kind of field
are in its class in `schema.sources`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from policy.grant import Grant
from resolvers.reads.fetches import ByKey, Layout
from resolvers.reads.operation import OperationContext
from schema.core.source import Source
from schema.execution.levels import Levels
from schema.execution.plans import Plan, PlannedField, rows_below
from schema.execution.shapes import CONSTANTS, NotCoveredError, display, known_value
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
    answer: Compiled = Compiler(model, system_keys).source(plan).function("answer")
    return answer


class AtRoot(Source, ABC):
    """A source of root fields."""

    __slots__ = ()

    @abstractmethod
    def write_root(self, compiler: Compiler, planned: PlannedField) -> str:
        """Write what fetches the field, and return the expression of its value."""


class Compiler:
    """Each method adds lines to the source and returns the expression of the value that they compute."""

    def __init__(self, model: SchemaModel, system_keys: SystemKeys) -> None:
        self.model = model
        self.out = FunctionSource("async def answer(context, grant, variables):", **CONSTANTS, view=GrantView)
        self.levels = Levels(model, self.out, system_keys)
        self.shapes = self.levels.shapes

    def source(self, plan: Plan) -> FunctionSource:
        """Write the whole function."""
        # The code of pages writes these parts without a check for each.
        if any(each.withheld and _attributed(each) for each in plan.places.values()):
            raise NotCoveredError("a part of a connection, an edge or a page that is withheld")
        self.out.add(
            "parameters, add_owners, known = context.parameters, context.revealed.add_owners, context.revealed.known"
        )
        self.out.add("count = context.meter.count")
        # In the order of the operation: root fields of a mutation are executed serially.
        fields = [(key, self._root(planned, plan.root.type_name)) for key, planned in plan.root.fields.items()]
        self.out.add(f"return {display(fields)}")
        return self.out

    def _root(self, planned: PlannedField, type_name: str) -> str:
        # `__typename` is known at compile time.
        if (known := known_value(planned, type_name)) is not None:
            return known
        source = planned.facts.source
        if not isinstance(source, AtRoot):
            raise NotCoveredError(planned.facts.coordinate)
        return source.write_root(self, planned)

    def found(self, planned: PlannedField, fetch: ByKey, key: str, only: str | None = None) -> str:
        """Fetch the row of one primary key: of a global id, or of a row that a command changed."""
        n = self.out.number()
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows([{key}], parameters)")
        return self.one(planned, fetch.layout, n, only)

    def one(self, planned: PlannedField, layout: Layout, n: int, only: str | None = None) -> str:
        """The one row in `rows<n>`, or None; with `only`, limited to this type."""
        self.out.add(f"one{n} = None")
        self.each(planned, layout, n, only, f"one{n}")
        return f"one{n}"

    def each(self, planned: PlannedField, layout: Layout, n: int, only: str | None, target: str) -> None:
        """Put the object of each row in `rows<n>`, with all below it, where `target` says; `i` is the row's id."""
        self.levels.admit(layout, n)
        # `node(id:)` names a type: a row of another variant of the table is not that object.
        if only and self.model.rows[only].kind is not None:
            self.out.add(f"rows{n} = [r for r in rows{n} if {self.shapes.is_of(only, layout)}]")
        self.levels.record_handover(layout, n)
        below = [planned.selections[only]] if only else rows_below(planned)
        self.levels.below(below, layout, n)
        self.shapes.each(
            f"rows{n}", layout, [planned], lambda shape: self.out.add(f"{target} = {shape(planned)}"), only
        )


def _attributed(planned: PlannedField) -> bool:
    return planned.facts.source is not None and planned.facts.source.attributed
