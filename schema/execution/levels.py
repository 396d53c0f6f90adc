"""Writes the fetches of a plan from the root down; rows are turned into objects after those below them."""

from __future__ import annotations

from abc import ABC, abstractmethod

from resolvers.reads.fetches import Layout
from resolvers.reads.filters import owner_of
from resolvers.reads.pages import PageOf
from resolvers.reads.relations import Relation
from schema.core.source import Source
from schema.execution.bindings import Bound, page_of
from schema.execution.pages import Pages
from schema.execution.plans import PlannedField, Selection, row_fields, rows_below
from schema.execution.shapes import Shapes
from schema.execution.writing import FunctionSource
from schema.model.model import SchemaModel
from store.crypto.system_keys import SystemKeys


class BelowRows(Source, ABC):
    """A source whose rows are fetched for all rows of the enclosing level at once."""

    __slots__ = ()

    @abstractmethod
    def write_below(self, levels: Levels, planned: PlannedField, layout: Layout, n: int) -> None:
        """Write the fetch of the rows related to `rows<n>`, whose layout is given, and of all below them."""


class Levels:
    """Writes the fetches level by level; the rows of level n are in `rows<n>`."""

    def __init__(self, model: SchemaModel, out: FunctionSource, system_keys: SystemKeys) -> None:
        self.out = out
        self.shapes = Shapes(model, out, system_keys.ids)
        self.pages = Pages(out, self.shapes)

    def bound(self, bound: Bound) -> str:
        """The expression that evaluates a field's bound arguments for the request."""
        name = self.out.constant(f"bound{self.out.number()}", bound)
        return f"{name}(context, grant, variables)"

    def admit(self, layout: Layout, n: int) -> None:
        """Track the owners of the rows, and drop rows whose owner's key was destroyed: they are erased (R35)."""
        at = layout.owner_at
        self.out.add(f"await add_owners([r[{at}] for r in rows{n}])")
        self.out.add(f"rows{n} = [r for r in rows{n} if known[r[{at}]] is not None]")
        self.count(n)

    def count(self, n: int) -> None:
        """Count `rows<n>`, all of which are shown."""
        self.out.add(f"count(len(rows{n}))")

    def record_handover(self, layout: Layout, n: int) -> None:
        """Record what `rows<n>`, all of which are shown, hand over to a registry."""
        # Only DOMAIN_REGISTRATION has such columns, so other plans pay nothing for it.
        if layout.handed:
            self.out.constant(f"layout{n}", layout)
            self.out.add(f"context.revealed.record_handover(rows{n}, layout{n})")

    def below(self, selections: list[Selection], layout: Layout, n: int) -> None:
        """Fetch and build everything below `rows<n>`."""
        for selection in selections:
            for planned in row_fields(selection):
                source = planned.facts.source
                if isinstance(source, BelowRows):
                    source.write_below(self, planned, layout, n)

    def keys(self, relation: Relation, layout: Layout, n: int) -> str:
        """The expression of the keys by which `rows<n>` are related to the next level, without null."""
        at = layout.at[relation.source]
        # Ids are unique and never null; other keys need the set.
        if at == 0:
            return f"[r[0] for r in rows{n}]"
        return f"list({{r[{at}] for r in rows{n}}} - NOTHING)"

    def page(self, planned: PlannedField, layout: Layout, n: int) -> None:
        """Fetch and build everything below a page of rows, and write the function of its connection."""
        self.count(n)
        self.record_handover(layout, n)
        self.below(rows_below(planned), layout, n)
        self.pages.write(planned, layout, n)

    def paging(self, planned: PlannedField) -> tuple[int, PageOf]:
        """Start a level of pages, whose arguments are in the variable `at<n>`."""
        n, fetch = self.out.number(), planned.fetch(PageOf)
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"at{n} = {self.bound(page_of(planned))}")
        return n, fetch


def same_owner(relation: Relation) -> bool:
    """True if the related rows have the same owner as the parent row, so that the owner's key is known to exist."""
    # Only then is the owner of the rows the parent row itself, whose key was loaded with it.
    return relation.target is owner_of(relation.table) and relation.source.table.name == "customers"
