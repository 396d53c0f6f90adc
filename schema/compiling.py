"""A plan turned into one Python function: fetch level by level, then shape from the leaves up, with nothing in between.

The function knows only the answer that has no errors. Whatever is out of the ordinary (an argument that does not fit,
a value that does not open) makes it raise, and the standard executor answers the operation as the specification says.

The generated source, for `{ customer(id: $id) { fullName services { name } } }`, reads like this:

    type1, key1 = bound1(unit, grant, variables)
    rows1 = await fetch1.rows([key1], parameters)
    await learn([r[0] for r in rows1])
    rows1 = [r for r in rows1 if known[r[0]] is not None]
    rows2 = await fetch2.rows([r[0] for r in rows1], parameters)
    by2 = {}
    for r in rows2: ... by2.setdefault(r[1], []).append({"name": ...})
    one1 = None
    for r in rows1: ... one1 = {"fullName": ..., "services": by2.get(r[0], EMPTY)}
    return {"customer": one1}

`schema.shapes` writes what stands inside such a loop.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from policy.grant import Grant
from resolvers.commands import Run
from resolvers.fetches import ByIndex, ByKey, Layout, PageOf
from resolvers.filters import owner_of
from resolvers.relations import Relation
from resolvers.unit import Unit
from schema.bindings import Bound, id_of, input_of, lookup_of, own, page_of
from schema.model import SchemaModel
from schema.plans import Plan, Planned, Selection, row_places, rows_below
from schema.shapes import CONSTANTS, NotCovered, Shape, Shapes, display, typename, withheld
from schema.sources import Affected, Attribute, Command, Entry, GrantFacts, Paged, Related
from schema.views import GrantView
from schema.writing import Source

Compiled = Callable[[Unit, Grant, Mapping[str, Any]], Awaitable[dict[str, Any]]]


def compiled_or_none(model: SchemaModel, plan: Plan) -> Compiled | None:
    """The function, or None when the standard executor has to answer."""
    if plan.decision.introspects or plan.null_switch:
        return None
    try:
        return compile_plan(model, plan)
    except NotCovered:
        return None


def compile_plan(model: SchemaModel, plan: Plan) -> Compiled:
    """The function that answers the plan; NotCovered when there is none."""
    answer: Compiled = _Compiler(model).source(plan).function("answer")
    return answer


class _Compiler:
    """Each method writes its lines and gives the expression in which they leave their value."""

    def __init__(self, model: SchemaModel) -> None:
        self.model = model
        self.out = Source("async def answer(unit, grant, variables):", **CONSTANTS, view=GrantView.of)
        self.shapes = Shapes(model, self.out)

    def source(self, plan: Plan) -> Source:
        """The whole function."""
        if any(each.withheld and isinstance(each.facts.source, Attribute) for each in plan.places.values()):
            raise NotCovered("a part of a connection, an edge or a page that is withheld")
        self.out.add("parameters, learn, known = unit.parameters, unit.revealed.learn, unit.revealed.known")
        fields = [(key, self._root(planned, plan.root.type_name)) for key, planned in plan.root.fields.items()]
        self.out.add(f"return {display(fields)}")
        return self.out

    # The fields of the root.

    def _root(self, planned: Planned, type_name: str) -> str:
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
                return self._found(planned, planned.fetch(ByKey), self._bound(own))
            case Entry("id", _):
                return self._found(planned, planned.fetch(ByKey), f"{self._bound(id_of(self.model, planned))}[1]")
            case Entry("lookup", _):
                return self._lookup(planned)
            case Entry("node", _):
                return self._node(planned)
            case Command(run):
                return self._command(planned, run)
        raise NotCovered(planned.facts.coordinate)

    def _bound(self, bound: Bound) -> str:
        name = self.out.constant(f"bound{self.out.number()}", bound)
        return f"{name}(unit, grant, variables)"

    def _found(self, planned: Planned, fetch: ByKey, key: str, only: str | None = None) -> str:
        """The row of one primary key: what an id names, and what a command has changed."""
        n = self.out.number()
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows([{key}], parameters)")
        return self._one(planned, fetch.layout, n, only)

    def _lookup(self, planned: Planned) -> str:
        n, fetch = self.out.number(), planned.fetch(ByIndex)
        self.out.constant(f"fetch{n}", planned.fetches)
        self.out.add(f"name{n}, index{n} = {self._bound(lookup_of(planned))}")
        self.out.add(f"rows{n} = await fetch{n}[name{n}].rows(index{n}, parameters)")
        return self._one(planned, fetch.layout, n)

    def _node(self, planned: Planned) -> str:
        """A branch for each type that the id may name; the others are as if they did not exist."""
        n = self.out.number()
        self.out.add(f"type{n}, key{n} = {self._bound(id_of(self.model, planned))}")
        self.out.add(f"node{n} = None")
        for type_name in planned.selections:
            table = self.model.rows[type_name].table.name
            if table in planned.fetches:
                with self.out.block(f"if type{n} == {type_name!r}:"):
                    one = self._found(planned, planned.fetch(ByKey, table), f"key{n}", type_name)
                    self.out.add(f"node{n} = {one}")
        return f"node{n}"

    def _one(self, planned: Planned, layout: Layout, n: int, only: str | None = None) -> str:
        """The one row in `rows<n>`, or None; `only` one of this type."""
        self._admit(layout, n)
        if only and self.model.rows[only].kind is not None:
            self.out.add(f"rows{n} = [r for r in rows{n} if {self.shapes.is_of(only, layout)}]")
        below = [planned.selections[only]] if only else rows_below(planned)
        self._below(below, layout, n)
        self.out.add(f"one{n} = None")
        self.shapes.each(f"rows{n}", layout, [planned], lambda shape: self.out.add(f"one{n} = {shape(planned)}"), only)
        return f"one{n}"

    def _command(self, planned: Planned, run: Run) -> str:
        """Carried out before anything of it is shown, and before the next one begins."""
        n = self.out.number()
        self.out.constant(f"run{n}", run)
        self.out.add(f"result{n} = await unit.perform({planned.key!r}, run{n}, {self._bound(input_of(planned))})")
        (payload,) = planned.selections.values()
        return display((key, self._of_payload(each, payload, n)) for key, each in payload.fields.items())

    def _of_payload(self, each: Planned, payload: Selection, n: int) -> str:
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
        raise NotCovered(each.facts.coordinate)

    def _of_problem(self, each: Planned, problem: Selection) -> str:
        if each.model is None:
            return typename(each, problem.type_name)
        if not isinstance(each.facts.source, Attribute):
            raise NotCovered(each.facts.coordinate)
        return f"problem.{each.facts.source.name}"

    def _page(self, planned: Planned) -> str:
        n, fetch = self._paging(planned)
        self.out.add(f"rows{n}, more{n} = await unit.standing(fetch{n}, after{n}, first{n})")
        self._below(rows_below(planned), fetch.layout, n)
        self._connection(planned, fetch.layout, n)
        return f"connection{n}(rows{n}, more{n})"

    def _grant(self, planned: Planned) -> str:
        n = self.out.number()
        self.out.add(f"grant{n} = view(grant)")
        shown = []
        for key, each in planned.only.fields.items():
            source = each.model.source if each.model else None
            value = f"grant{n}.{source.name}" if isinstance(source, Attribute) else typename(each, "Grant")
            shown.append((key, value))
        return display(shown)

    # The levels below: what hangs on the rows of one level is fetched and shaped before they are.

    def _admit(self, layout: Layout, n: int) -> None:
        """Note whose rows these are; where the owner's key is gone, the row is no longer there (R35)."""
        at = layout.owner_at
        self.out.add(f"await learn([r[{at}] for r in rows{n}])")
        self.out.add(f"rows{n} = [r for r in rows{n} if known[r[{at}]] is not None]")

    def _below(self, selections: list[Selection], layout: Layout, n: int) -> None:
        """Fetch and shape everything that hangs on `rows<n>`."""
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
        """By what the rows in `rows<n>` lead on."""
        at = layout.at[relation.source]
        if at == 0:
            return f"[r[0] for r in rows{n}]"
        return f"list({{r[{at}] for r in rows{n}}} - NOTHING)"

    def _related(self, planned: Planned, relation: Relation, keys: str) -> None:
        n, fetch = self.out.number(), planned.fetch(ByKey)
        self.shapes.below[planned] = n
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows({keys}, parameters)")
        if not _same_owner(relation):
            self._admit(fetch.layout, n)
        self._below(rows_below(planned), fetch.layout, n)
        self.out.add(f"by{n} = {{}}")
        at = fetch.grouped_at

        def keep(shape: Shape) -> None:
            if relation.many:
                self.out.add(f"(by{n}.get(r[{at}]) or by{n}.setdefault(r[{at}], [])).append({shape(planned)})")
            else:
                self.out.add(f"by{n}.setdefault(r[{at}], {shape(planned)})")

        self.shapes.each(f"rows{n}", fetch.layout, [planned], keep)

    def _pages(self, planned: Planned, relation: Relation, keys: str) -> None:
        if not _same_owner(relation):
            raise NotCovered("a page of rows that may belong to others")
        n, fetch = self._paging(planned)
        self.shapes.below[planned] = n
        self.out.add(f"found{n} = fetch{n}.grouped(await fetch{n}.rows({keys}, after{n}, first{n}, parameters))")
        self.out.add(f"by{n} = {{k: (rows[:first{n}], len(rows) > first{n}) for k, rows in found{n}.items()}}")
        self.out.add(f"rows{n} = [r for page, more in by{n}.values() for r in page]")
        self._below(rows_below(planned), fetch.layout, n)
        self._connection(planned, fetch.layout, n)

    def _paging(self, planned: Planned) -> tuple[int, PageOf]:
        n, fetch = self.out.number(), planned.fetch(PageOf)
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"first{n}, after{n} = {self._bound(page_of(planned))}")
        return n, fetch

    # Connections.

    def _connection(self, planned: Planned, layout: Layout, n: int) -> None:
        """A local function that shapes one page of rows."""
        fields = planned.only.fields
        lists = {each: f"list{self.out.number()}" for each in fields.values() if each.name in ("edges", "nodes")}

        def append(shape: Shape) -> None:
            self.out.add("ids.append(i)")
            for each, name in lists.items():
                item = shape(each) if each.name == "nodes" else self._edge(each, planned, shape)
                self.out.add(f"{name}.append({item})")

        with self.out.block(f"def connection{n}(rows, more):"):
            for name in ("ids", *lists.values()):
                self.out.add(f"{name} = []")
            self.shapes.each("rows", layout, row_places(planned), append)
            shown = [(key, lists.get(each) or self._of_page(each, planned, n)) for key, each in fields.items()]
            self.out.add(f"return {display(shown)}")

    def _edge(self, edges: Planned, planned: Planned, shape: Shape) -> str:
        shown = []
        for key, each in edges.only.fields.items():
            if each.name == "node":
                shown.append((key, shape(each)))
            elif each.name == "cursor":
                shown.append((key, _cursor(planned, "i")))
            else:
                shown.append((key, typename(each, edges.only.type_name)))
        return display(shown)

    def _of_page(self, each: Planned, planned: Planned, n: int) -> str:
        """`pageInfo`, or the connection's `__typename`."""
        if each.name != "pageInfo":
            return typename(each, planned.only.type_name)
        facts = {
            "hasNextPage": "more",
            "hasPreviousPage": f"after{n} is not None",
            "startCursor": f"{_cursor(planned, 'ids[0]')} if ids else None",
            "endCursor": f"{_cursor(planned, 'ids[-1]')} if ids else None",
        }
        inside = each.only
        return display(
            (key, facts.get(one.name) or typename(one, inside.type_name)) for key, one in inside.fields.items()
        )


def _cursor(planned: Planned, id_: str) -> str:
    return f"opaque({f'after:{planned.facts.coordinate}:%d'.encode()!r} % {id_})"


def _same_owner(relation: Relation) -> bool:
    """The rows belong to the customer whose row leads to them: the owner's key is known already, and is there."""
    return relation.target is owner_of(relation.table) and relation.source.table.name == "customers"
