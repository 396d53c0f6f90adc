"""Arguments and variables of the oracle's questions: fitting ones mostly, and every way of not fitting."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from graphql import GraphQLEnumType, GraphQLField, get_named_type

T = TypeVar("T")
REPRESENTATIONS = "[_Any!]"


@dataclass(frozen=True)
class Pools:
    """What there is to ask for: taken from real answers, and what looks like it and is not."""

    ids: Mapping[str, Sequence[str]]
    """Global ids by type."""
    wrong_ids: Sequence[str]
    cursors: Mapping[str, Sequence[str]]
    """By the coordinate of the connection that gave them."""
    cursors_of: Callable[[int | None], Mapping[str, Sequence[str]]]
    """The same as a token that is bound to a customer gets them."""
    wrong_cursors: Sequence[str]
    lookups: Mapping[str, Sequence[str]]
    """Values by field of `CustomerBy`."""
    compared: Mapping[str, Sequence[str]]
    """Texts by coordinate of a filter's field."""
    moments: Sequence[str]


class Drawing(Protocol):
    """What arguments need of the writer."""

    pools: Pools
    variables: Variables
    pointed: list[str]
    may: Callable[[str, str], bool]

    def chance(self, percent: int) -> bool:
        """True so often."""

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them."""


@dataclass
class Variable:
    """One variable of an operation."""

    name: str
    type: str
    default: str | None
    draw: Callable[[], Any]
    """A value that fits."""

    def declaration(self) -> str:
        """As it stands in the operation."""
        return f"${self.name}: {self.type}" + (f" = {self.default}" if self.default is not None else "")


@dataclass
class Variables:
    """Every variable of one operation."""

    drawing: Drawing
    all: list[Variable] = field(default_factory=list)

    def declared(self) -> str:
        """The list in parentheses."""
        return f"({', '.join(each.declaration() for each in self.all)})"

    def given(self) -> dict[str, Any]:
        """What one request brings: values that fit, nothing where there is a default, now and then something wrong."""
        brought: dict[str, Any] = {}
        for each in self.all:
            value = each.draw()
            if self.drawing.chance(4):
                value = self.drawing.one_of((None, None, None, 3, "text", 2.0, 1.5, True, [], {}, [value], 2**40))
            if not self.drawing.chance(1 if each.default is None else 50):
                brought[each.name] = value
        return brought

    def switch(self) -> str:
        """A Boolean for a directive."""
        return self.of("Boolean", lambda: self.drawing.one_of((True, False)), needed=True)

    def of(self, type_: str, draw: Callable[[], Any], needed: bool) -> str:
        """A variable of this type, for a place where null may stand unless `needed`; a new one, or one used before."""
        drawing = self.drawing
        alike = [each for each in self.all if each.type.rstrip("!") == type_ and (not needed or _fills(each))]
        if alike and drawing.chance(25):
            return f"${drawing.one_of(alike).name}"
        default = None
        # Objects and words of an enum are written otherwise than in JSON.
        if type_ in ("Boolean", "Int", "String", "ID", "DateTime") and drawing.chance(30):
            default = "null" if not needed and drawing.chance(20) else _quoted(draw())
        must = "!" if (needed and default is None) or (default != "null" and drawing.chance(30)) else ""
        self.all.append(Variable(f"v{len(self.all)}", type_ + must, default, draw))
        return f"${self.all[-1].name}"


def _fills(variable: Variable) -> bool:
    """Whether it may stand where null may not: it is never null, or has a default."""
    return variable.type.endswith("!") or variable.default not in (None, "null")


@dataclass
class Arguments:
    """Writes the arguments of a field."""

    drawing: Drawing

    def of(self, type_name: str, name: str, core: GraphQLField) -> str:
        """In parentheses, or nothing."""
        # Most often pages are asked for from one end: `first` and `last` together are refused.
        left = "last" if self.drawing.chance(60) else "first" if self.drawing.chance(95) else ""
        texts = [
            text
            for argument in core.args
            if argument != left and (text := self._argument(type_name, name, argument, core)) is not None
        ]
        if not texts:
            return ""
        return f"({', '.join(reversed(texts) if len(texts) > 1 and self.drawing.chance(30) else texts)})"

    def _argument(self, type_name: str, name: str, argument: str, core: GraphQLField) -> str | None:
        match argument:
            case "first" | "last":
                value = self._first()
            case "after" | "before":
                value = self._after(f"{type_name}.{name}")
            case "id":
                value = self._id("Customer" if name == "customer" else None)
            case "name" if name == "domain":
                value = self._domain()
            case "ids":
                value = self._ids()
            case "representations":
                value = self._representations()
            case "by":
                value = self._lookup()
            case "order":
                value = self._order()
            case "filter":
                value = self._filter(get_named_type(core.args[argument].type))
            case _:
                raise LookupError(f"the oracle does not know {type_name}.{name}({argument}:)")
        needed = str(core.args[argument].type).endswith("!")
        if value is None and not needed:
            return None
        return f"{argument}: {value}"

    def _first(self) -> str | None:
        drawing = self.drawing
        if drawing.chance(35):
            return None
        if drawing.chance(30):
            return drawing.variables.of("Int", self._size, needed=False)
        return "null" if drawing.chance(5) else str(self._size())

    def _size(self) -> int:
        drawing = self.drawing
        return drawing.one_of((0, 5, 6, -1, 2**31 - 1)) if drawing.chance(8) else drawing.one_of((2, 1, 3, 5, 4))

    def _after(self, coordinate: str) -> str | None:
        drawing, pools = self.drawing, self.drawing.pools
        if drawing.chance(60):
            return None

        def cursor() -> str:
            return drawing.one_of(pools.wrong_cursors if drawing.chance(8) else pools.cursors[coordinate])

        if drawing.chance(35):
            return drawing.variables.of("String", cursor, needed=False)
        return "null" if drawing.chance(5) else _quoted(cursor())

    def _id(self, type_name: str | None) -> str:
        drawing, pools = self.drawing, self.drawing.pools
        name = type_name or drawing.one_of(list(pools.ids))
        drawing.pointed.append(name)

        def id_() -> str:
            if drawing.chance(8):
                return drawing.one_of(pools.wrong_ids)
            return drawing.one_of(pools.ids[drawing.one_of(list(pools.ids)) if drawing.chance(5) else name])

        if drawing.chance(45):
            return drawing.variables.of("ID", id_, needed=True)
        return "17" if drawing.chance(3) else _quoted(id_())

    def _domain(self) -> str:
        drawing = self.drawing
        names = drawing.pools.lookups.get("domain", ("nothing.example",))

        def value() -> str:
            return drawing.one_of(("no name", "")) if drawing.chance(8) else drawing.one_of(names)

        if drawing.chance(45):
            return drawing.variables.of("String", value, needed=True)
        return _quoted(value())

    def _lookup(self) -> str:
        drawing, pools = self.drawing, self.drawing.pools
        name = drawing.one_of(list(pools.lookups))

        def value() -> str:
            return drawing.one_of(pools.lookups[name])

        def whole() -> Any:
            wrong: Sequence[Any] = ({}, {name: None}, {"email": value(), "domain": value()}, {"nothing": value()})
            return drawing.one_of(wrong) if drawing.chance(8) else {name: value()}

        kind = drawing.one_of(("literal", "inner", "whole"))
        if kind == "whole":
            return drawing.variables.of("CustomerBy", whole, needed=True)
        # Inside a oneOf object a variable must be non-null (§5.8.5).
        type_ = {"id": "ID", "phone": "PhoneNumber"}.get(name, "String")
        return f"{{ {name}: {_quoted(value()) if kind == 'literal' else self._never_null(value, type_)} }}"

    def _representations(self) -> str:
        drawing, pools = self.drawing, self.drawing.pools

        def one() -> dict[str, str]:
            name = drawing.one_of(list(pools.ids))
            shown = drawing.one_of(list(pools.ids)) if drawing.chance(3) else name
            return {"__typename": shown, "id": drawing.one_of(pools.ids[name])}

        def some() -> list[dict[str, str]]:
            return [one() for _ in range(drawing.one_of((1, 2, 3, 4, 0, 6)))]

        # As routers do: always one variable.
        return drawing.variables.of(REPRESENTATIONS, some, needed=True)

    def _ids(self) -> str:
        drawing, pools = self.drawing, self.drawing.pools
        names = list(pools.ids)

        def one() -> str:
            return drawing.one_of(pools.wrong_ids if drawing.chance(3) else pools.ids[drawing.one_of(names)])

        def some() -> list[str]:
            return [one() for _ in range(drawing.one_of((1, 2, 3, 4, 0, 6)))]

        if drawing.chance(40):
            return drawing.variables.of("[ID!]", some, needed=True)
        return _quoted(some())

    def _order(self) -> str | None:
        drawing = self.drawing
        if drawing.chance(80):
            return None
        return drawing.one_of(("OLDEST_FIRST", "NEWEST_FIRST", "null"))

    def _filter(self, type_: Any) -> str | None:
        """Literal, with variables inside, or as one variable."""
        drawing = self.drawing
        names = [name for name in type_.fields if drawing.may(type_.name, name)]
        if not names or drawing.chance(50):
            return None

        def whole() -> Any:
            return {name: self._compared(type_, name) for name in names if drawing.chance(40)}

        if drawing.chance(30):
            return drawing.variables.of(type_.name, whole, needed=False)
        return "{ " + ", ".join(f"{name}: {self._inner(type_, name)}" for name in names if drawing.chance(40)) + " }"

    def _inner(self, type_: Any, name: str) -> str:
        drawing, core = self.drawing, type_.fields[name].type
        if drawing.chance(40):
            return drawing.variables.of(str(core), lambda: self._compared(type_, name), needed=False)
        value = self._compared(type_, name)
        if value is not None and isinstance(get_named_type(core), GraphQLEnumType):
            return f"[{', '.join(value)}]"  # Words of an enum have no quotes.
        return _quoted(value)

    def _compared(self, type_: Any, name: str) -> Any:
        """A value for one field of a filter: one that rows have, most often."""
        drawing, named = self.drawing, get_named_type(type_.fields[name].type)
        if drawing.chance(8):
            return None
        if isinstance(named, GraphQLEnumType):
            words = list(named.values)
            return [drawing.one_of(words) for _ in range(drawing.one_of((1, 1, 2, 3, 0)))]
        if named.name == "Boolean":
            return drawing.one_of((True, False))
        if named.name == "DateTime":
            return drawing.one_of(drawing.pools.moments)
        return drawing.one_of(drawing.pools.compared.get(f"{type_.name}.{name}", ("nothing",)))

    def _never_null(self, draw: Callable[[], str], type_: str) -> str:
        variables = self.drawing.variables.all
        variables.append(Variable(f"v{len(variables)}", f"{type_}!", None, draw))
        return f"${variables[-1].name}"


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
