"""A contract's promise of a value is kept by what the gateway answers: types that are generated from it do not lie."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)

from policy.grant import Grant
from policy.purposes import Purpose
from schema.contracts.contracts import contract_of_grant, contract_of_purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import Gate, grant, own

pytestmark = pytest.mark.anyio
DEEP = 1


def selection(schema: GraphQLSchema, type_: Any, deep: int) -> str:
    """Every field of a type that needs no argument, so deep."""
    if is_abstract_type(type_):
        inner = (f"... on {each.name} {selection(schema, each, deep)}" for each in schema.get_possible_types(type_))
        return "{ __typename " + " ".join(inner) + " }"
    found = ["__typename"]
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if any(is_required_argument(each) for each in field.args.values()):
            continue
        if not is_composite_type(named):
            found.append(name)
        elif deep > 0:
            # The levels of a connection are those of its list.
            below = deep if name in ("nodes", "edges", "node", "pageInfo") else deep - 1
            found.append(f"{name} {selection(schema, named, below)}")
    return "{ " + " ".join(found) + " }"


def broken(schema: GraphQLSchema, type_: Any, value: Any, path: str) -> Iterator[str]:
    """The paths at which a value is null that the contract calls non-null."""
    if isinstance(type_, GraphQLNonNull):
        if value is None:
            yield path
        type_ = type_.of_type
    if value is None:
        return
    if isinstance(type_, GraphQLList):
        for each in value:
            yield from broken(schema, type_.of_type, each, path)
    elif isinstance(value, dict) and "__typename" in value:
        actual = schema.type_map[value["__typename"]]
        for name, each in value.items():
            if name != "__typename":
                yield from broken(schema, actual.fields[name].type, each, f"{actual.name}.{name}")  # type: ignore[attr-defined]


async def answered(gate: Gate, who: Grant, root: str) -> list[str]:
    """What is null against the contract, of everything that this caller can read of customers, field by field."""
    schema = build_schema(contract_of_grant(who))
    assert schema.query_type is not None
    name = root.partition("(")[0]
    type_ = schema.query_type.fields[name].type
    page, customer = name == "customers", schema.type_map["Customer"]
    found: list[str] = []
    for each, field in customer.fields.items():  # type: ignore[attr-defined]
        named = get_named_type(field.type)
        below = f" {selection(schema, named, DEEP)}" if is_composite_type(named) else ""
        asked = "{ __typename " + each + below + " }"
        below = "{ __typename nodes " + asked + " pageInfo { __typename hasNextPage } }" if page else asked
        answer = await gate.ask(f"query {{ {root} {below} }}", who)
        assert answer.kind is RequestOutcome.OK and "errors" not in answer.body, answer.raw
        assert answer.data[name], "something was read"
        found += broken(schema, type_, answer.data[name], f"Query.{name}")
    return found


def reading() -> list[Purpose]:
    """The purposes of tools that read customers without naming a case."""
    plain = (each for each in Purpose if each.enabled and not each.own_data_only and not each.requires_reference)
    return [each for each in plain if "  customers(" in contract_of_purpose(each)]


@pytest.mark.parametrize("purpose", reading(), ids=lambda each: each.name)
async def test_no_tool_is_given_null_where_its_contract_has_a_value(gate: Gate, purpose: Purpose) -> None:
    assert await answered(gate, grant(purpose), "customers(first: 8)") == []


async def test_no_customer_is_given_null_where_the_contract_has_a_value(gate: Gate) -> None:
    for place in range(4):
        assert await answered(gate, own(gate.ids[place]), "me") == []
