"""Every way to a field of the schema, and every way to write it: what an attacker would try."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)

from tests.promises.gate import Gate


@dataclass(frozen=True, slots=True)
class Route:
    """A place where a selection on one type can stand."""

    text: str
    """With `%s` for the selection."""
    coordinates: tuple[str, ...]
    """The fields on the way, which have purposes of their own."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A document that tries to read a coordinate."""

    coordinate: str
    text: str
    name: str
    operation: str | None = None
    way: tuple[str, ...] = ()


def routes(core: GraphQLSchema, gate: Gate) -> dict[str, list[Route]]:
    """The places of each object type: the shortest way from the root, `node(id:)`, and for customers every way in."""
    number = gate.people[0].customer_number
    found: dict[str, list[Route]] = {
        "Customer": [
            Route("{ customers { nodes { %s } } }", ("Query.customers",)),
            Route("{ customers { edges { node { %s } } } }", ("Query.customers",)),
            Route("{ me { %s } }", ("Query.me",)),
            Route(f'{{ customer(by: {{id: "{gate.id(0)}"}}) {{ %s }} }}', ("Query.customer", "CustomerBy.id")),
            Route(
                f'{{ customer(by: {{customerNumber: "{number}"}}) {{ %s }} }}',
                ("Query.customer", "CustomerBy.customerNumber"),
            ),
            *(
                Route(
                    f"{{ customers {{ nodes {{ {back} {{ nodes {{ customer {{ %s }} }} }} }} }} }}",
                    ("Query.customers",),
                )
                for back in ("services", "domains", "invoices")
            ),
        ]
    }
    waiting = deque([("Customer", found["Customer"][0])])
    while waiting:
        name, here = waiting.popleft()
        for field, below, inside in _below(core, name):
            if below not in found:
                way = (*here.coordinates, f"{name}.{field}")
                found[below] = [Route(here.text % inside, way)]
                waiting.append((below, found[below][0]))
    for name, places in found.items():
        type_ = core.type_map[name]
        if not (
            isinstance(type_, GraphQLObjectType) and type_.interfaces
        ):  # Part of a row, or of none: no id finds it.
            continue
        places.append(Route(f'{{ node(id: "{gate.id(0)}") {{ ... on {name} {{ %s }} }} }}', ("Query.node",)))
        named = f'{{__typename: "Customer", id: "{gate.id(0)}"}}'
        text = f"{{ _entities(representations: [{named}]) {{ ... on {name} {{ %s }} }} }}"
        places.append(Route(text, ("Query._entities",)))
    return found


def _below(core: GraphQLSchema, name: str) -> Iterator[tuple[str, str, str]]:
    """The fields that lead to objects: the field, the type, and the text with `%s` for the selection on it."""
    type_ = core.type_map[name]
    assert isinstance(type_, GraphQLObjectType)
    for field, definition in type_.fields.items():
        named = get_named_type(definition.type)
        if isinstance(named, GraphQLInterfaceType):
            for each in core.get_possible_types(named):
                yield field, each.name, f"{field} {{ ... on {each.name} {{ %s }} }}"
        elif isinstance(named, GraphQLObjectType) and "nodes" in named.fields:
            yield field, get_named_type(named.fields["nodes"].type).name, f"{field} {{ nodes {{ %s }} }}"
        elif isinstance(named, GraphQLObjectType):
            yield field, named.name, f"{field} {{ %s }}"


Disguise = Callable[[str, str, str], str]
"""From the route, the type and the field: the document."""


def _document(place: str, selection: str, *fragments: str, variables: str = "") -> str:
    body = place % selection
    head = f"query ({variables}) " if variables else ""
    return " ".join((head + body, *fragments))


def _in_fragment(place: str, on: str, text: str, spread: str = "...F", variables: str = "") -> str:
    return _document(place, spread, f"fragment F on {on} {{ {text} }}", variables=variables)


DISGUISES: dict[str, Disguise] = {
    "plain": lambda place, on, f: _document(place, f),
    "alias": lambda place, on, f: _document(place, f"id: __typename harmless: {f}"),
    "inline fragment": lambda place, on, f: _document(place, f"... on {on} {{ {f} }}"),
    "bare fragment": lambda place, on, f: _document(place, f"... {{ ... @include(if: true) {{ {f} }} }}"),
    "named fragment": lambda place, on, f: _in_fragment(place, on, f),
    "fragments in fragments": lambda place, on, f: _document(
        place, "...A", f"fragment A on {on} {{ ...B }}", f"fragment B on {on} {{ x: {f} }}"
    ),
    "include": lambda place, on, f: _document(place, _with(f, "@include(if: true)")),
    "skip": lambda place, on, f: _document(place, _with(f, "@skip(if: true)")),
    "variables with defaults": lambda place, on, f: _document(
        place, _with(f, "@include(if: $yes) @skip(if: $no)"), variables="$yes: Boolean! = true, $no: Boolean! = false"
    ),
    "spread under a variable": lambda place, on, f: _in_fragment(
        place, on, f, "...F @include(if: $yes)", "$yes: Boolean = true"
    ),
    "merged": lambda place, on, f: _document(place, f"... on {on} {{ {f} }} ... {{ {f} }} {f}"),
    "second operation": lambda place, on, f: f"query Good {{ grant {{ client }} }} query Bad {place % f}",
}


def _with(field: str, directive: str) -> str:
    """The directive stands before the selection."""
    name, brace, rest = field.partition(" {")
    return f"{name} {directive}{brace}{rest}"


def through_interfaces(core: GraphQLSchema, name: str) -> Iterator[str]:
    """Fragments on every interface of a type, with `%s` for a selection on the type."""
    type_ = core.type_map[name]
    if isinstance(type_, GraphQLObjectType):
        for interface in type_.interfaces:
            yield f"... on {interface.name} {{ ... on {name} {{ %s }} }}"


def selected(core: GraphQLSchema, name: str, field: str) -> str:
    """The field with the least that must be selected of it."""
    type_: Any = core.type_map[name]
    return f"{field} {{ __typename }}" if is_composite_type(get_named_type(type_.fields[field].type)) else field


def attempts(core: GraphQLSchema, gate: Gate) -> Iterator[Attempt]:
    """Every field by every route, and by the first route in every disguise."""
    for name, places in routes(core, gate).items():
        type_: Any = core.type_map[name]
        for field in type_.fields:
            text = selected(core, name, field)
            for number, place in enumerate(places):
                disguises = list(DISGUISES) if number == 0 else ["plain", "named fragment"]
                for disguise in disguises:
                    document = DISGUISES[disguise](place.text, name, text)
                    operation = "Bad" if disguise == "second operation" else None
                    yield Attempt(f"{name}.{field}", document, disguise, operation, place.coordinates)
                for wrapped in through_interfaces(core, name) if number == 0 else ():
                    yield Attempt(
                        f"{name}.{field}", place.text % (wrapped % text), "interface", None, place.coordinates
                    )
            if isinstance(type_, GraphQLObjectType):
                for interface in type_.interfaces:
                    if field in interface.fields:
                        place = places[0]
                        inner = f"... on {interface.name} {{ {text} }}"
                        yield Attempt(f"{name}.{field}", place.text % inner, "as an interface", None, place.coordinates)
