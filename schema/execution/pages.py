"""Writes the code that builds connections: edges, nodes and page information under their response keys."""

from __future__ import annotations

from resolvers.reads.fetches import Layout
from schema.execution.plans import PlannedField, row_places
from schema.execution.shapes import Shape, Shapes, display, typename
from schema.execution.writing import FunctionSource


class Pages:
    """Writes one local function per connection."""

    def __init__(self, out: FunctionSource, shapes: Shapes) -> None:
        self.out, self.shapes = out, shapes

    def write(self, planned: PlannedField, layout: Layout, n: int) -> None:
        """Write `connection<n>(rows, more)`, which builds one page; `more`: other rows follow."""
        fields = planned.only.fields
        lists = {each: f"list{self.out.number()}" for each in fields.values() if each.name in ("edges", "nodes")}

        def append(shape: Shape) -> None:
            self.out.add("ids.append(i)")
            for each, name in lists.items():
                item = shape(each) if each.name == "nodes" else self._edge(each, shape)
                self.out.add(f"{name}.append({item})")

        # A function, because a connection below other rows is built once per parent.
        with self.out.block(f"def connection{n}(rows, more):"):
            for name in ("ids", *lists.values()):
                self.out.add(f"{name} = []")
            self.out.add(f"seal = at{n}.seal")
            self.shapes.each("rows", layout, row_places(planned), append)
            shown = [
                (key, lists.get(each) or self._of_page(each, planned.only.type_name, n)) for key, each in fields.items()
            ]
            self.out.add(f"return {display(shown)}")

    def _edge(self, edges: PlannedField, shape: Shape) -> str:
        shown = []
        for key, each in edges.only.fields.items():
            if each.name == "node":
                shown.append((key, shape(each)))
            elif each.name == "cursor":
                shown.append((key, "seal(i)"))
            else:
                shown.append((key, typename(each, edges.only.type_name)))
        return display(shown)

    def _of_page(self, each: PlannedField, type_name: str, n: int) -> str:
        """The expression of `pageInfo`, or of the connection's `__typename`."""
        if each.name != "pageInfo":
            return typename(each, type_name)
        facts = {
            "hasNextPage": f"at{n}.has_next(more)",
            "hasPreviousPage": f"at{n}.has_previous(more)",
            "startCursor": "seal(ids[0]) if ids else None",
            "endCursor": "seal(ids[-1]) if ids else None",
        }
        inside = each.only
        return display(
            (key, facts.get(one.name) or typename(one, inside.type_name)) for key, one in inside.fields.items()
        )
