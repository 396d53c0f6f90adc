"""A refusal runs no statement and says the same whether the customer exists or not (G7, DESIGN §2 rules 3 and 4)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import Answer, Gate, grant

pytestmark = pytest.mark.anyio

BILLING = grant(Purpose.INVOICING)
BY_ID = "query ($id: ID!) { customer(by: {id: $id}) { fullName phone } }"
BY_NODE = "query ($id: ID!) { node(id: $id) { ... on Customer { fullName phone } } }"
BY_EMAIL = "query ($email: String!) { customer(by: {email: $email}) { fullName phone } }"


def refused(answer: Answer) -> dict[str, Any]:
    """The only error of an answer that touched nothing."""
    assert answer.kind is RequestOutcome.REFUSED
    assert answer.statements == answer.key_statements == ()
    assert not answer.personal
    assert "data" not in answer.body
    (error,) = answer.body["errors"]
    return error


async def test_a_refusal_is_exact(gate: Gate) -> None:
    """Code, reason, coordinate, purpose and the purposes that would be allowed; and nothing about the customer."""
    error = refused(await gate.ask(BY_ID, BILLING, variables={"id": gate.id(0)}))
    assert error == {
        "message": "Customer.phone may not be read for INVOICING. It may be read for EMERGENCY_CONTACT, SELF_SERVICE.",
        "locations": [{"line": 1, "column": 55}],
        "extensions": {
            "code": "UNAUTHORIZED_FIELD_OR_TYPE",
            "reason": "PURPOSE_NOT_ALLOWED",
            "coordinate": "Customer.phone",
            "purpose": "INVOICING",
            "allowedPurposes": ["EMERGENCY_CONTACT", "SELF_SERVICE"],
        },
    }


@pytest.mark.parametrize("query", [BY_ID, BY_NODE])
async def test_existing_and_missing_customers_are_refused_byte_for_byte_alike(gate: Gate, query: str) -> None:
    answers = [
        await gate.ask(query, BILLING, variables={"id": id_})
        for id_ in (gate.id(0), gate.outside("Customer", 2**62), gate.id(3))
    ]
    for answer in answers:
        refused(answer)
    assert len({answer.raw for answer in answers}) == 1


async def test_look_ups_by_e_mail_are_refused_alike(gate: Gate) -> None:
    mails = gate.people[0].email, "nobody@example.org"
    field = [await gate.ask(BY_EMAIL, BILLING, variables={"email": mail}) for mail in mails]
    argument = [
        await gate.ask(BY_EMAIL.replace(" phone", ""), grant(Purpose.EMERGENCY_CONTACT), variables={"email": mail},
                       reference="INC-1")
        for mail in mails
    ]  # fmt: skip
    variable = [
        await gate.ask(
            "query ($by: CustomerBy!) { customer(by: $by) { fullName } }",
            grant(Purpose.EMERGENCY_CONTACT),
            variables={"by": {"email": mail}},
            reference="INC-1",
        )
        for mail in mails
    ]
    for answers in (field, argument, variable):
        assert answers[0].raw == answers[1].raw
        refused(answers[0])
    assert refused(argument[0])["extensions"]["coordinate"] == "CustomerBy.email"
    assert refused(variable[0])["extensions"] == refused(argument[0])["extensions"]


async def test_there_is_one_error_for_a_field_however_often_it_is_asked(gate: Gate) -> None:
    query = """{ customers(first: 24) { nodes { phone a: phone ... on Customer { b: phone } ...F }
                                         edges { node { phone } } } }
               fragment F on Customer { phone services { nodes { customer { phone } } } }"""
    error = refused(await gate.ask(query, BILLING))
    assert error["extensions"]["coordinate"] == "Customer.phone"
    assert len(error["locations"]) == 6


async def test_there_is_one_error_for_each_field(gate: Gate) -> None:
    query = "{ customers { nodes { phone productNews signIns { nodes { ipAddress } } } } }"
    answer = await gate.ask(query, BILLING)
    assert answer.statements == answer.key_statements == ()
    assert [each["coordinate"] for each in answer.errors] == [
        "Customer.phone", "Customer.productNews", "Customer.signIns", "SignIn.ipAddress",
    ]  # fmt: skip


async def test_a_field_that_a_variable_leaves_out_is_refused_all_the_same(gate: Gate) -> None:
    """The decision depends on nothing that a request brings."""
    query = "query ($yes: Boolean!) { customers { nodes { fullName phone @include(if: $yes) } } }"
    answers = [await gate.ask(query, BILLING, variables={"yes": yes}) for yes in (True, False)]
    assert answers[0].raw == answers[1].raw
    refused(answers[0])


@pytest.mark.parametrize(
    ("who", "request_", "reason", "allowed"),
    [
        (grant(), {}, "PURPOSE_NOT_GRANTED", []),
        (grant(Purpose.INVOICING), {"purpose": "PRODUCT_NEWS"}, "PURPOSE_NOT_GRANTED", ["INVOICING"]),
        (
            grant(Purpose.PRODUCT_NEWS, Purpose.INVOICING), {}, "PURPOSE_REQUIRED", ["INVOICING", "PRODUCT_NEWS"],
        ),
        (grant(Purpose.STATUTORY_RETENTION), {}, "PURPOSE_DISABLED", []),
        (grant(Purpose.EMERGENCY_CONTACT), {}, "REFERENCE_REQUIRED", []),
        (grant(Purpose.EMERGENCY_CONTACT), {"reference": ""}, "REFERENCE_REQUIRED", []),
        (grant(Purpose.LEGAL_REQUEST), {}, "REFERENCE_REQUIRED", []),
        (grant(Purpose.EMERGENCY_CONTACT), {"reference": "called by phone"}, "REFERENCE_MALFORMED", []),
        (grant(Purpose.INVOICING), {"reference": "jean@example.com"}, "REFERENCE_MALFORMED", []),
    ],
)  # fmt: skip
async def test_an_operation_without_a_purpose_is_refused(
    gate: Gate, who: Any, request_: dict[str, Any], reason: str, allowed: list[str]
) -> None:
    error = refused(await gate.ask("{ customers { nodes { fullName } } }", who, **request_))
    told = error["extensions"]
    assert (told["code"], told["reason"], told["allowedPurposes"]) == ("PURPOSE_REFUSED", reason, allowed)


async def test_what_says_nothing_of_customers_needs_no_purpose(gate: Gate) -> None:
    answer = await gate.ask("{ __typename grant { client purposes scopes } }", grant(scopes=("audit:read",)))
    assert answer.data["grant"] == {"client": "tests", "purposes": [], "scopes": ["audit:read"]}
    assert answer.statements == ()


async def test_a_bad_request_touches_nothing_either(gate: Gate) -> None:
    for query, who in (
        ("{ customers(first: 101) { nodes { id } } }", BILLING),
        ("{ customers(first: -1) { nodes { id } } }", BILLING),
        ('{ customer(by: {id: "?"}) { id } }', BILLING),
        ("{ me { id } }", BILLING),
        ("{ nothing }", BILLING),
        ("{", BILLING),
        ("{ __schema { types { name } } }", BILLING),
        ("mutation { nothing }", BILLING),
        ("subscription { nothing }", BILLING),
    ):
        answer = await gate.ask(query, who)
        assert answer.statements == answer.key_statements == (), query
        assert answer.errors, query


async def test_a_remembered_refusal_belongs_to_its_grant_and_purpose(gate: Gate) -> None:
    """Refusals are remembered like plans; whoever may read is not refused because somebody else was."""
    network = grant(Purpose.EMERGENCY_CONTACT)
    told = [refused(await gate.ask(BY_ID, BILLING, variables={"id": gate.id(0)})) for _ in range(3)]
    assert told[0] == told[1] == told[2]
    answer = await gate.ask(BY_ID, network, variables={"id": gate.id(0)}, reference="INC-1")
    assert answer.data["customer"]["phone"]
    assert refused(await gate.ask(BY_ID, network, variables={"id": gate.id(0)}))["extensions"]["reason"] == (
        "REFERENCE_REQUIRED"
    )
    tried = await gate.ask(BY_ID, BILLING, variables={"id": gate.id(0)}, dry_run=True)
    assert tried.body["allowed"] is False  # A trial is answered as one.
    refused(await gate.ask(BY_ID, BILLING, variables={"id": gate.id(0)}))
