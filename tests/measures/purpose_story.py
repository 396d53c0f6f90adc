"""What must be true once the purpose of docs/architecture.md was added; run in the copy by test_add_a_purpose.py."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx

from audits.papers.record import record
from audits.papers.record_report import record_report
from audits.papers.registers import SCHEMA_ALONE
from gateway.oauth.endpoints.consent_words import plain
from tests.audits.papers import OURS, controller, notice_in
from tests.gateway.servers import Running, command, running

SENTENCE = "Remind the customer of open invoices."
CREATE = ["clients", "create", "reminders", "--kind", "tool", "--name", "Reminders", "--purpose", "PAYMENT_REMINDERS"]
ACCESSES = "query ($l: LanguageTag) { me { accesses(first: 20, language: $l) { nodes { client purpose why } } } }"


def ask(server: Running, token: str, query: str, **variables: Any) -> Any:
    headers = {"authorization": f"Bearer {token}"}
    body = {"query": query, "variables": variables}
    return httpx.post(f"{server.url}/graphql", json=body, headers=headers, timeout=60).json()


def accesses(server: Running, token: str, language: str) -> list[dict[str, Any]]:
    """Those of the new client that the customer sees; entries are shown a second or two after the reading."""
    for _ in range(120):
        nodes = ask(server, token, ACCESSES, l=language)["data"]["me"]["accesses"]["nodes"]
        if found := [each for each in nodes if each["client"] == "reminders"]:
            return found
        time.sleep(0.5)
    raise AssertionError("the reading is shown to nobody")


def test_a_client_reads_for_it_and_the_customer_sees_why(tmp_path: Path) -> None:
    with running(["-m", "gateway", "demo"], tmp_path) as server:
        tokens = {each["name"]: each["token"] for each in httpx.get(f"{server.url}/demo/tokens").json()["tokens"]}
        secret = command(CREATE, tmp_path, PORT=str(server.port)).stdout.strip()
        form = {"grant_type": "client_credentials"}
        granted = httpx.post(f"{server.url}/oauth/token", data=form, auth=("reminders", secret), timeout=60).json()
        assert granted["scope"] == "purpose:payment_reminders"
        read = ask(server, granted["access_token"], "{ customers(first: 3) { nodes { email } } }")
        assert all(each["email"] for each in read["data"]["customers"]["nodes"])
        (refused,) = ask(server, granted["access_token"], "{ customers(first: 3) { nodes { phone } } }")["errors"]
        assert refused["extensions"]["reason"] == "PURPOSE_NOT_ALLOWED"
        for language in ("EN", "FR"):
            (seen, *_) = accesses(server, tokens["customer"], language)
            assert (seen["purpose"], seen["why"]) == ("PAYMENT_REMINDERS", SENTENCE), "in English until translated"
        told = ask(server, tokens["customer"], '{ purposes(language: "fr") { name text } }')["data"]["purposes"]
        assert {"name": "PAYMENT_REMINDERS", "text": SENTENCE} in told


def test_the_notice_and_the_record_tell_its_sentence() -> None:
    papers = record_report(OURS, record(OURS, controller(), SCHEMA_ALONE)), notice_in("en"), notice_in("fr")
    assert all(SENTENCE in json.dumps(each.data, default=str) + repr(each.sections) for each in papers)
    assert papers[2].data["untranslated"] == ["Purpose.PAYMENT_REMINDERS.text"]


def test_a_page_that_asks_for_it_tells_its_sentence() -> None:
    assert plain("purpose:payment_reminders", "en") == plain("purpose:payment_reminders", "fr") == SENTENCE
