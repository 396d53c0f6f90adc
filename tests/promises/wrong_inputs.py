"""Wrong values for every argument of the schema, as a literal and as a variable, generated from the schema itself."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_composite_type,
)


class Bare(str):
    """A word that is written without quotes: an enum's value as a literal, a text as a variable."""

    __slots__ = ()


WRONG: tuple[Any, ...] = (
    None, -1, 1.5, 2**63, True, "", "x", "\0", Bare("NOBODY"), [], [None], {}, {"nothing": 1},
)  # fmt: skip
RIGHT: Mapping[str, Any] = {
    "ID": "x", "String": "x", "Int": 1, "Boolean": True, "DateTime": "2026-11-23T14:30:00Z", "CountryCode": "CH",
    "LanguageTag": "de", "EmailAddress": "a@example.org", "PhoneNumber": "+41213200000", "BigInt": "1",
    "Date": "2026-03-31", "Decimal": "1.00", "CurrencyCode": "CHF", "URL": "https://example.org/",
    "_Any": {"__typename": "Customer", "id": "x"},
}  # fmt: skip
REACHED = {"Customer": "me", "Ledger": "ledger", "Audit": "audit"}
"""The root field by which each type with arguments is reached; a new one is added here (KeyError)."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """One document with one wrong value."""

    coordinate: str
    """Of the root field."""
    text: str
    variables: Mapping[str, Any] | None = None


def wrong_inputs(core: GraphQLSchema) -> Iterator[Wrong]:
    """For every argument of every field: each wrong value, at each depth, as a literal, a variable and a default."""
    for root, type_, name, field in fields_with_arguments(core):
        kind = "mutation" if type_ is core.mutation_type else "query"
        before, after = ("{ ", " }") if root is None else (f"{{ {root} {{ ", " } }")
        below = " { __typename }" if is_composite_type(get_named_type(field.type)) else ""
        coordinate = f"Query.{root}" if root else f"{type_.name}.{name}"
        for argument, one in field.args.items():
            rest = {each: right(of.type) for each, of in field.args.items() if isinstance(of.type, GraphQLNonNull)}
            for value in values(one):
                given = rest | {argument: value}
                yield Wrong(coordinate, f"{kind} {before}{name}{written(given)}{below}{after}")
                given = rest | {argument: Bare("$v")}
                text = f"{before}{name}{written(given)}{below}{after}"
                yield Wrong(coordinate, f"{kind} ($v: {one.type}) {text}", {"v": value})
                type_text = str(one.type).rstrip("!")
                if value in ({}, [None]):
                    yield Wrong(coordinate, f"{kind} ($v: {type_text} = {literal(value)}) {text}", {})
            if isinstance(get_named_type(one.type), GraphQLInputObjectType):
                around = f"{before}{name}%s{below}{after}"
                yield from _parts_by_variable(coordinate, kind, around, argument, one)
    for value in values(core.get_directive("for").args["purpose"]):
        yield Wrong("Query.grant", f"query @for(purpose: {literal(value)}) {{ grant {{ client }} }}")
        yield Wrong("Query.grant", f"query @for(purpose: INVOICING, reference: {literal(value)}) {{ __typename }}")
        yield Wrong("Query.grant", f"{{ grant @skip(if: {literal(value)}) {{ client }} }}")


def _parts_by_variable(coordinate: str, kind: str, around: str, argument: str, one: GraphQLArgument) -> Iterator[Wrong]:
    """Each field of an input object as a variable inside a literal, left out and null."""
    type_ = get_named_type(one.type)
    assert isinstance(type_, GraphQLInputObjectType)
    for part, each in type_.fields.items():
        text = f"{kind} ($v: {each.type}) " + around % written({argument: right(type_) | {part: Bare("$v")}})
        yield from (Wrong(coordinate, text, variables) for variables in ({}, {"v": None}, {"v": "x"}))


def fields_with_arguments(
    core: GraphQLSchema,
) -> Iterator[tuple[str | None, GraphQLObjectType, str, GraphQLField]]:
    """Each field that takes an argument, with the root field by which its type is reached (None: it is one)."""
    roots = (core.query_type, core.mutation_type)
    for type_ in core.type_map.values():
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__"):
            for name, field in type_.fields.items():
                if field.args:
                    yield None if type_ in roots else REACHED[type_.name], type_, name, field


def written(given: Mapping[str, Any]) -> str:
    """Arguments in parentheses."""
    return f"({', '.join(f'{name}: {literal(value)}' for name, value in given.items())})" if given else ""


def literal(value: Any) -> str:
    """The value as GraphQL writes it."""
    match value:
        case Bare():
            return str(value)
        case dict():
            return "{" + ", ".join(f"{name}: {literal(each)}" for name, each in value.items()) + "}"
        case list():
            return f"[{', '.join(map(literal, value))}]"
        case _:
            return json.dumps(value)


def right(type_: Any) -> Any:
    """A value that fits the type, with no field of an input object that may be left out."""
    if isinstance(type_, GraphQLNonNull):
        return right(type_.of_type)
    if isinstance(type_, GraphQLList):
        return [right(type_.of_type)]
    if isinstance(type_, GraphQLEnumType):
        return Bare(next(iter(type_.values)))
    if isinstance(type_, GraphQLInputObjectType):
        needed = {name: each for name, each in type_.fields.items() if isinstance(each.type, GraphQLNonNull)}
        return {name: right(each.type) for name, each in needed.items()}
    return RIGHT[type_.name]


def values(one: GraphQLArgument | GraphQLInputField) -> Iterator[Any]:
    """Every wrong value for this place; for an input object also each wrong field, and all its fields at once."""
    yield from WRONG
    type_ = get_named_type(one.type)
    if not isinstance(type_, GraphQLInputObjectType):
        return
    base = right(type_)
    for name, each in type_.fields.items():
        yield {key: value for key, value in base.items() if key != name}
        for value in values(each):
            yield {**base, name: value}
    yield {name: right(each.type) for name, each in type_.fields.items()}
    yield dict.fromkeys(type_.fields)
