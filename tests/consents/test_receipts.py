"""Each consent can be taken along as a receipt (GDPR Art. 7(1); ISO/IEC TS 27560 by DPV's profile)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from gateway.consent_receipts import KINDS, ConsentReceipts, receipt
from gateway.problems import Problem
from policy.wordings import VERSION, WORDINGS, wording
from store.consents import CONSENT_KINDS
from store.database import Store
from tests.promises.gate import TODAY, Gate, own

pytestmark = pytest.mark.anyio

MINE = "{ me { id consents { id kind state language wordingVersion source at } } }"


class Door:
    """Lets in whom the test says."""

    def __init__(self, grant: Any) -> None:
        self.grant = grant

    async def admit_first_party(self, *_: Any) -> Any:
        return self.grant


@pytest.fixture
async def gate(store: Store) -> AsyncIterator[Gate]:
    gate = await Gate.of(store, 2)
    query = 'mutation { chooseCookies(input: {measurement: true, wordingVersion: "2026-01"}) { userErrors { code } } }'
    await gate.ask(query, own(gate.ids[0]))
    yield gate


async def fetch(gate: Gate, id_: str, place: int = 0) -> httpx.Response | Problem:
    app = ConsentReceipts(Door(own(gate.ids[place])), gate.api, gate.clock, "https://data.example")  # type: ignore[arg-type]

    async def with_id(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "path_params": {"id": id_}}, receive, send)

    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(with_id), base_url="http://x") as client:
            return await client.get("/", headers={"authorization": "Bearer x"})
    except Problem as problem:
        return problem


async def test_a_receipt_says_what_was_agreed_to_and_how_to_take_it_back(gate: Gate) -> None:
    me = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]
    consent = me["consents"][0]
    answer = await fetch(gate, consent["id"])
    assert isinstance(answer, httpx.Response) and answer.headers["content-type"] == "application/ld+json"
    found = answer.json()
    assert (
        found["dpv:hasConsentStatus"] == {"@id": "dpv:ConsentGiven"} and found["dpv:isIndicatedAtTime"] == consent["at"]
    )
    shown = wording("COOKIE_MEASUREMENT", consent["language"])
    assert found["dpv:hasNotice"] == {
        "dct:language": shown.language, "dct:hasVersion": VERSION, "dct:description": shown.text,
    }  # fmt: skip
    assert found["dpv:hasDataSubject"] == me["id"] and "chooseCookies" in found["withdrawal"]
    assert UUID(found["dct:identifier"])
    again = await fetch(gate, consent["id"])
    assert isinstance(again, httpx.Response) and again.json()["dct:identifier"] == found["dct:identifier"]


async def test_it_stands_in_the_ledger(gate: Gate) -> None:
    id_ = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]["consents"][0]["id"]
    before = len(await gate.entries())
    await fetch(gate, id_)
    assert "Consent.state" in (await gate.entries())[before]["fields"]


async def test_nobody_gets_anothers(gate: Gate) -> None:
    """D6."""
    id_ = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]["consents"][0]["id"]
    for wrong, place in ((id_, 1), ("x", 0), (gate.id(0), 0)):
        answer = await fetch(gate, wrong, place)
        assert isinstance(answer, Problem) and answer.status == 404


@pytest.mark.parametrize("kind", CONSENT_KINDS)
def test_every_kind_has_its_words(kind: str) -> None:
    assert kind in KINDS and kind in WORDINGS
    consent = {
        "id": "x", "kind": kind, "state": "WITHDRAWN", "language": "fr", "wordingVersion": "2019-01",
        "source": "s", "at": "2019-01-01T00:00:00Z",
    }  # fmt: skip
    found = receipt(consent, "c", "https://data.example", TODAY)
    assert found["dpv:hasConsentStatus"] == {"@id": "dpv:ConsentWithdrawn"}
    assert found["dpv:hasNotice"]["dct:description"] is None, "an older sentence is known by its version and hash only"
