"""Every limit has an error of its own before anything runs, and no document costs more than a moment (G2, G4)."""

from __future__ import annotations

from dataclasses import fields
from time import process_time
from typing import Any

import pytest

from policy.purposes import Purpose
from schema.documents.limits import Limits
from schema.documents.requests import RequestOutcome
from tests.promises.gate import Gate, grant

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("gate", ["sqlite-compiled"], indirect=True)]

WHO = grant(Purpose.INVOICING)
LIMITS = Limits()


def back(times: int, inner: str) -> str:
    """To the services and back to the customer, so many times."""
    return "services { nodes { customer { " * times + inner + " } } }" * times


def fragments(count: int, body: str, on: str = "Grant") -> str:
    return " ".join(f"fragment F{n} on {on} {{ {body.format(n=n, next=n + 1)} }}" for n in range(count))


def chain(count: int) -> str:
    return "{ grant { ...F0 } } " + fragments(count, "...F{next}") + f" fragment F{count} on Grant {{ client }}"


OVER: dict[str, str] = {
    "characters": "{ grant { client } } #" + "x" * LIMITS.characters,
    "tokens": "{ grant { " + "client " * LIMITS.tokens + "} }",
    "depth": f"{{ me {{ {back(8, 'id')} }} }}",
    "nesting": "{ grant " + "{ ... " * 70 + "{ client }" + " }" * 70 + " }",
    "fragments": "{ grant { ...F0 } } " + fragments(LIMITS.fragments + 1, "client"),
    "fields": "{ grant { " + "client " * (LIMITS.fields + 1) + "} }",
    "aliases": "{ grant { " + " ".join(f"a{n}: client" for n in range(LIMITS.aliases + 1)) + " } }",
    "root_fields": "{ " + " ".join(f"a{n}: grant {{ client }}" for n in range(LIMITS.root_fields + 1)) + " }",
    "directives": "{ grant { client " + "@include(if: true) " * (LIMITS.directives + 1) + "} }",
    "repetition": "{ grant { " + "client " * (LIMITS.fields - 5) + "} }",
}


@pytest.mark.parametrize("limit", OVER)
async def test_each_limit_has_an_error_of_its_own(gate: Gate, limit: str) -> None:
    answer = await gate.ask(OVER[limit], WHO)
    assert answer.kind is RequestOutcome.REQUEST_ERROR
    assert {each["code"] for each in answer.errors} == {"LIMIT_EXCEEDED"}
    assert limit in [each["limit"] for each in answer.errors], answer.raw
    assert answer.statements == answer.key_statements == ()
    assert len(answer.raw) < 2_000


async def test_no_limit_is_without_a_proof(gate: Gate) -> None:
    assert {each.name for each in fields(gate.api.limits)} - {"cost", "seconds"} <= OVER.keys()


@pytest.mark.parametrize(
    ("limit", "query"),
    [
        ("root_fields", "{ ...F } fragment F on Query { " + " ".join(f"a{n}: __typename" for n in range(21)) + " }"),
        ("root_fields", "{ ... { ... on Query { " + " ".join(f"a{n}: __typename" for n in range(21)) + " } } }"),
        ("nesting", chain(80)),
        ("depth", f"{{ me {{ ...A }} }} fragment A on Customer {{ {back(4, '...B')} }} "
                  f"fragment B on Customer {{ {back(4, 'id')} }}"),
        ("aliases", "{ grant { " + "...F " * 31 + "} } fragment F on Grant { a: client b: client }"),
        ("directives", "query " + "@skip(if: true) " * 5 + "{ grant { client } }"),
        ("directives", "{ grant { ... " + "@include(if: true) " * 5 + "{ client } } }"),
        ("directives", "{ grant { ...F " + "@include(if: true) " * 5 + "} } fragment F on Grant { client }"),
        ("directives", "query ($a: Int " + "@deprecated " * 5 + ") { grant { client } }"),
        ("nesting", "{ customers(first: " + "[" * 300 + "1" + "]" * 300 + ") { nodes { id } } }"),
        ("nesting", "query ($a: " + "[" * 300 + "Int" + "]" * 300 + ") { grant { client } }"),
        ("nesting", "{ grant { client } } " + fragments(90, "...F{next}") + " fragment F90 on Grant { client }"),
    ],
)  # fmt: skip
async def test_a_limit_is_not_hidden_from_by_fragments(gate: Gate, limit: str, query: str) -> None:
    answer = await gate.ask(query, WHO)
    assert answer.kind is RequestOutcome.REQUEST_ERROR
    assert limit in [each.get("limit") for each in answer.errors], answer.raw


def doubling(levels: int) -> str:
    """2^levels fields, if every fragment were written out."""
    twice = fragments(levels, "...F{next} ...F{next}")
    return f"{{ grant {{ ...F0 }} }} {twice} fragment F{levels} on Grant {{ client }}"


DEAR: dict[str, str] = {
    "2^30 fields": doubling(30),
    "2^50 fields": doubling(50),
    "rows that double": "{ me { ...F0 } } "
    + fragments(
        6,
        "services {{ nodes {{ customer {{ ...F{next} }} }} }} domains {{ nodes {{ customer {{ ...F{next} }} }} }}",
        "Customer",
    )
    + " fragment F6 on Customer { id }",
    "a cycle of one": "{ grant { ...F } } fragment F on Grant { ...F }",
    "a cycle of two": "{ grant { ...A } } fragment A on Grant { ...B } fragment B on Grant { ...A }",
    "a cycle of ninety": "{ grant { client } } "
    + " ".join(f"fragment F{n} on Grant {{ ...F{(n + 1) % 90} }}" for n in range(90)),
    "a cycle through fields": "{ me { ...A } } fragment A on Customer { services { nodes { customer { ...A } } } }",
    "many spreads": "{ grant { " + "...F0 " * 900 + "} } fragment F0 on Grant { client }",
    "a hundred fragments": "{ grant { " + " ".join(f"...F{n}" for n in range(100)) + " } } "
    + fragments(100, "client purposes"),
    "the same field": "{ grant { " + "client " * 900 + "} }",
    "the same rows": "{ me { " + "services { nodes { name kind } } " * 150 + "} }",
    "conflicts": "{ grant { " + " ".join("a: client a: scopes" for _ in range(25)) + " } }",
    "many operations": " ".join(f"query Q{n} {{ grant {{ client }} }}" for n in range(500)),
    "many variables": "query (" + " ".join(f"$v{n}: Int" for n in range(900)) + ") { grant { client } }",
    "a long string": '{ customer(by: {id: "' + "x" * 60_000 + '"}) { id } }',
    "a long name": "{ " + "x" * 60_000 + " }",
    "a long number": "{ customers(first: " + "9" * 60_000 + ") { nodes { id } } }",
    "braces": "{" * 3_000,
    "brackets": "{ a(b: " + "[" * 3_000,
    "spread dots": "{ " + "... " * 3_000,
    "comments": "#\n" * 30_000 + "{ grant { client } }",
    "escapes": '{ customer(by: {id: "' + "\\u0041" * 9_000 + '"}) { id } }',
}  # fmt: skip


@pytest.mark.parametrize("name", DEAR)
async def test_no_document_takes_long(gate: Gate, name: str) -> None:
    """Of the processor's time, so that a busy machine does not count; unbounded, the first would take an hour."""
    began = process_time()
    answer = await gate.ask(DEAR[name], WHO)
    assert process_time() - began < 20, "bounded: what is not bounded here takes minutes, and a machine may be slow"
    assert answer.kind in (RequestOutcome.OK, RequestOutcome.REQUEST_ERROR, RequestOutcome.REFUSED), answer.raw
    assert len(answer.raw) < 20_000


async def test_fragment_cycles_are_told_as_such(gate: Gate) -> None:
    for name in ("a cycle of one", "a cycle of two", "a cycle through fields"):
        answer = await gate.ask(DEAR[name], grant(Purpose.INVOICING, Purpose.ERASURE))
        assert set(answer.codes) == {"GRAPHQL_VALIDATION_FAILED"}
        assert "within itself" in answer.body["errors"][0]["message"]


async def test_the_cost_of_rows_is_known_before_any_is_read(gate: Gate) -> None:
    query = "query ($n: Int!) { customers(first: $n) { nodes { %s } } }"
    deep = "services(first: 5) { nodes { customer { invoices(first: 5) { nodes { customer { "
    deep += "services(first: 5) { nodes { customer { id } } } } } } } } }"
    cheap = await gate.ask(query % deep, WHO, variables={"n": 1}, extensions={"cost": True})
    assert cheap.data and cheap.body["extensions"]["cost"]["estimated"] > 1
    dear = await gate.ask(query % deep, WHO, variables={"n": 100})
    (error,) = dear.errors
    assert (error["code"], error["limit"]) == ("LIMIT_EXCEEDED", "cost")
    assert error["estimated"] > error["most"]
    assert dear.kind is RequestOutcome.REQUEST_ERROR and dear.statements == ()


async def test_the_shipped_documents_of_a_tool_stay_within(gate: Gate) -> None:
    """Limits are for attackers: a full page with its relations is none."""
    query = """{ customers(first: 50) { pageInfo { hasNextPage endCursor }
      nodes { id fullName email postalAddress { street city } services { nodes { name state } } } } }"""
    assert (await gate.ask(query, WHO)).data


SEVERAL = "query A { grant { client } } query B { __typename }"


@pytest.mark.parametrize(
    ("query", "name", "code"),
    [
        (SEVERAL, None, "OPERATION_RESOLUTION_FAILURE"),
        (SEVERAL, "", "OPERATION_RESOLUTION_FAILURE"),
        (SEVERAL, "C", "OPERATION_RESOLUTION_FAILURE"),
        (SEVERAL, "a", "OPERATION_RESOLUTION_FAILURE"),
        ("{ __typename }", "A", "OPERATION_RESOLUTION_FAILURE"),
        ("{ __typename } query B { __typename }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query A { __typename }", "A", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on Query { __typename }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("type Query { a: Int }", None, "GRAPHQL_VALIDATION_FAILED"),
        ("", None, "GRAPHQL_PARSE_FAILED"),
        ("#", None, "GRAPHQL_PARSE_FAILED"),
        ("\ufeff", None, "GRAPHQL_PARSE_FAILED"),
        ("\0", None, "GRAPHQL_PARSE_FAILED"),
        ("subscription { __typename }", None, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_exactly_one_operation_runs(gate: Gate, query: str, name: str | None, code: str) -> None:
    answer = await gate.ask(query, WHO, operation_name=name)
    assert answer.kind is RequestOutcome.REQUEST_ERROR
    assert set(answer.codes) == {code}, answer.raw


async def test_the_operation_that_is_named_runs(gate: Gate) -> None:
    assert (await gate.ask(SEVERAL, WHO, operation_name="A")).data == {"grant": {"client": "tests"}}
    assert (await gate.ask(SEVERAL, WHO, operation_name="B")).data == {"__typename": "Query"}
    assert (await gate.ask("query A { __typename }", WHO)).data


async def test_a_read_only_request_runs_no_mutation(gate: Gate) -> None:
    query = 'mutation { updateProfile(input: {locale: "en"}) { customer { locale } } }'
    answer = await gate.ask(query, WHO, read_only=True)
    assert (answer.kind, answer.codes) == (RequestOutcome.METHOD_NOT_ALLOWED, ["MUTATION_NOT_ALLOWED"])
    both = f"query Q {{ grant {{ client }} }} {query.replace('mutation', 'mutation M')}"
    assert (await gate.ask(both, WHO, operation_name="M", read_only=True)).kind is RequestOutcome.METHOD_NOT_ALLOWED
    assert (await gate.ask(both, WHO, operation_name="Q", read_only=True)).data


@pytest.mark.parametrize(
    ("variables", "kind"),
    [
        ({"yes": True}, RequestOutcome.OK),
        ({}, RequestOutcome.OK),
        ({"yes": None}, RequestOutcome.OK),
        ({"yes": "true"}, RequestOutcome.REQUEST_ERROR),
    ],
)
async def test_a_switch_that_is_null_is_no_defect_of_ours(gate: Gate, variables: Any, kind: RequestOutcome) -> None:
    query = "query ($yes: Boolean = true) { grant { client @include(if: $yes) } __typename }"
    answer = await gate.ask(query, WHO, variables=variables)
    assert answer.kind is kind, answer.raw
    assert "INTERNAL" not in answer.codes
