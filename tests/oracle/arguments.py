"""Arguments and variables of the oracle's questions: fitting ones mostly, and every way of not fitting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from graphql import GraphQLField

T = TypeVar("T")


@dataclass(frozen=True)
class Pools:
    """What there is to ask for: taken from real answers, and what looks like it and is not."""

    ids: Mapping[str, Sequence[str]]
    """Global ids by type."""
    wrong_ids: Sequence[str]
    cursors: Mapping[str, Sequence[str]]
    """By the coordinate of the connection that gave them."""
    wrong_cursors: Sequence[str]
    lookups: Mapping[str, Sequence[str]]
    """Values by field of `CustomerLookup`."""


class Drawing(Protocol):
    """What arguments need of the writer."""

    pools: Pools
    variables: Variables

    def chance(self, percent: int) -> bool:
        """True so often."""

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them."""


@dataclass
class Variable:
    """One variable: its declaration, and what the request brings (nothing, when it is missing)."""

    name: str
    type: str
    default: str | None
    given: bool
    value: Any = None

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
        """What the request brings."""
        return {each.name: each.value for each in self.all if each.given}

    def switch(self) -> str:
        """A Boolean for a directive: with a default, it may be missing, null, or of another type."""
        return self._new("Boolean", self.drawing.one_of((True, False)), needed=True)

    def of(self, type_: str, value: Any, needed: bool) -> str:
        """A variable that most often holds this value."""
        return self._new(type_, value, needed)

    def _new(self, type_: str, value: Any, needed: bool) -> str:
        drawing = self.drawing
        alike = [each for each in self.all if each.type.rstrip("!") == type_ and (not needed or _fills(each))]
        if alike and drawing.chance(25):
            return f"${drawing.one_of(alike).name}"
        name = f"v{len(self.all)}"
        default = None
        if type_ != "CustomerLookup" and drawing.chance(30):
            default = json.dumps(value, ensure_ascii=False)
            if not needed and drawing.chance(20):
                default = "null"
        must = "!" if (needed and default is None) or (default != "null" and drawing.chance(30)) else ""
        given = default is None or not drawing.chance(50)
        self.all.append(Variable(name, type_ + must, default, given, value))
        self._spoil(self.all[-1])
        return f"${name}"

    def _spoil(self, variable: Variable) -> None:
        """Now and then: missing, null, or a value of another type."""
        if not self.drawing.chance(8):
            return
        wrong: tuple[Any, ...] = (None, 3, "text", 2.0, 1.5, True, [], {}, [variable.value], 2**40)
        choice = self.drawing.one_of((*wrong, "missing"))
        variable.given = choice != "missing"
        variable.value = None if choice == "missing" else choice


def _fills(variable: Variable) -> bool:
    """Whether it may stand where null may not: it is never null, or has a default."""
    return variable.type.endswith("!") or variable.default not in (None, "null")


@dataclass
class Arguments:
    """Writes the arguments of a field."""

    drawing: Drawing

    def of(self, type_name: str, name: str, core: GraphQLField) -> str:
        """In parentheses, or nothing."""
        texts = [
            text
            for argument in core.args
            if (text := self._argument(type_name, name, argument, core)) is not None
        ]
        if not texts:
            return ""
        return f"({', '.join(reversed(texts) if len(texts) > 1 and self.drawing.chance(30) else texts)})"

    def _argument(self, type_name: str, name: str, argument: str, core: GraphQLField) -> str | None:
        match argument:
            case "first":
                value = self._first()
            case "after":
                value = self._after(f"{type_name}.{name}")
            case "id":
                value = self._id("Customer" if name == "customer" else None)
            case "by":
                value = self._lookup()
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
        value = drawing.one_of((2, 1, 3, 5, 4)) if not drawing.chance(10) else drawing.one_of((0, 5, 6, -1, 2**31 - 1))
        if drawing.chance(30):
            return drawing.variables.of("Int", value, needed=False)
        return "null" if drawing.chance(5) else str(value)

    def _after(self, coordinate: str) -> str | None:
        drawing, pools = self.drawing, self.drawing.pools
        if drawing.chance(60):
            return None
        value = drawing.one_of(pools.cursors[coordinate])
        if drawing.chance(8):
            value = drawing.one_of(pools.wrong_cursors)
        if drawing.chance(35):
            return drawing.variables.of("String", value, needed=False)
        return "null" if drawing.chance(5) else _quoted(value)

    def _id(self, type_name: str | None) -> str:
        drawing, pools = self.drawing, self.drawing.pools
        value = drawing.one_of(pools.ids[type_name or drawing.one_of(list(pools.ids))])
        if drawing.chance(8):
            value = drawing.one_of(pools.wrong_ids)
        if drawing.chance(45):
            return drawing.variables.of("ID", value, needed=True)
        return "17" if drawing.chance(3) else _quoted(value)

    def _lookup(self) -> str:
        drawing, pools = self.drawing, self.drawing.pools
        name = drawing.one_of(list(pools.lookups))
        value = drawing.one_of(pools.lookups[name])
        kind = drawing.one_of(("literal", "inner", "whole"))
        if kind == "literal":
            return f"{{ {name}: {_quoted(value)} }}"
        if kind == "inner":
            # Inside a oneOf object a variable must be non-null (§5.8.5).
            return f"{{ {name}: {self._inner(value)} }}"
        given: Any = {name: value}
        if drawing.chance(8):
            given = drawing.one_of(({}, {name: None}, {"email": value, "domain": value}, {"nothing": value}))
        return drawing.variables.of("CustomerLookup", given, needed=True)

    def _inner(self, value: str) -> str:
        known = [each for each in self.drawing.variables.all if each.type == "String!"]
        if known and self.drawing.chance(25):
            return f"${self.drawing.one_of(known).name}"
        variable = Variable(f"v{len(self.drawing.variables.all)}", "String!", None, given=True, value=value)
        self.drawing.variables.all.append(variable)
        return f"${variable.name}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)
