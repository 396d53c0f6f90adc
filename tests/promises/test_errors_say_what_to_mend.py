"""An error about an input says which part, what was needed and whether it was missing; the value alone is hidden."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import REFUSING, TODAY, Answer, Gate, grant, own

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("gate", REFUSING, indirect=True)]
VISIBILITY = "mutation ($in: UpdateProfileInput!) { updateProfile(input: $in) { __typename } }"
LOOKUP = "query ($by: CustomerBy!, $n: Int = 1) { customer(by: $by) { id } customers(first: $n) { __typename } }"
WORDING = "query ($kind: ConsentKind!) { consentWording(kind: $kind) { __typename } }"
SESSION = "mutation ($id: ID!) { endSession(input: {sessionId: $id}) { __typename } }"
ENDING = "mutation ($in: EndSessionInput!) { endSession(input: $in) { __typename } }"
MATRIX = "query ($p: [Purpose!]) { audit { matrix(purposes: $p) { __typename } } }"


def said(answer: Answer) -> list[str]:
    return [each["message"] for each in answer.body["errors"]]


@pytest.mark.parametrize(
    ("query", "given", "message", "details"),
    [
        (SESSION, {}, "`$id` is missing: it must be of type ID!.", {"path": ["id"], "type": "ID!", "missing": True}),
        (SESSION, {"id": None}, "`$id` is null: it must be of type ID!.", {"path": ["id"], "type": "ID!"}),
        (SESSION, {"id": ["x"]}, "`$id` is not of type ID.", {"path": ["id"], "type": "ID"}),
        (
            ENDING,
            {"in": {}},
            "`$in.sessionId` is missing: it must be of type ID!.",
            {"path": ["in", "sessionId"], "type": "ID!", "missing": True},
        ),
        (ENDING, {"in": "x"}, "`$in` is not of type EndSessionInput.", {"path": ["in"], "type": "EndSessionInput"}),
        (
            ENDING,
            {"in": {"sessionId": "x", "ix": 1}},
            "`$in` has a field that EndSessionInput does not have.",
            {"path": ["in"], "type": "EndSessionInput"},
        ),
        (
            LOOKUP,
            {"by": {}},
            "`$by` must have exactly one of the fields of CustomerBy, and not null.",
            {"path": ["by"], "type": "CustomerBy"},
        ),
        (
            LOOKUP,
            {"by": {"email": "a@b.example"}, "n": "1"},
            "`$n` is not of type Int.",
            {"path": ["n"], "type": "Int"},
        ),
        (WORDING, {"kind": "CARD"}, "`$kind` is not of type ConsentKind.", {"path": ["kind"], "type": "ConsentKind"}),
        (
            MATRIX,
            {"p": ["INVOICING", None]},
            "`$p[1]` is null: it must be of type Purpose!.",
            {"path": ["p", 1], "type": "Purpose!"},
        ),
    ],
)
async def test_a_variable_by_its_path_and_type(
    gate: Gate, query: str, given: dict[str, Any], message: str, details: dict[str, Any]
) -> None:
    who = grant(Purpose.INVOICING, scopes=("audit:read",))
    who = own(gate.ids[0], authenticated_at=int(TODAY.timestamp())) if query.startswith("mutation") else who
    answer = await gate.ask(query, who, variables=given)
    assert (answer.kind, answer.codes) == (RequestOutcome.REQUEST_ERROR, ["BAD_USER_INPUT"]), answer.raw
    assert said(answer) == [message]
    assert answer.errors == [{"code": "BAD_USER_INPUT", **details}]
    assert answer.body["errors"][0]["locations"]


async def test_many_faults_are_told_together_and_at_most_ten(gate: Gate) -> None:
    answer = await gate.ask(LOOKUP, grant(Purpose.INVOICING), variables={"by": {"email": 1, "domain": 2}, "n": []})
    assert [each["path"] for each in answer.errors] == [["by", "email"], ["by", "domain"], ["by"], ["n"]]
    many = await gate.ask(MATRIX, grant(scopes=("audit:read",)), variables={"p": ["NO"] * 1_000})
    assert len(many.errors) == 10


@pytest.mark.parametrize(
    ("query", "given", "hint"),
    [
        (WORDING, {"kind": "CARD_STORAG"}, " Did you mean the enum value 'CARD_STORAGE'?"),
        (LOOKUP, {"by": {"emial": "x"}}, " Did you mean 'email'?"),
    ],
)
async def test_suggestions_for_those_who_may_introspect(
    gate: Gate, query: str, given: dict[str, Any], hint: str
) -> None:
    told = said(await gate.ask(query, grant(Purpose.INVOICING, introspection=True), variables=given))
    assert told[0].endswith(hint)
    plain = said(await gate.ask(query, grant(Purpose.INVOICING), variables=given))
    assert plain[0] == told[0].removesuffix(hint)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{", "Syntax Error: Expected Name, found <EOF>."),
        ('query { customer(id: "x" { id } }', "Syntax Error: Expected Name, found '{'."),
        ("{ me { id } } 5", "Syntax Error: Unexpected Int (not shown)."),
    ],
    ids=["end", "brace", "number"],
)
async def test_the_grammar_is_no_secret(gate: Gate, query: str, message: str) -> None:
    assert said(await gate.ask(query, grant(Purpose.INVOICING))) == [message]


async def test_an_argument_without_a_value_is_named(gate: Gate) -> None:
    """A variable with a default, sent as null where null is no value."""
    query = 'query ($id: ID = "x") { node(id: $id) { id } }'
    answer = await gate.ask(query, grant(Purpose.INVOICING), variables={"id": None})
    assert said(answer) == [
        "Argument 'id' has invalid value: Expected variable '$id' provided to non-null type 'ID!' not to be None."
    ]


async def test_a_mutation_is_called_and_not_read(gate: Gate) -> None:
    query = 'mutation { endSession(input: {sessionId: "x"}) { __typename } }'
    first = said(await gate.ask(query, grant(Purpose.INVOICING)))[0]
    assert first == "Mutation.endSession may not be called for INVOICING. It may be called for SELF_SERVICE."
