"""A plan turned into one Python function: fetch level by level, then shape from the leaves up, with nothing in between.

The function knows only the answer that has no errors. Whatever is out of the ordinary (an argument that does not fit,
a value that does not open) makes it raise, and the standard executor answers the operation as the specification says.

The generated source, for `{ customer(id: $id) { fullName services { name } } }`, reads like this:

    rows1 = await fetch1.rows([argument1(grant, variables)], parameters)
    await learn([r[0] for r in rows1])
    rows2 = await fetch2.rows([r[0] for r in rows1], parameters)
    by2 = {}
    for r in rows2: ... by2.setdefault(r[1], []).append({"name": ...})
    by1 = None
    for r in rows1: ... by1 = {"fullName": ..., "services": by2.get(r[0], [])}
    return {"customer": by1}
"""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import orjson
from sqlalchemy import Boolean, Column

from policy.grant import Grant
from resolvers.fetches import ByKey, Layout, PageOf
from resolvers.filters import owner_of
from resolvers.relations import Relation
from resolvers.unit import Unit
from schema.arguments import own_key
from schema.bindings import Binding, entry_key, lookup_key, page_of
from schema.model import SchemaModel
from schema.planning import Plan, Planned, Selection, rows_below
from schema.sources import Attribute, Embedded, Entry, GlobalId, GrantFacts, Paged, Part, Related, Value
from schema.standard import GrantView

Compiled = Callable[[Unit, Grant, Mapping[str, Any]], Awaitable[dict[str, Any]]]


class NotCovered(Exception):
    """The plan has something that only the standard executor answers; the message names it."""


def compile_plan(model: SchemaModel, plan: Plan) -> Compiled:
    """The function that answers the plan; NotCovered when there is none."""
    return _Compiler(model).compile(plan)


def compiled_or_none(model: SchemaModel, plan: Plan) -> Compiled | None:
    """The function, or None when the standard executor has to answer."""
    if plan.operation.is_mutation or plan.decision.introspects:
        return None
    try:
        return compile_plan(model, plan)
    except NotCovered:
        return None


def _opaque(text: bytes) -> str:
    return b2a_base64(text, newline=False).decode()


def _flag(value: Any) -> bool | None:
    return None if value is None else bool(value)


class _Source:
    """Lines of Python with their indentation, and the constants they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.depth = 1
        self.constants: dict[str, Any] = {
            "EMPTY": [],
            "loads": orjson.loads,
            "opaque": _opaque,
            "flag": _flag,
            "view": GrantView.of,
        }

    def add(self, line: str) -> None:
        self.lines.append("    " * self.depth + line)

    def constant(self, name: str, value: Any) -> str:
        self.constants[name] = value
        return name

    @contextmanager
    def block(self, line: str) -> Any:
        self.add(line)
        self.depth += 1
        yield
        self.depth -= 1


class _Compiler:
    def __init__(self, model: SchemaModel) -> None:
        self.model = model
        self.out = _Source()
        self.numbers = count(1)

    def compile(self, plan: Plan) -> Compiled:
        fields = [f"{key!r}: {self._root(planned)}" for key, planned in plan.root.fields.items()]
        self.out.add(f"return {{{', '.join(fields)}}}")
        head = "async def answer(unit, grant, variables):\n"
        head += "    parameters = unit.parameters\n    learn = unit.revealed.learn\n    known = unit.revealed.known\n"
        namespace = dict(self.out.constants)
        exec(compile(head + "\n".join(self.out.lines), "<plan>", "exec"), namespace)  # noqa: S102  (source made above)
        answer: Compiled = namespace["answer"]
        return answer

    # Roots: each leaves its value in a variable and gives back its name.

    def _root(self, planned: Planned) -> str:
        if planned.model is None:
            return _typename(planned, "Query")
        if planned.withheld:
            return "None"
        match planned.model.source:
            case GrantFacts():
                return self._grant(planned)
            case Paged(_, None):
                return self._page(planned)
            case Entry(kind, table) if kind in ("me", "id") and table is not None:
                fetch = planned.fetch
                assert isinstance(fetch, ByKey)
                key = own_key if kind == "me" else entry_key(self.model, planned)
                return self._single(planned, fetch, f"{self._argument(key)}(grant, variables)")
            case Entry("lookup", _):
                return self._lookup(planned)
        raise NotCovered(planned.model.coordinate)

    def _argument(self, bind: Any) -> str:
        if isinstance(bind, Binding):
            bind = bind.bound()
        elif bind is own_key:
            bind = _own
        return self.out.constant(f"argument{next(self.numbers)}", bind)

    def _single(self, planned: Planned, fetch: ByKey, key: str) -> str:
        n = next(self.numbers)
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows([{key}], parameters)")
        return self._one(planned, fetch.layout, n)

    def _one(self, planned: Planned, layout: Layout, n: int) -> str:
        """The one row in `rows<n>`, or None."""
        self._learn(n, layout)
        self._below(rows_below(planned), layout, n)
        self.out.add(f"one{n} = None")
        self._each_row(list(planned.selections.values()), layout, f"rows{n}", lambda shape: f"one{n} = {shape}")
        return f"one{n}"

    def _lookup(self, planned: Planned) -> str:
        n = next(self.numbers)
        find = self._argument(lookup_key(self.model, planned))
        self.out.constant(f"fetch{n}", planned.fetches)
        self.out.add(f"name{n}, index{n} = {find}(unit, variables)")
        self.out.add(f"rows{n} = await fetch{n}[name{n}].rows(index{n}, parameters)")
        return self._one(planned, planned.fetch.layout, n)

    def _page(self, planned: Planned) -> str:
        n, fetch = next(self.numbers), planned.fetch
        assert isinstance(fetch, PageOf)
        self._paging(planned, fetch, n)
        self.out.add(f"found{n} = await fetch{n}.rows(None, after{n}, first{n}, parameters)")
        self.out.add(f"rows{n} = found{n}[:first{n}]")
        self._learn(n, fetch.layout)
        self._below(rows_below(planned), fetch.layout, n)
        self._connection(planned, fetch.layout, n)
        return f"connection{n}(found{n})"

    def _paging(self, planned: Planned, fetch: PageOf, n: int) -> None:
        self.out.constant(f"fetch{n}", fetch)
        bind = self._argument(page_of(planned))
        self.out.add(f"first{n}, after{n} = {bind}(grant, variables)")

    def _grant(self, planned: Planned) -> str:
        n = next(self.numbers)
        self.out.add(f"grant{n} = view(grant)")
        (selection,) = planned.selections.values()
        shown = []
        for key, each in selection.fields.items():
            source = each.model.source if each.model else None
            value = f"grant{n}.{source.name}" if isinstance(source, Attribute) else _typename(each, "Grant")
            shown.append(f"{key!r}: {value}")
        return f"{{{', '.join(shown)}}}"

    # Levels: what hangs on the rows of one fetch is fetched and shaped before they are.

    def _learn(self, n: int, layout: Layout) -> None:
        self.out.add(f"await learn([r[{layout.owner_at}] for r in rows{n}])")

    def _below(self, selections: Iterable[Selection], layout: Layout, n: int) -> None:
        """Fetch and shape everything that hangs on `rows<n>`; each place remembers the number of its fetch."""
        for selection in selections:
            for planned in selection.fields.values():
                if planned.model is None or planned.withheld:
                    continue
                match planned.model.source:
                    case Related(relation):
                        self._related(planned, relation, layout, n)
                    case Paged(_, relation) if relation is not None:
                        self._pages_under(planned, relation, layout, n)

    def _keys(self, relation: Relation, layout: Layout, n: int) -> str:
        at = layout.at[relation.source]
        if at == 0:
            return f"[r[0] for r in rows{n}]"
        return f"list({{r[{at}] for r in rows{n} if r[{at}] is not None}})"

    def _related(self, planned: Planned, relation: Relation, layout: Layout, above: int) -> None:
        n, fetch = next(self.numbers), planned.fetch
        assert isinstance(fetch, ByKey)
        planned.number = n
        self.out.constant(f"fetch{n}", fetch)
        self.out.add(f"rows{n} = await fetch{n}.rows({self._keys(relation, layout, above)}, parameters)")
        if not _same_owner(relation):
            self._learn(n, fetch.layout)
        self._below(rows_below(planned), fetch.layout, n)
        self.out.add(f"by{n} = {{}}")
        at = fetch.grouped_at

        def keep(shape: str) -> str:
            if not relation.many:
                return f"by{n}[r[{at}]] = {shape}"
            return f"(by{n}.get(r[{at}]) or by{n}.setdefault(r[{at}], [])).append({shape})"

        self._each_row(list(planned.selections.values()), fetch.layout, f"rows{n}", keep)

    def _pages_under(self, planned: Planned, relation: Relation, layout: Layout, above: int) -> None:
        n, fetch = next(self.numbers), planned.fetch
        assert isinstance(fetch, PageOf)
        planned.number = n
        self._paging(planned, fetch, n)
        keys = self._keys(relation, layout, above)
        self.out.add(f"by{n} = fetch{n}.grouped(await fetch{n}.rows({keys}, after{n}, first{n}, parameters))")
        self.out.add(f"rows{n} = [r for found in by{n}.values() for r in found[:first{n}]]")
        if not _same_owner(relation):
            self._learn(n, fetch.layout)
        self._below(rows_below(planned), fetch.layout, n)
        self._connection(planned, fetch.layout, n)

    def _connection(self, planned: Planned, layout: Layout, n: int) -> None:
        """A local function that shapes one connection from its rows."""
        (connection,) = planned.selections.values()
        lists: list[tuple[str, list[Selection], str]] = []
        shown = [self._of_connection(key, each, n, lists, planned) for key, each in connection.fields.items()]
        with self.out.block(f"def connection{n}(found):"):
            names = ["ids", *(name for name, _, _ in lists)]
            self.out.add(" = ".join(names[:1]) + " = []")
            for name in names[1:]:
                self.out.add(f"{name} = []")
            with self.out.block(f"for r in found[:first{n}]:"):
                selections = [each for _, below, _ in lists for each in below]
                shapes = self._opened(selections, layout)
                self.out.add("ids.append(i)")
                for name, below, form in lists:
                    item = shapes(below[0]) if below else "None"
                    self.out.add(f"{name}.append({form.replace(NODE, item)})")
            self.out.add(f"return {{{', '.join(shown)}}}")

    def _of_connection(
        self, key: str, each: Planned, n: int, lists: list[tuple[str, list[Selection], str]], planned: Planned
    ) -> str:
        if each.model is None:
            return f"{key!r}: {_typename(each, next(iter(planned.selections)))}"
        (inner,) = each.selections.values() if each.model.name != "nodes" else (None,)
        if each.model.name == "pageInfo":
            assert inner is not None
            return f"{key!r}: {self._page_info(inner, planned, n)}"
        name = f"list{next(self.numbers)}"
        if each.model.name == "nodes":
            lists.append((name, self._single_type(each), NODE))
        else:
            assert inner is not None
            nodes = [one for one in inner.fields.values() if one.selections]
            if len(nodes) > 1:
                raise NotCovered("several aliases of a node in one edge")
            below = self._single_type(nodes[0]) if nodes else []
            lists.append((name, below, self._edge(inner, planned)))
        return f"{key!r}: {name}"

    def _single_type(self, each: Planned) -> list[Selection]:
        if len(each.selections) != 1:
            raise NotCovered("a connection of an interface")
        return list(each.selections.values())

    def _edge(self, edge: Selection, planned: Planned) -> str:
        shown = []
        for key, each in edge.fields.items():
            if each.model is None:
                shown.append(f"{key!r}: {_typename(each, edge.type_name)}")
            elif each.model.name == "cursor":
                shown.append(f"{key!r}: {self._cursor(planned, 'i')}")
            else:
                shown.append(f"{key!r}: {NODE}")
        return f"{{{', '.join(shown)}}}"

    def _cursor(self, planned: Planned, id_: str) -> str:
        assert planned.model is not None
        return f"opaque({f'after:{planned.model.coordinate}:%d'.encode()!r} % {id_})"

    def _page_info(self, info: Selection, planned: Planned, n: int) -> str:
        facts = {
            "hasNextPage": f"len(found) > first{n}",
            "hasPreviousPage": f"after{n} is not None",
            "startCursor": f"{self._cursor(planned, 'ids[0]')} if ids else None",
            "endCursor": f"{self._cursor(planned, 'ids[-1]')} if ids else None",
        }
        shown = [
            f"{key!r}: {facts[each.model.name] if each.model else _typename(each, info.type_name)}"
            for key, each in info.fields.items()
        ]
        return f"{{{', '.join(shown)}}}"

    # Rows: every sealed column that a row's shape needs is opened once, then the shape is one dict display.

    def _each_row(
        self, selections: list[Selection], layout: Layout, rows: str, keep: Callable[[str], str]
    ) -> None:
        with self.out.block(f"for r in {rows}:"):
            if len(selections) == 1:
                shapes = self._opened(selections, layout)
                self.out.add(keep(shapes(selections[0])))
                return
            kind = self.model.rows[selections[0].type_name].kind
            if kind is None:
                raise NotCovered("an interface over several tables")
            self.out.add(f"kind = r[{layout.at[kind]}]")
            for selection in selections:
                with self.out.block(f"if kind == {self.model.rows[selection.type_name].value!r}:"):
                    shapes = self._opened([selection], layout)
                    self.out.add(keep(shapes(selection)))

    def _opened(self, selections: list[Selection], layout: Layout) -> Callable[[Selection], str]:
        """Open what the selections need; gives the function that writes the shape of one of them."""
        self.out.add(f"o = r[{layout.owner_at}]")
        self.out.add("key = known[o]")
        with self.out.block("if key is None:"):
            self.out.add("continue")
        self.out.add("i = r[0]")
        names: dict[Column[Any], str] = {}
        for column in _columns(selections):
            names[column] = f"r[{layout.at[column]}]"
        if any("sealing" in column.info for column in names):
            self.out.add("place = b':%d:%d' % (o, i)")
            self.out.add("decrypt = key.decrypt")
        for place, (column, resting) in enumerate(names.items()):
            if (sealing := column.info.get("sealing")) is not None:
                names[column] = f"c{place}"
                bound = f"{column.table.name}.{column.name}".encode()
                plain = f"decrypt((v := {resting})[1:13], v[13:], {bound!r} + place)"
                opened = f"loads({plain})" if sealing.parts else f"{plain}.decode()"
                self.out.add(f"c{place} = None if {resting} is None else {opened}")
        return lambda selection: self._shape(selection, layout, names)

    def _shape(self, selection: Selection, layout: Layout, names: Mapping[Column[Any], str]) -> str:
        shown = [f"{key!r}: {self._field(each, selection, layout, names)}" for key, each in selection.fields.items()]
        return f"{{{', '.join(shown)}}}"

    def _field(self, each: Planned, selection: Selection, layout: Layout, names: Mapping[Column[Any], str]) -> str:
        if each.model is None:
            return _typename(each, selection.type_name)
        if each.withheld:
            return "None"
        match each.model.source:
            case Value(column, read):
                return self._read(names[column], read, column)
            case GlobalId():
                return f"opaque({f'{selection.type_name}:%d'.encode()!r} % i)"
            case Embedded(column):
                return self._embedded(each, names[column])
            case Related(relation):
                missing = "EMPTY" if relation.many else "None"
                return f"by{each.number}.get(r[{layout.at[relation.source]}], {missing})"
            case Paged(_, relation) if relation is not None:
                return f"connection{each.number}(by{each.number}.get(r[{layout.at[relation.source]}], EMPTY))"
        raise NotCovered(each.model.coordinate)

    def _read(self, value: str, read: Callable[[Any], Any] | None, column: Column[Any] | None = None) -> str:
        if read is None:
            return value
        if read is bool and column is not None and isinstance(column.type, Boolean):
            return f"flag({value})"
        name = self.out.constant(f"read{next(self.numbers)}", read)
        return f"(None if {value} is None else {name}({value}))"

    def _embedded(self, each: Planned, value: str) -> str:
        (selection,) = each.selections.values()
        shown = []
        for key, part in selection.fields.items():
            if part.model is None:
                shown.append(f"{key!r}: {_typename(part, selection.type_name)}")
            elif part.withheld:
                shown.append(f"{key!r}: None")
            else:
                source = part.model.source
                assert isinstance(source, Part)
                shown.append(f"{key!r}: {self._read(f'{value}[{source.index}]', source.read)}")
        return f"(None if {value} is None else {{{', '.join(shown)}}})"


NODE = "\0node\0"
"""Stands for the node's shape inside an edge until the shape is written."""


def _own(grant: Grant, variables: Mapping[str, Any]) -> int:
    return own_key(grant)


def _typename(planned: Planned, type_name: str) -> str:
    name = planned.nodes[0].name.value
    if name != "__typename":
        raise NotCovered(name)
    return repr(type_name)


def _columns(selections: Iterable[Selection]) -> dict[Column[Any], None]:
    found: dict[Column[Any], None] = {}
    for selection in selections:
        for each in selection.fields.values():
            if each.model is not None and not each.withheld and isinstance(each.model.source, (Value, Embedded)):
                found[each.model.source.column] = None
    return found


def _same_owner(relation: Relation) -> bool:
    """The rows belong to the customer whose row leads to them: the owner's key is known already."""
    return relation.target is owner_of(relation.table) and relation.source.table.name == "customers"
