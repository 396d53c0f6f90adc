"""A null tells its reason at each place to clients that are registered for it; what no row leads to tells none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy.grant import Refusal
from policy.purposes import Purpose
from schema.documents.requests import ErrorBehavior
from tests.promises.gate import Gate, grant, own

pytestmark = pytest.mark.anyio

TOLD = grant(Purpose.SERVICE_PROVISION, withhold=Refusal.WITHHOLD_ERRORS)
LISTED = replace(TOLD, refusal=Refusal.WITHHOLD)
PAGE = "{ customers(first: 3) { nodes { id phone services { nodes { name } } } edges { node { call: phone } } } }"


async def test_each_place_of_a_withheld_field_has_an_error(gate: Gate) -> None:
    answer, listed = await gate.ask(PAGE, TOLD), await gate.ask(PAGE, LISTED)
    assert answer.body["data"] == listed.data
    assert answer.body["extensions"]["withheld"] == listed.body["extensions"]["withheld"]
    assert [each["path"] for each in answer.body["errors"]] == [
        *(["customers", "edges", n, "node", "call"] for n in range(3)),
        *(["customers", "nodes", n, "phone"] for n in range(3)),
    ]
    for each in answer.errors:
        assert (each["code"], each["coordinate"]) == ("UNAUTHORIZED_FIELD_OR_TYPE", "Customer.phone")
        assert (each["reason"], each["purpose"]) == ("PURPOSE_NOT_ALLOWED", "SERVICE_PROVISION")
    # The same columns are read as for a client that only has them listed.
    assert answer.statements == listed.statements


async def test_one_page_of_errors_is_told_and_then_how_many_more(gate: Gate) -> None:
    answer = await gate.ask(PAGE, replace(TOLD, max_page=4))
    *told, more = answer.body["errors"]
    assert len(told) == 4 and all("path" in each for each in told)
    assert "path" not in more and more["extensions"] == {"code": "UNAUTHORIZED_FIELD_OR_TYPE", "more": 2}


async def test_a_type_that_only_the_object_knows_is_told_by_it(gate: Gate) -> None:
    query = "query ($id: ID!) { node(id: $id) { id ... on Customer { phone } ... on Domain { unicodeName } } }"
    answer = await gate.ask(query, TOLD, variables={"id": gate.id(0)})
    assert [each["path"] for each in answer.body["errors"]] == [["node", "phone"]]


async def test_what_is_not_there_leaves_no_trace(gate: Gate) -> None:
    """Nobody learns from an error whether a customer exists."""
    query = "query ($id: ID!) { customer(by: {id: $id}) { phone } }"
    answer = await gate.ask(query, TOLD, variables={"id": gate.outside("Customer", 1, 1)})
    assert answer.data == {"customer": None}
    declined = grant(Purpose.PRODUCT_NEWS, withhold=Refusal.WITHHOLD_ERRORS)
    answer = await gate.ask("{ customers(first: 100) { nodes { email customerNumber } } }", declined)
    shown = answer.body["data"]["customers"]["nodes"]
    assert 0 < len(shown) < len(gate.ids), "some have declined, and are absent"
    assert len(answer.errors) == len(shown)


async def test_a_condition_that_is_public_anyway_is_named_and_one_on_rows_is_not(gate: Gate) -> None:
    """By coordinate and condition, as RDAP marks what is redacted (RFC 9537); a customer's absence has no mark."""
    query = "{ customers(first: 1) { nodes { domains { nodes { name registrant { phone email } } } } } }"
    for withhold in (False, True, Refusal.WITHHOLD_ERRORS):
        answer = await gate.ask(query, grant(Purpose.DOMAIN_REGISTRATION, withhold=withhold))
        assert answer.data and answer.body["extensions"] == {
            "redacted": [
                {"coordinate": "Registrant.email", "condition": "WHOIS_EMAIL_PUBLISHED"},
                {"coordinate": "Registrant.phone", "condition": "WHOIS_PHONE_PUBLISHED"},
            ]
        }
    own_ = await gate.ask("{ me { domains { nodes { registrant { email } } } } }", own(gate.ids[0]))
    news = await gate.ask("{ customers(first: 2) { nodes { email } } }", grant(Purpose.PRODUCT_NEWS))
    assert "extensions" not in own_.body and "extensions" not in news.body


def failing(*_: Any) -> Any:
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("behavior", "data"),
    [
        (ErrorBehavior.PROPAGATE, None),
        (ErrorBehavior.NULL, {"grant": {"client": "tests"}, "ledger": None}),
        (ErrorBehavior.HALT, None),
    ],
)
async def test_on_error_says_where_the_null_stands(
    gate: Gate, monkeypatch: pytest.MonkeyPatch, behavior: ErrorBehavior, data: Any
) -> None:
    monkeypatch.setattr("schema.types.ledger.readings_of", failing)
    answer = await gate.ask("{ grant { client } ledger { checkpoint } }", TOLD, on_error=behavior)
    assert answer.body["data"] == data
    assert [(each["path"], each["extensions"]["code"]) for each in answer.body["errors"]] == [(["ledger"], "INTERNAL")]


async def test_on_error_halt_ends_with_the_first_error(gate: Gate) -> None:
    answer = await gate.ask(PAGE, TOLD, on_error=ErrorBehavior.HALT)
    assert answer.body["data"] is None and len(answer.errors) == 1
    whole = await gate.ask("{ customers(first: 1) { nodes { id } } }", TOLD, on_error=ErrorBehavior.HALT)
    assert whole.data["customers"]["nodes"]


async def test_on_error_halt_carries_out_no_mutation_after_the_first_that_fails(changing: Gate) -> None:
    query = """mutation ($first: UpdateProfileInput = {}, $second: UpdateProfileInput!) {
        first: updateProfile(input: $first) { customer { id } }
        second: updateProfile(input: $second) { customer { locale } } }"""
    who = own(changing.ids[0])
    locale = "{ me { locale } }"
    before = (await changing.ask(locale, who)).data
    variables = {"first": None, "second": {"locale": "mt"}}
    answer = await changing.ask(query, who, variables=variables, on_error=ErrorBehavior.HALT)
    assert answer.body["data"] is None and answer.codes == ["BAD_USER_INPUT"]
    assert (await changing.ask(locale, who)).data == before
    answer = await changing.ask(query, who, variables=variables)
    assert answer.body["data"] == {"first": None, "second": {"customer": {"locale": "mt"}}}
