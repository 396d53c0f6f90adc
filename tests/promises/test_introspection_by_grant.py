"""Introspection is for who was registered for it; nobody else is shown or offered a name (G5)."""

from __future__ import annotations

import pytest
from graphql import build_client_schema, get_introspection_query

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import ON_SQLITE, Gate, grant

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("gate", ON_SQLITE, indirect=True)]

MAY = grant(Purpose.INVOICING, introspection=True)
MAY_NOT = grant(Purpose.INVOICING)


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { types { name } } }",
        '{ __type(name: "Customer") { fields { name } } }',
        "{ x: __schema { queryType { name } } }",
        "{ ...F } fragment F on Query { __schema { types { name } } }",
        '{ ... on Query { __type(name: "Card") { name } } }',
        "query ($no: Boolean = false) { __schema @include(if: $no) { types { name } } grant { client } }",
        "{ __schema @skip(if: true) { types { name } } }",
        "query Good { grant { client } } query Bad { __schema { types { name } } }",
    ],
)
async def test_without_the_right_it_is_refused_however_it_is_written(gate: Gate, query: str) -> None:
    operation = "Bad" if "Bad" in query else None
    for who in (MAY_NOT, grant(), grant(Purpose.INVOICING, withhold=True)):
        answer = await gate.ask(query, who, operation_name=operation)
        assert (answer.kind, answer.codes) == (RequestOutcome.REFUSED, ["INTROSPECTION_DISABLED"])
        assert "Customer" not in answer.raw.decode()
        tried = await gate.ask(query, who, operation_name=operation, dry_run=True)
        assert tried.codes == ["INTROSPECTION_DISABLED"]
    assert (await gate.ask(query, MAY, operation_name=operation)).kind is RequestOutcome.OK


async def test_with_the_right_the_whole_schema_is_told_without_a_purpose(gate: Gate) -> None:
    answer = await gate.ask(get_introspection_query(), grant(introspection=True))
    assert "Customer" in build_client_schema(answer.data).type_map
    assert answer.statements == () and not answer.personal


async def test_typename_is_no_introspection(gate: Gate) -> None:
    answer = await gate.ask("{ __typename customers(first: 1) { __typename nodes { __typename } } }", MAY_NOT)
    assert answer.data["customers"]["nodes"] == [{"__typename": "Customer"}]


@pytest.mark.parametrize(
    "query",
    [
        "{ customrs { nodes { id } } }",
        "{ customers { nodes { fullNam emial } } }",
        "{ customers(frist: 1) { nodes { id } } }",
        "{ customers { nodes { ... on Custmer { id } } } }",
        "{ customers }",
        "query ($p: Purpos) { grant { client } }",
        "query @for(purpose: INVOICNG) { grant { client } }",
        "query @four(purpose: INVOICING) { grant { client } }",
        '{ customer(by: {emial: "x"}) { id } }',
        "query ($b: CustomerBy!) { customer(by: $b) { id } }",
        "{ paymentMethods { brand } }",
        "{ node(id: 1) { brand } }",
        "{ a..b }",
        "{ a(x: .5) }",
        "{ a(x: 'b') }",
    ],
)
async def test_suggestions_are_for_who_may_introspect(gate: Gate, query: str) -> None:
    variables = {"b": {"emial": "x"}}
    for who in (MAY_NOT, grant(Purpose.INVOICING, withhold=True)):
        answer = await gate.ask(query, who, variables=variables)
        assert answer.kind is RequestOutcome.REQUEST_ERROR
        told = answer.raw.decode().lower()
        assert "did you mean" not in told
        for name in ("fullname", "email", "brand", "invoicing", "'first'", "'customers'"):
            assert name not in told or name.strip("'") in query.lower(), (name, told)


async def test_suggestions_do_help_who_may_introspect(gate: Gate) -> None:
    answer = await gate.ask("{ customers { nodes { fullNam } } }", MAY)
    assert "Did you mean 'fullName'" in answer.body["errors"][0]["message"]
