"""Random documents over the whole schema, with what each of their fields is, so that an answer can be judged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
)
from hypothesis import strategies as st

from tests.promises.gate import Gate

DEEP = 4
PLACES = 4
"""How many customers are asked for by name."""


@dataclass(slots=True)
class Asked:
    """One field as it was asked: its key in the response, and for each type that may stand there its coordinate."""

    key: str
    type_name: str
    name: str
    below: list[Asked] = field(default_factory=list)

    @property
    def coordinate(self) -> str:
        """Type and field."""
        return f"{self.type_name}.{self.name}"


@dataclass(slots=True, repr=False)
class Question:
    """A document and the tree of what it asks."""

    text: str
    """With `<0>`, `<1>`, … for the global ids of customers."""
    roots: list[Asked]

    def __repr__(self) -> str:
        """The beginning: a long one is a warning of Hypothesis, and so an error here."""
        return f"Question({self.text[:4000]!r})"

    def about(self, gate: Gate) -> str:
        """The document about the customers of a gateway."""
        text = self.text
        for place in range(PLACES):
            text = text.replace(f"<{place}>", gate.id(place))
            owned = [each.domain.name for each in gate.people[place].services if each.domain is not None]
            text = text.replace(f"<domain {place}>", owned[0] if owned else "nobody.example")
        return text

    def all(self) -> Iterator[Asked]:
        """Every field."""
        waiting = list(self.roots)
        while waiting:
            each = waiting.pop()
            yield each
            waiting += each.below


@dataclass(slots=True)
class _Writer:
    core: GraphQLSchema
    draw: Callable[[st.SearchStrategy[Any]], Any]
    fragments: list[str] = field(default_factory=list)
    number: int = 0

    def fresh(self, letter: str) -> str:
        self.number += 1
        return f"{letter}{self.number}"

    def selection(self, type_: GraphQLNamedType, depth: int) -> tuple[str, list[Asked]]:
        """The text inside the braces, and the fields; keys are unique, so nothing is merged."""
        if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType):
            return self.variants(type_, depth)
        assert isinstance(type_, GraphQLObjectType)
        names = [name for name in type_.fields if depth > 0 or not _composite(type_, name)]
        some = self.draw(st.lists(st.sampled_from(names or ["__typename"]), min_size=1, max_size=3))
        written, asked = [], []
        for name in some:
            text, one = self.field(type_, name, depth)
            written.append(self.dressed(type_.name, text))
            asked += [one] if one is not None else []
        return " ".join(written), asked

    def variants(self, type_: GraphQLInterfaceType | GraphQLUnionType, depth: int) -> tuple[str, list[Asked]]:
        written, asked = ["__typename"], []
        possible = [each.name for each in self.core.get_possible_types(type_)]
        for name in self.draw(st.lists(st.sampled_from(possible), min_size=1, max_size=2, unique=True)):
            text, some = self.selection(self.core.type_map[name], depth)
            written.append(f"... on {name} {{ {text} }}")
            asked += some
        return " ".join(written), asked

    def field(self, type_: GraphQLObjectType, name: str, depth: int) -> tuple[str, Asked | None]:
        if name == "__typename":
            return f"{self.fresh('t')}: __typename", None
        key = self.fresh("k")
        asked = Asked(key, type_.name, name)
        inner = ""
        named = get_named_type(type_.fields[name].type)
        if is_composite_type(named):
            text, asked.below = self.selection(named, depth - 1)
            inner = f" {{ {text} }}"
        return f"{key}: {name}{self.arguments(type_.name, name)}{self.switch()}{inner}", asked

    def arguments(self, type_name: str, name: str) -> str:
        place = self.draw(st.integers(0, PLACES - 1))
        match (type_name, name):
            case ("Query", "node"):
                return f'(id: "<{place}>")'
            case ("Query", "nodes"):
                return f'(ids: ["<{place}>"])'
            case ("Query", "_entities"):
                return f'(representations: [{{__typename: "Customer", id: "<{place}>"}}])'
            case ("Query", "customer"):
                return f'(by: {{customerNumber: "C-{100_000 + place}"}})'
            case ("Query", "registryPolicy"):
                return '(tld: "ch", kind: LEGAL_PERSON)'
            case ("Query", "rdap"):
                return f'(domain: "<domain {place}>")'
            case ("Query", "domain"):
                return f'(name: "<domain {place}>")'
            case ("Query", "consentWording"):
                return "(kind: CARD_STORAGE)"
            case ("Audit", "explain"):
                return '(client: "billing", document: "{ __typename }")'
            case ("Ledger", "inclusion"):
                return '(index: "0")'
            case ("Ledger", "consistency"):
                return '(from: "0")'
            case (_, "customers" | "signIns" | "sessions" | "accesses"):
                return f"(first: {self.draw(st.integers(0, 3))})"
            case _:
                return ""

    def switch(self) -> str:
        return self.draw(st.sampled_from(("", "", "", " @include(if: true)", " @skip(if: false)")))

    def dressed(self, on: str, text: str) -> str:
        dress = self.draw(st.integers(0, 9))
        if dress == 0:
            return f"... on {on} {{ {text} }}"
        if dress == 1:
            return f"... {{ {text} }}"
        if dress == 2:
            name = self.fresh("F")
            self.fragments.append(f"fragment {name} on {on} {{ {text} }}")
            return f"...{name}"
        return text


def _composite(type_: GraphQLObjectType, name: str) -> bool:
    return is_composite_type(get_named_type(type_.fields[name].type))


@st.composite
def questions(draw: Callable[[st.SearchStrategy[Any]], Any], core: GraphQLSchema) -> Question:
    """A valid query."""
    writer = _Writer(core, draw)
    query = core.query_type
    assert query is not None
    text, roots = writer.selection(query, DEEP)
    return Question(" ".join((f"{{ {text} }}", *writer.fragments)), roots)
