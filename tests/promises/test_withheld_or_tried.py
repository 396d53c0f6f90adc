"""Two ways of adopting purposes gently: fields withheld and listed, and a trial that reads nothing (rule 4)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import Gate, grant

pytestmark = pytest.mark.anyio

LENIENT = grant(Purpose.INVOICING, withhold=True)
STRICT = grant(Purpose.INVOICING)
MIXED = """query ($id: ID!) {
  customer(by: {id: $id}) { fullName phone productNews postalAddress { city } signIns { nodes { ipAddress } } }
}"""
PHONE = {
    "reason": "PURPOSE_NOT_ALLOWED",
    "coordinate": "Customer.phone",
    "purpose": "INVOICING",
    "allowedPurposes": ["EMERGENCY_CONTACT", "SELF_SERVICE"],
}


async def test_refused_fields_are_null_and_listed(gate: Gate) -> None:
    answer = await gate.ask(MIXED, LENIENT, variables={"id": gate.id(0)})
    found = answer.data["customer"]
    assert found.pop("fullName") and found.pop("postalAddress")["city"]
    assert found == {"phone": None, "productNews": None, "signIns": None}
    withheld = answer.body["extensions"]["withheld"]
    assert PHONE in withheld
    assert [each["coordinate"] for each in withheld] == [
        "Customer.phone", "Customer.productNews", "Customer.signIns", "SignIn.ipAddress",
    ]  # fmt: skip
    assert len(answer.statements) == 1, "what is below a withheld field is not read"
    assert "phone" not in answer.statements[0] and "product_news" not in answer.statements[0]


async def test_what_is_withheld_reads_alike_for_existing_and_missing_customers(gate: Gate) -> None:
    query = "query ($id: ID!) { customer(by: {id: $id}) { phone } }"
    missing = await gate.ask(query, LENIENT, variables={"id": gate.outside("Customer", 5, 5)})
    assert missing.data == {"customer": None}
    assert missing.body["extensions"]["withheld"] == [PHONE]


async def test_an_argument_cannot_be_withheld(gate: Gate) -> None:
    """Leaving it out would answer another question."""
    who = grant(Purpose.EMERGENCY_CONTACT, withhold=True)
    query = "query ($by: CustomerBy!) { customer(by: $by) { fullName } }"
    literal = "{ customer(by: {email: %s}) { fullName } }"
    for mail in (gate.people[0].email, "nobody@example.org"):
        for answer in (
            await gate.ask(query, who, variables={"by": {"email": mail}}, reference="INC-1"),
            await gate.ask(literal % f'"{mail}"', who, reference="INC-1"),
        ):
            assert answer.kind is RequestOutcome.REFUSED
            assert [each["coordinate"] for each in answer.errors] == ["CustomerBy.email"]
            assert answer.statements == ()


async def test_without_a_purpose_nothing_is_withheld_but_all_is_refused(gate: Gate) -> None:
    for who in (grant(withhold=True), grant(Purpose.INVOICING, Purpose.ERASURE, withhold=True)):
        answer = await gate.ask("{ customers { nodes { id } } }", who)
        assert (answer.kind, answer.codes) == (RequestOutcome.REFUSED, ["PURPOSE_REFUSED"])


async def test_a_withheld_root_reads_nothing(gate: Gate) -> None:
    answer = await gate.ask("{ customers { nodes { fullName } } }", grant(Purpose.COOKIE_MEASUREMENT, withhold=True))
    assert answer.data == {"customers": None}
    assert answer.statements == answer.key_statements == () and not answer.personal


async def dry(gate: Gate, query: str, who: Any, **request: Any) -> dict[str, Any]:
    """The report of a trial, which reads nothing and records nothing."""
    before = len(await gate.entries())
    answer = await gate.ask(query, who, dry_run=True, **request)
    assert answer.kind is RequestOutcome.OK and not answer.personal
    assert answer.statements == answer.key_statements == ()
    assert len(await gate.entries()) == before
    assert answer.body.keys().isdisjoint({"data", "errors"})
    return answer.body


async def test_a_trial_of_what_is_allowed_names_fields_and_columns(gate: Gate) -> None:
    told = await dry(
        gate, "query ($id: ID!) { customer(by: {id: $id}) { fullName email } }", STRICT, variables={"id": gate.id(0)}
    )
    assert told["allowed"] is True and told["refused"] == told["withheld"] == []
    assert told["purpose"] == "INVOICING"
    assert told["fields"] == ["Query.customer", "Customer.fullName", "Customer.email"]
    assert sorted(told["columns"]) == ["customers.email", "customers.name"]


async def test_a_trial_of_what_is_refused_tells_what_would_be(gate: Gate) -> None:
    real = await gate.ask(MIXED, STRICT, variables={"id": gate.id(0)})
    told = await dry(gate, MIXED, STRICT, variables={"id": gate.id(0)})
    assert told["allowed"] is False
    assert told["refused"] == real.body["errors"]
    assert told["fields"] == told["columns"] == []


async def test_a_trial_tells_what_would_be_withheld(gate: Gate) -> None:
    told = await dry(gate, MIXED, LENIENT, variables={"id": gate.id(0)})
    assert told["allowed"] is True and PHONE in told["withheld"]
    assert "Customer.phone" not in told["fields"] and "customers.phone" not in told["columns"]


async def test_a_trial_tells_of_inputs_and_purposes_too(gate: Gate) -> None:
    query = "query ($by: CustomerBy!) { customer(by: $by) { fullName } }"
    who = grant(Purpose.EMERGENCY_CONTACT)
    told = await dry(gate, query, who, variables={"by": {"email": "a@example.com"}}, reference="INC-1")
    assert told["allowed"] is False
    assert told["refused"][0]["extensions"]["coordinate"] == "CustomerBy.email"
    told = await dry(gate, query, who, variables={"by": {"domain": "example.com"}})
    assert told["refused"][0]["extensions"]["reason"] == "REFERENCE_REQUIRED"
    assert "example.com" not in str(told)


async def test_no_extension_makes_it_a_trial(gate: Gate) -> None:
    """A trial has an address of its own: its report is no GraphQL response."""
    for extensions in ({"dryRun": True}, {"dryRun": False}, {}, None):
        answer = await gate.ask("{ customers(first: 1) { nodes { id } } }", STRICT, extensions=extensions)
        assert answer.data["customers"]["nodes"]
