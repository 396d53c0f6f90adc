"""AuthZEN 1.0: other systems ask for decisions, and get those by which the API itself answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.oauth.relying import Relying

ONE, MANY = "/access/v1/evaluation", "/access/v1/evaluations"


def asked(client: str, field: str, purpose: str | None = None, **context: Any) -> dict[str, Any]:
    """The body of one request."""
    said = context | ({} if purpose is None else {"purpose": purpose})
    return {
        "subject": {"type": "client", "id": client},
        "action": {"name": "read"},
        "resource": {"type": "field", "id": field},
        "context": said,
    }


def ask(rp: Relying, body: Any, path: str = ONE, token: str | None = None, **headers: str) -> httpx.Response:
    """Ask as `billing`, which has `audit:read`."""
    sent = {"authorization": f"Bearer {token or rp.own_token()}"} | headers
    return rp.http.post(rp.url(path), json=body, headers=sent)


CASES = {
    ("billing", "Customer.fullName", "INVOICING"): (True, None),
    ("billing", "Customer.phone", "INVOICING"): (False, "PURPOSE_NOT_ALLOWED"),
    ("noc", "Customer.phone", "EMERGENCY_CONTACT"): (False, "REFERENCE_REQUIRED"),
    ("noc", "Customer.phone", None): (False, "PURPOSE_REQUIRED"),
    ("billing", "Customer.phone", "EMERGENCY_CONTACT"): (False, "PURPOSE_NOT_GRANTED"),
    ("phone", "Customer.phone", "SELF_SERVICE"): (True, None),
    ("guest", "Customer.phone", "SELF_SERVICE"): (True, None),
    ("guest", "Customer.email", "SELF_SERVICE"): (False, "SCOPE_MISSING"),
    ("guest", "Customer.credentials", "SELF_SERVICE"): (False, "FIRST_PARTY_ONLY"),
    ("billing", "Customer.nothing", "INVOICING"): (False, "UNDECLARED"),
    ("billing", "nothing", "INVOICING"): (False, "UNDECLARED"),
    ("no-client", "Customer.phone", "INVOICING"): (False, "CLIENT_UNKNOWN"),
}


def test_decisions_are_those_of_the_api(lone: Relying) -> None:
    """The same function, from the registration of the client."""
    for (client, field, purpose), (decision, reason) in CASES.items():
        answer = ask(lone, asked(client, field, purpose))
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["decision"], found.get("context", {}).get("reason")) == (decision, reason), (client, field)
    told = ask(lone, asked("billing", "Customer.phone", "INVOICING")).json()["context"]
    assert "EMERGENCY_CONTACT" in told["allowed_purposes"]


def test_a_decision_and_an_answer_agree(lone: Relying) -> None:
    """What is decided here is what /graphql does, for the same client and purpose."""
    token = lone.own_token()
    for field in ("fullName", "email", "phone", "locale", "createdAt"):
        decision = ask(lone, asked("billing", f"Customer.{field}", "INVOICING"), token=token).json()["decision"]
        query = {"query": f'{{ customer(by: {{id: "{lone.site.customer(0)}"}}) {{ {field} }} }}'}
        headers = {"authorization": f"Bearer {token}", "purpose": "INVOICING"}
        answer = lone.http.post(lone.url("/graphql"), json=query, headers=headers).json()
        assert decision is ("errors" not in answer), (field, answer)


def test_about_others_only_with_audit_read(lone: Relying) -> None:
    own = lone.own_token("noc")
    assert ask(lone, asked("noc", "Customer.phone", "EMERGENCY_CONTACT", reference="INC-4711"), token=own).json() == {
        "decision": True
    }
    refused = ask(lone, asked("billing", "Customer.fullName", "INVOICING"), token=own)
    assert refused.status_code == 403 and 'scope="audit:read"' in refused.headers["www-authenticate"]
    mixed = {"evaluations": [asked("noc", "Customer.phone"), asked("no-client", "Customer.phone")]}
    assert ask(lone, mixed, MANY, token=own).status_code == 403
    assert lone.http.post(lone.url(ONE), json=asked("noc", "Customer.phone")).status_code == 401


def test_several_at_once_share_what_is_said_once(lone: Relying) -> None:
    """AuthZEN 1.0 §7: defaults and semantics."""
    common = asked("billing", "Customer.fullName", "INVOICING")
    fields = [{"resource": {"type": "field", "id": f"Customer.{name}"}} for name in ("phone", "fullName", "email")]
    answers = ask(lone, common | {"evaluations": fields}, MANY).json()["evaluations"]
    assert [each["decision"] for each in answers][:2] == [False, True] and len(answers) == 3
    for semantic, count in (("deny_on_first_deny", 1), ("permit_on_first_permit", 2), ("execute_all", 3)):
        body = common | {"evaluations": fields, "options": {"evaluations_semantic": semantic}}
        assert len(ask(lone, body, MANY).json()["evaluations"]) == count, semantic


def test_the_shape_of_the_interoperability_requests(lone: Relying) -> None:
    """The request's own id comes back, further members are let be, and the metadata says where to ask."""
    body = asked("billing", "Customer.fullName", "INVOICING")
    body["subject"]["properties"] = {"department": "Sales"}
    answer = ask(lone, body, **{"x-request-id": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"})
    assert answer.json() == {"decision": True}
    assert answer.headers["x-request-id"] == "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
    assert answer.headers["content-type"] == "application/json" and answer.headers["cache-control"] == "no-store"
    said = lone.http.get(lone.url("/.well-known/authzen-configuration")).json()
    assert said["policy_decision_point"] == lone.site.issuer
    assert said["access_evaluation_endpoint"] == f"{lone.site.issuer}{ONE}"
    assert said["access_evaluations_endpoint"] == f"{lone.site.issuer}{MANY}"


RIGHT = asked("billing", "Customer.fullName", "INVOICING")


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        RIGHT | {"subject": {"type": "user", "id": "billing"}},
        RIGHT | {"subject": {"type": "client", "id": ""}},
        RIGHT | {"subject": {"type": "client"}},
        RIGHT | {"action": {"name": "can_delete"}},
        RIGHT | {"action": "read"},
        RIGHT | {"resource": {"type": "todo", "id": "1"}},
        RIGHT | {"context": {"purpose": "NONSENSE"}},
        RIGHT | {"context": {"purpose": "INVOICING", "reference": 7}},
        RIGHT | {"context": []},
    ],
)
def test_what_is_no_request_is_400_and_repeats_nothing(lone: Relying, body: Any) -> None:
    answer = ask(lone, body)
    assert answer.status_code == 400 and "NONSENSE" not in answer.text and "can_delete" not in answer.text
    assert ask(lone, {"evaluations": []}, MANY).status_code == 400


def test_a_reference_is_asked_for_where_the_purpose_does(lone: Relying) -> None:
    answer = ask(lone, asked("billing", "Customer.fullName", "INVOICING", reference="somebody@example.org")).json()
    assert (answer["decision"], answer["context"]["reason"]) == (False, "REFERENCE_MALFORMED")
