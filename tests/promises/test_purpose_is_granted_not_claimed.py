"""One purpose per operation, out of those that the token has; stating one never adds one (DESIGN §2 rule 2)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import Gate, grant

pytestmark = pytest.mark.anyio

TWO = grant(Purpose.INVOICING, Purpose.EMERGENCY_CONTACT)
NAMES = "{ customers(first: 1) { nodes { fullName } } }"
PHONES = "{ customers(first: 1) { nodes { phone } } }"
HEADER: dict[str, Any] = {"purpose": "EMERGENCY_CONTACT", "reference": "INC-4711"}


async def purpose_of(gate: Gate, query: str, who: Any = TWO, **request: Any) -> str:
    """The purpose under which an operation was recorded."""
    answer = await gate.ask(query, who, **request)
    assert answer.data["customers"]["nodes"], answer.raw
    return (await gate.entries())[-1]["purpose"]


async def test_with_one_purpose_nothing_need_be_said(gate: Gate) -> None:
    assert await purpose_of(gate, NAMES, grant(Purpose.INVOICING)) == "INVOICING"


async def test_with_several_the_operation_states_one(gate: Gate) -> None:
    assert await purpose_of(gate, f"query @for(purpose: INVOICING) {NAMES}") == "INVOICING"
    assert await purpose_of(gate, NAMES, purpose="INVOICING") == "INVOICING"
    assert await purpose_of(gate, PHONES, **HEADER) == "EMERGENCY_CONTACT"
    stated = f'query @for(purpose: EMERGENCY_CONTACT, reference: "INC-4711") {PHONES}'
    assert await purpose_of(gate, stated) == "EMERGENCY_CONTACT"
    assert await purpose_of(gate, stated, **HEADER) == "EMERGENCY_CONTACT", "both may say the same"


async def test_not_stating_one_is_told_how_to(gate: Gate) -> None:
    answer = await gate.ask(NAMES, TWO)
    assert answer.errors == [
        {"code": "PURPOSE_REFUSED", "reason": "PURPOSE_REQUIRED", "allowedPurposes": ["INVOICING", "EMERGENCY_CONTACT"]}
    ]
    assert "@for(purpose: …)" in answer.body["errors"][0]["message"]


@pytest.mark.parametrize("purpose", [each.name for each in Purpose])
async def test_stating_a_purpose_never_adds_it(gate: Gate, purpose: str) -> None:
    for who in (grant(Purpose.ERASURE), TWO):
        if Purpose[purpose] in who.purposes:
            continue
        for request in (
            {"query": NAMES, "purpose": purpose, "reference": "INC-1"},
            {"query": f'query @for(purpose: {purpose}, reference: "INC-1") {NAMES}'},
        ):
            answer = await gate.ask(request.pop("query"), who, **request)
            assert answer.kind is RequestOutcome.REFUSED
            assert answer.errors[0]["reason"] == "PURPOSE_NOT_GRANTED"
            assert answer.statements == ()


@pytest.mark.parametrize(
    ("query", "request_"),
    [
        (f"query @for(purpose: INVOICING) {NAMES}", {"purpose": "EMERGENCY_CONTACT", "reference": "INC-1"}),
        (f'query @for(purpose: EMERGENCY_CONTACT, reference: "INC-1") {PHONES}', {"reference": "INC-2"}),
        (NAMES, {"purpose": "EVERYTHING"}),
        (NAMES, {"purpose": "invoicing"}),
        (NAMES, {"purpose": ""}),
        (NAMES, {"purpose": "__class__"}),
        (f"query ($p: Purpose!) @for(purpose: $p) {NAMES}", {"variables": {"p": "INVOICING"}}),
        (f"query ($p: Purpose! = INVOICING) @for(purpose: $p) {NAMES}", {}),
    ],
)
async def test_contradictions_and_unknown_purposes_are_bad_requests(
    gate: Gate, query: str, request_: dict[str, Any]
) -> None:
    answer = await gate.ask(query, TWO, **request_)
    assert (answer.kind, answer.codes) == (RequestOutcome.REQUEST_ERROR, ["BAD_REQUEST"])
    assert answer.statements == ()


@pytest.mark.parametrize(
    "query",
    [
        f"query @for(purpose: EVERYTHING) {NAMES}",
        f'query @for(purpose: "INVOICING") {NAMES}',
        f"query @for(purpose: null) {NAMES}",
        f"query @for {NAMES}",
        f"query @for(purpose: INVOICING) @for(purpose: EMERGENCY_CONTACT) {NAMES}",
        "{ customers @for(purpose: INVOICING) { nodes { fullName } } }",
        "{ ...F } fragment F on Query @for(purpose: INVOICING) { customers { nodes { fullName } } }",
        f"query @for(purpose: INVOICING, reference: 4711) {NAMES}",
    ],
)
async def test_a_malformed_statement_is_not_valid(gate: Gate, query: str) -> None:
    answer = await gate.ask(query, TWO)
    assert answer.kind is RequestOutcome.REQUEST_ERROR
    assert set(answer.codes) == {"GRAPHQL_VALIDATION_FAILED"}


async def test_a_reference_may_be_a_variable(gate: Gate) -> None:
    """So that a trusted document can be sent for each case."""
    query = f"query ($case: String) @for(purpose: EMERGENCY_CONTACT, reference: $case) {PHONES}"
    assert await purpose_of(gate, query, variables={"case": "INC-7"}) == "EMERGENCY_CONTACT"
    assert (await gate.entries())[-1]["reference"] == "INC-7"
    assert await purpose_of(gate, query, variables={"case": "INC-8"}) == "EMERGENCY_CONTACT"
    assert (await gate.entries())[-1]["reference"] == "INC-8", "the first one is not remembered"
    for variables in ({}, {"case": None}, {"case": ""}):
        assert (await gate.ask(query, TWO, variables=variables)).errors[0]["reason"] == "REFERENCE_REQUIRED"
    default = query.replace("$case: String", '$case: String = "INC-9"')
    assert await purpose_of(gate, default) == "EMERGENCY_CONTACT"
    assert (await gate.entries())[-1]["reference"] == "INC-9"
    assert (await gate.ask(default, TWO, variables={"case": None})).errors[0]["reason"] == "REFERENCE_REQUIRED"


@pytest.mark.parametrize(
    "reference",
    [
        "jean.dupont@example.com", "Jean Dupont", "+41 79 123 45 67", "called the customer", "INC 4711", "INC-",
        "-4711", "4711", "INC-4711\n", "TEL-41210005905", "A-1-2",
         "ＩＮＣ-4711", "INC-" + "1" * 49, "é-1", "INC-4711;DROP", "a", "INC",
    ],
)  # fmt: skip
async def test_a_reference_has_no_room_for_personal_data(gate: Gate, reference: str) -> None:
    before = len(await gate.entries())
    for request in (
        {"reference": reference},
        {"purpose": "EMERGENCY_CONTACT", "reference": reference},
    ):
        answer = await gate.ask(PHONES, grant(Purpose.EMERGENCY_CONTACT), **request)
        assert answer.errors[0]["reason"] == "REFERENCE_MALFORMED"
        assert answer.errors[0]["expected"] == "[A-Za-z]{1,16}-[0-9]{1,7}", "what is expected, never what was sent"
        assert reference not in answer.raw.decode().replace("such as INC-4711", "") or len(reference) < 3
        assert answer.statements == ()
    assert len(await gate.entries()) == before


@pytest.mark.parametrize("reference", ["INC-4711", "case-2026", "a-1", "INC-1234567"])
async def test_case_numbers_are_references(gate: Gate, reference: str) -> None:
    await purpose_of(gate, PHONES, grant(Purpose.EMERGENCY_CONTACT), reference=reference)
    assert (await gate.entries())[-1]["reference"] == reference


async def test_the_schema_lists_what_may_be_stated(gate: Gate) -> None:
    query = '{ __type(name: "Purpose") { enumValues { name description } } }'
    answer = await gate.ask(query, grant(introspection=True))
    listed = {each["name"]: each["description"] for each in answer.data["__type"]["enumValues"]}
    assert listed == {each.name: each.why for each in Purpose}
