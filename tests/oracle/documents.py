"""Valid operations over the whole schema, for one purpose, with all that GraphQL allows: the oracle's questions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, TypeVar

from graphql import (
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
)

from tests.oracle.arguments import Arguments, Pools, Variables
from tests.oracle.scopes import Path, Scopes, Use

T = TypeVar("T")
May = Callable[[str, str], bool]
ABSTRACT = (GraphQLInterfaceType, GraphQLUnionType)
DEEPEST = 8

INTROSPECTION = (
    "__schema { queryType { name } }",
    '__type(name: "Card") { kind interfaces { name } fields { name type { name } } }',
    "__schema { types { name possibleTypes { name } } }",
)


@dataclass(frozen=True)
class Asked:
    """One operation, with the variables that each of several requests brings."""

    text: str
    variables: tuple[dict[str, Any], ...]


@dataclass
class Fragment:
    """A named fragment that was written once and may be spread again."""

    name: str
    on: GraphQLCompositeType
    depth: int
    uses: list[tuple[Path, Use]]


@dataclass
class Writer:
    """Writes one operation."""

    random: Random
    core: GraphQLSchema
    pools: Pools
    may: May
    most: int
    """Fields of the operation, about; what is in a fragment counts once."""
    scopes: Scopes = field(default_factory=Scopes)
    fragments: list[Fragment] = field(default_factory=list)
    definitions: list[str] = field(default_factory=list)
    written: int = 0
    pointed: list[str] = field(default_factory=list)
    """The types of the ids that were written: fragments on them are the ones that apply."""

    def __post_init__(self) -> None:
        self.variables = Variables(self)
        self.arguments = Arguments(self)

    def chance(self, percent: int) -> bool:
        """True so often."""
        return self.random.randrange(100) < percent

    def one_of(self, choices: Sequence[T]) -> T:
        """One of them."""
        return self.random.choice(choices)

    def operation(self, requests: int) -> Asked:
        """The whole document, for so many requests."""
        query = self.core.query_type
        assert query is not None
        body = self.selections(query, (), 3)
        while not self.written and self.chance(90):
            body += self.selections(query, (), 3)
        if self.chance(3):
            body.append(self.one_of(INTROSPECTION))
        # A field that was drawn and fitted nowhere leaves its variables behind.
        whole = " ".join([*body, *self.definitions])
        self.variables.all = [each for each in self.variables.all if re.search(rf"\${each.name}\b", whole)]
        head = f"query{self.variables.declared()} " if self.variables.all else "query Q " if self.chance(20) else ""
        text = "\n".join([f"{head}{{ {' '.join(body)} }}", *self.definitions])
        return Asked(text, tuple(self.variables.given() for _ in range(requests)))

    def selections(self, on: GraphQLCompositeType, path: Path, most: int = 6) -> list[str]:
        """The inside of one pair of braces; never empty."""
        drawn = [self.selection(on, path) for _ in range(self.random.randint(1, most)) if self.written < self.most]
        return [one for one in drawn if one is not None] or [self.typename(path)]

    def selection(self, on: GraphQLCompositeType, path: Path) -> str | None:
        """A field, a fragment, `__typename`; None when what was drawn is not possible here."""
        kind = self.random.randrange(100)
        if kind < (20 if isinstance(on, ABSTRACT) else 70):
            return self.field(on, path)
        if kind < 77:
            return self.inline(on, path) if isinstance(on, ABSTRACT) else self.again(on, path)
        if kind < 83:
            return self.typename(path) + self.directives()
        if kind < 91:
            return self.inline(on, path)
        return self.spread(on, path)

    def typename(self, path: Path) -> str:
        """`__typename`, which every type has."""
        for key in ("__typename", "kindOfThing", "t1", "t2", "t3"):
            use = Use(key, "__typename", "String!", None)
            if self.scopes.fits(path, use) and (key != "__typename" or not self.chance(20)):
                self.scopes.add(path, use)
                return key if key == "__typename" else f"{key}: __typename"
        return "__typename"

    def field(self, on: GraphQLCompositeType, path: Path) -> str | None:
        """A field of the type that may be read, under a key that merges."""
        if not isinstance(on, (GraphQLObjectType, GraphQLInterfaceType)):
            return None
        names = self.names(on, deeper=len(path) < DEEPEST)
        if not names:
            return None
        name = self.one_of(names)
        core = on.fields[name]
        call = name + self.arguments.of(on.name, name, core)
        parent = on.name if isinstance(on, GraphQLObjectType) else None
        keys = [name, f"{name}A", f"{name}B", "x", f"{name}C"]
        if self.chance(20):
            keys = keys[1:]
        for key in keys:
            use = Use(key, call, str(core.type), parent)
            if self.scopes.fits(path, use):
                self.scopes.add(path, use)
                return self.written_out(use, core, path)
        return None

    def names(self, on: GraphQLObjectType | GraphQLInterfaceType, deeper: bool) -> list[str]:
        """The fields to choose from: leaves, or what leads on."""
        asked = {name: each for name, each in on.fields.items() if self.may(on.name, name)}
        if len(asked) > 1 and self.chance(90):
            asked.pop("grant", None)
        leaves = [name for name, each in asked.items() if is_leaf_type(get_named_type(each.type))]
        leading = [name for name in asked if name not in leaves]
        return leading if deeper and leading and (not leaves or self.chance(50)) else leaves

    def again(self, on: GraphQLCompositeType, path: Path) -> str | None:
        """A field that is asked already, once more: both are one in the answer."""
        parent = on.name if isinstance(on, GraphQLObjectType) else None
        uses = [each for each in self.scopes.at(path) if each.parent == parent and each.field != "__typename"]
        if not uses:
            return None
        use = self.one_of(uses)
        name = use.field.partition("(")[0]
        if not isinstance(on, (GraphQLObjectType, GraphQLInterfaceType)) or name not in on.fields:
            return None
        return self.written_out(use, on.fields[name], path)

    def written_out(self, use: Use, core: GraphQLField, path: Path) -> str:
        """The field with its key, directives and everything below it."""
        self.written += 1
        text = use.field if use.key == use.field.partition("(")[0] else f"{use.key}: {use.field}"
        text += self.directives()
        named = get_named_type(core.type)
        if is_composite_type(named):
            text += f" {{ {' '.join(self.selections(named, (*path, use.key)))} }}"
        return text

    def inline(self, on: GraphQLCompositeType, path: Path) -> str:
        """An inline fragment, with or without a type."""
        condition = None if self.chance(20) else self.condition(on)
        head = "..." if condition is None else f"... on {condition.name}"
        return f"{head}{self.directives()} {{ {' '.join(self.selections(condition or on, path, 3))} }}"

    def spread(self, on: GraphQLCompositeType, path: Path) -> str | None:
        """A named fragment: one that was written before, or a new one."""
        if self.fragments and self.chance(50):
            known = self.one_of(self.fragments)
            if len(path) + known.depth > DEEPEST + 1 or known.on not in list(self.overlapping(on)):
                return None
            return f"...{known.name}{self.directives()}" if self.scopes.repeat(path, known.uses) else None
        condition = self.condition(on)
        name = f"F{len(self.definitions)}"
        place = len(self.definitions)
        self.definitions.append("")
        self.scopes.begin()
        body = self.selections(condition, path, 4)
        uses = self.scopes.end(path)
        self.definitions[place] = f"fragment {name} on {condition.name} {{ {' '.join(body)} }}"
        depth = max((len(below) for below, _ in uses), default=0)
        self.fragments.append(Fragment(name, condition, depth, uses))
        return f"...{name}{self.directives()}"

    def condition(self, on: GraphQLCompositeType) -> GraphQLObjectType | GraphQLInterfaceType:
        """The type of a fragment: most often one that an id names, and of which something may be read."""
        types = list(self.overlapping(on))
        pointed = [each for each in types if each.name in self.pointed]
        if pointed and self.chance(60):
            return self.one_of(pointed)
        telling = [each for each in types if any(self.may(each.name, name) for name in each.fields)]
        return self.one_of(telling if telling and not self.chance(10) else types)

    def overlapping(self, on: GraphQLCompositeType) -> Iterator[GraphQLObjectType | GraphQLInterfaceType]:
        """The types that a fragment may name here: itself, its interfaces, and what else some of its objects are."""
        mine = self.objects(on)
        for type_ in self.core.type_map.values():
            if not isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)) or type_.name.startswith("__"):
                continue
            if mine & self.objects(type_):
                yield type_

    def objects(self, type_: GraphQLCompositeType) -> set[str]:
        """The names of the object types that a type can be."""
        if isinstance(type_, GraphQLObjectType):
            return {type_.name}
        return {each.name for each in self.core.get_possible_types(type_)}

    def directives(self) -> str:
        """`@skip` and `@include`, literal and by variable; most often none."""
        if not self.chance(12):
            return ""
        text = ""
        for name in self.one_of((("include",), ("skip",), ("include", "skip"))):
            value = self.one_of(("true", "false", None))
            text += f" @{name}(if: {self.variables.switch() if value is None else value})"
        return text
