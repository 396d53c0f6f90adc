"""Writes the fetches of a plan from the root down; rows are turned into objects after those below them."""

from __future__ import annotations

from resolvers.reads.fetches import ByKey, Layout
from resolvers.reads.filters import owner_of
from resolvers.reads.pages import PageOf
from resolvers.reads.relations import Relation
from schema.core.sources import Paged, Related
from schema.execution.bindings import Bound, page_of
from schema.execution.pages import Pages
from schema.execution.plans import PlannedField, Selection, rows_below
from schema.execution.shapes import NotCoveredError, Shape, Shapes
from schema.execution.writing import FunctionSource
from schema.model.model import SchemaModel
from store.crypto.system_keys import SystemKeys


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

    def record_handover(self, layout: Layout, n: int) -> None:
        """Record what `rows<n>`, all of which are shown, hand over to a registry."""
        # Only DOMAIN_REGISTRATION has such columns, so other plans pay nothing for it.
        if layout.handed:
            self.out.constant(f"layout{n}", layout)
            self.out.add(f"context.revealed.record_handover(rows{n}, layout{n})")

    def below(self, selections: list[Selection], layout: Layout, n: int) -> None:
        """Fetch and build everything below `rows<n>`."""
        for selection in selections:
            for planned in selection.fields.values():
                if planned.model is None or planned.withheld:
                    continue
                match planned.facts.source:
                    case Related(relation):
                        self._related(planned, relation, self._keys(relation, layout, n))
                    case Paged(_, relation) if relation is not None:
                        self._pages(planned, relation, self._keys(relation, layout, n))

    def _keys(self, relation: Relation, layout: Layout, n: int) -> str:
        """The expression of the keys by which `rows<n>` are related to the next level, without null."""
        at = layout.at[relation.source]
        # Ids are unique and never null; other keys need the set.
        if at == 0:
            return f"[r[0] for r in rows{n}]"
        return f"list({{r[{at}] for r in rows{n}}} - NOTHING)"

    def _related(self, planned: PlannedField, relation: Relation, keys: str) -> None:
        n, fetch = self.out.number(), planned.fetch(ByKey)
        self.shapes.below[planned] = n
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows({keys}, parameters)")
        # Rows of another owner, such as the customer of a domain, have to pass the guard like any other.
        if not _same_owner(relation):
            self.admit(fetch.layout, n)
        self.record_handover(fetch.layout, n)
        self.below(rows_below(planned), fetch.layout, n)
        self.out.add(f"by{n} = {{}}")
        at = fetch.grouped_at

        # Grouped by the key that the parent rows have, in the order of the statement.
        def keep(shape: Shape) -> None:
            if relation.many:
                # get() first: setdefault() alone would create an empty list for every row.
                self.out.add(f"(by{n}.get(r[{at}]) or by{n}.setdefault(r[{at}], [])).append({shape(planned)})")
            else:
                self.out.add(f"by{n}.setdefault(r[{at}], {shape(planned)})")

        self.shapes.each(f"rows{n}", fetch.layout, [planned], keep)

    def _pages(self, planned: PlannedField, relation: Relation, keys: str) -> None:
        if not _same_owner(relation):
            # Rows of erased owners would have to be replaced, as `OperationContext.standing` does.
            raise NotCoveredError("a page of rows that may belong to others")
        n, fetch = self.paging(planned)
        self.shapes.below[planned] = n
        self.out.add(f"found{n} = fetch{n}.grouped(await fetch{n}.rows({keys}, at{n}.span, parameters))")
        self.out.add(f"by{n} = {{k: at{n}.span.trimmed(rows) for k, rows in found{n}.items()}}")
        self.out.add(f"rows{n} = [r for page, more in by{n}.values() for r in page]")
        self.record_handover(fetch.layout, n)
        self.below(rows_below(planned), fetch.layout, n)
        self.pages.write(planned, fetch.layout, n)

    def paging(self, planned: PlannedField) -> tuple[int, PageOf]:
        """Start a level of pages, whose arguments are in the variable `at<n>`."""
        n, fetch = self.out.number(), planned.fetch(PageOf)
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"at{n} = {self.bound(page_of(planned))}")
        return n, fetch


def _same_owner(relation: Relation) -> bool:
    """True if the related rows have the same owner as the parent row, so that the owner's key is known to exist."""
    # Only then is the owner of the rows the parent row itself, whose key was loaded with it.
    return relation.target is owner_of(relation.table) and relation.source.table.name == "customers"
