"""(D1) A reference to a case goes into the ledger: it has the operator's pattern, and is nobody's number or address."""

from __future__ import annotations

import time
from typing import Any

import pytest

from policy.purposes import Purpose
from policy.references import Pattern
from resolvers.events.references import may_be_personal, read_references
from resolvers.legal.orders import is_order_number
from schema.api.api import Api
from tests.promises.gate import PATIENT, Gate, grant

pytestmark = pytest.mark.anyio

PHONES = "{ customers(first: 1) { nodes { phone } } }"
NOC = grant(Purpose.EMERGENCY_CONTACT)
PERSONAL = (
    "TEL-41210005905", "TEL-0041210005905", "T4-12-10-00-59-05", "X-791234567", "TEL-49301234567", "INC-123456789",
    "a@b.example", "INC-a@b.example",
)  # fmt: skip


def roads(reference: str) -> list[tuple[str, dict[str, Any]]]:
    """Every way in which a reference comes: a header, the directive, a variable of it, and that one's default."""
    begin = "@for(purpose: EMERGENCY_CONTACT, reference:"
    return [
        (PHONES, {"reference": reference}),
        (f'query {begin} "{reference}") {PHONES}', {}),
        (f"query ($r: String) {begin} $r) {PHONES}", {"variables": {"r": reference}}),
        (f'query ($r: String = "{reference}") {begin} $r) {PHONES}', {}),
    ]


@pytest.mark.parametrize("reference", PERSONAL)
async def test_what_may_be_a_telephone_number_or_an_address_enters_by_no_road(gate: Gate, reference: str) -> None:
    """Also where the operator's pattern would let it in; the refusal shows the pattern, and not the value."""
    loose = "[A-Za-z0-9-]{1,40}"
    wide = Api(gate.store, PATIENT, clock=gate.clock, references=read_references(f'{{"EMERGENCY_CONTACT": "{loose}"}}'))
    before = len(await gate.entries())
    usual = gate.api
    for api, expected in ((usual, "[A-Za-z]{1,16}-[0-9]{1,7}"), (wide, loose)):
        gate.api = api
        try:
            for query, request in roads(reference):
                answer = await gate.ask(query, NOC, **request)
                assert [each["reason"] for each in answer.errors] == ["REFERENCE_MALFORMED"], answer.raw
                assert answer.errors[0]["expected"] == expected and expected in answer.raw.decode()
                assert reference not in answer.raw.decode() and answer.statements == ()
        finally:
            gate.api = usual
    assert len(await gate.entries()) == before


async def test_each_purpose_has_the_pattern_that_the_operator_set(gate: Gate) -> None:
    references = read_references('{"EMERGENCY_CONTACT": "NOC/[0-9]{4}", "*": "CASE-[0-9]{1,5}"}')
    usual, gate.api = gate.api, Api(gate.store, PATIENT, clock=gate.clock, references=references)
    try:
        assert (await gate.ask(PHONES, NOC, reference="NOC/4711")).data
        assert (await gate.entries())[-1]["reference"] == "NOC/4711"
        assert (await gate.ask(PHONES, NOC, reference="INC-4711")).errors[0]["expected"] == "NOC/[0-9]{4}"
        assert (await gate.ask(PHONES, NOC)).errors[0]["expected"] == "NOC/[0-9]{4}"
        names = "{ customers(first: 1) { nodes { fullName } } }"
        assert (await gate.ask(names, grant(Purpose.INVOICING), reference="CASE-1")).data
        other = await gate.ask(names, grant(Purpose.INVOICING), reference="NOC/4711")
        assert other.errors[0]["expected"] == "CASE-[0-9]{1,5}"
    finally:
        gate.api = usual


@pytest.mark.parametrize(
    "text",
    ["", "(a+)+", "a*", "[a-z", "[]", "a{3,1}", "[0-9]{65}", "a{1,64}b", "\\d", "a|b", "[z-a]", "é", "[^a]"],
)
def test_a_pattern_that_is_none_stops_the_start(text: str) -> None:
    with pytest.raises(ValueError, match=r"pattern|signs|at least"):
        Pattern.parse(text)


@pytest.mark.parametrize("text", ["[]", "{", '{"EVERYTHING": "A"}', '{"*": 7}', '{"*": "(a+)+"}'])
def test_a_setting_that_cannot_be_read_says_so(text: str) -> None:
    with pytest.raises(ValueError, match=r"JSON|purpose|pattern"):
        read_references(text)


def test_no_pattern_backtracks() -> None:
    """(G12) Parts that overlap give nothing back, and what is too long is not looked at."""
    pattern = Pattern.parse("[a-z]{1,20}" * 3 + "-")
    begun = time.process_time()
    for _ in range(1_000):
        assert not pattern.compiled.fullmatch("a" * 60)
    assert time.process_time() - begun < 0.5


def test_what_is_a_telephone_number_is_told_by_the_rules_of_its_country() -> None:
    assert may_be_personal("T-4930123456") and may_be_personal("T-29022345") and may_be_personal("x@y")
    assert not may_be_personal("INC-4711") and not may_be_personal("4 O 123/26") and not may_be_personal("INC-1234567")


def test_the_number_of_an_order_is_nobodys_either() -> None:
    """What `gateway legal file` and `gateway erasures hold` take; the first of them goes into the ledger."""
    for reference in (*PERSONAL, "Jean Dupont", "", "x"):
        assert not is_order_number(reference)
    for reference in ("LG 4 O 123/26", "1 BvR 1234/26", "LEG-7", "2026:77"):
        assert is_order_number(reference)
