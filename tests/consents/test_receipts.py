"""Each consent can be taken along as a receipt (GDPR Art. 7(1); ISO/IEC TS 27560 by DPV's profile)."""

from __future__ import annotations

import json
import subprocess
import venv
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from click.testing import CliRunner, Result
from joserfc.jwk import OKPKey

from gateway.api.consent_receipts import ConsentReceipts
from gateway.cli import gateway
from gateway.http.problems import ProblemError
from policy.consents import CONSENT_KINDS
from policy.wordings import VERSION, WORDINGS, wording
from resolvers.consents.receipts import KINDS, receipt
from store.database.store import Store
from store.ledger.signing_keys import known_signers
from store.merkle.signed_note import NoteSigner
from store.sql.errors import StoreUnavailableError
from tests.ledger.paper import NEW
from tests.programs import needs
from tests.promises.gate import TODAY, Gate, own
from workers.certificates.certificates import Signers, signed

pytestmark = pytest.mark.anyio

TERMS = Path(__file__).parents[1] / "audits/data/dpv-2.3.txt"
MINE = "{ me { id consents { nodes { id kind state language wordingVersion source at } } } }"


class Door:
    """Lets in whom the test says."""

    def __init__(self, grant: Any) -> None:
        self.grant = grant

    async def authenticate_first_party(self, *_: Any) -> Any:
        return self.grant


@pytest.fixture
async def gate(store: Store) -> AsyncIterator[Gate]:
    gate = await Gate.of(store, 2)
    query = 'mutation { chooseCookies(input: {measurement: true, wordingVersion: "2026-01"}) { userErrors { code } } }'
    await gate.ask(query, own(gate.ids[0]))
    yield gate


async def signers() -> Sequence[NoteSigner]:
    return [NEW]


async def nobody() -> Sequence[NoteSigner]:
    return []


async def fetch(
    gate: Gate, id_: str, place: int = 0, *, accept: str = "*/*", by: Signers = signers
) -> httpx.Response | ProblemError:
    app = ConsentReceipts(Door(own(gate.ids[place])), gate.api, gate.clock, "https://data.example", by)  # type: ignore[arg-type]

    async def with_id(scope: Any, receive: Any, send: Any) -> None:
        await app({**scope, "path_params": {"id": id_}}, receive, send)

    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(with_id), base_url="http://x") as client:
            return await client.get("/", headers={"authorization": "Bearer x", "accept": accept})
    except ProblemError as problem:
        return problem


async def test_a_receipt_says_what_was_agreed_to_and_how_to_take_it_back(gate: Gate) -> None:
    me = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]
    consent = me["consents"]["nodes"][0]
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


async def test_a_signed_receipt_is_verified_offline_and_says_the_same(gate: Gate, tmp_path: Path) -> None:
    """By our command, and by a JOSE library's Ed25519 key over the text as RFC 8032 signs it; any change is seen."""
    id_ = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]["consents"]["nodes"][0]["id"]
    answer = await fetch(gate, id_, accept="text/plain")
    plain = await fetch(gate, id_)
    assert isinstance(answer, httpx.Response) and isinstance(plain, httpx.Response)
    assert answer.headers["content-type"].startswith("text/plain") and answer.headers["cache-control"] == "no-store"
    text, _, signature = answer.text.partition("\n\n")
    first, facts = text.split("\n")
    assert first == f"{NEW.name}/consents" and json.loads(facts)["receipt"] == plain.json()
    x = urlsafe_b64encode(NEW.verifier.public).decode().rstrip("=")
    key = OKPKey.import_key({"kty": "OKP", "crv": "Ed25519", "x": x})
    key.public_key.verify(b64decode(signature.strip().split(" ")[2])[4:], f"{text}\n".encode())  # type: ignore[union-attr]

    def verified(content: str) -> Result:
        (tmp_path / "receipt.txt").write_text(content)
        asked = ["consents", "verify", str(tmp_path / "receipt.txt"), "--key", str(NEW.verifier)]
        return CliRunner().invoke(gateway, asked)

    good = verified(answer.text)
    assert good.exit_code == 0 and "given on" in good.output and plain.json()["dct:identifier"] in good.output
    assert verified(answer.text.replace("ConsentGiven", "ConsentWithdrawn")).exit_code == 1
    certificate = verified(signed([NEW], {"version": 2, "type": "ERASURE_CERTIFICATE"}))
    assert certificate.exit_code == 1 and "no receipt of a consent" in certificate.output


async def test_before_the_ledger_has_a_key_nothing_is_signed(gate: Gate) -> None:
    id_ = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]["consents"]["nodes"][0]["id"]
    with pytest.raises(StoreUnavailableError):
        await fetch(gate, id_, accept="text/plain", by=nobody)
    assert await known_signers(gate.store.ledger_reader, gate.store.keys.system) == []


async def test_it_stands_in_the_ledger(gate: Gate) -> None:
    id_ = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]["consents"]["nodes"][0]["id"]
    before = len(await gate.entries())
    await fetch(gate, id_)
    assert "Consent.state" in (await gate.entries())[before]["fields"]


async def test_nobody_gets_anothers(gate: Gate) -> None:
    """D6."""
    id_ = (await gate.ask(MINE, own(gate.ids[0]))).data["me"]["consents"]["nodes"][0]["id"]
    for wrong, place in ((id_, 1), ("x", 0), (gate.id(0), 0)):
        answer = await fetch(gate, wrong, place)
        assert isinstance(answer, ProblemError) and answer.status == 404


def used(content: Any, found: set[str]) -> set[str]:
    """Every word of a receipt that claims to be a term of the vocabulary, as an address."""
    spaces = {"dpv": "https://w3id.org/dpv#", "pd": "https://w3id.org/dpv/pd#"}
    if isinstance(content, dict):
        for key, value in content.items():
            if key != "@context":
                used(key, found)
                used(value, found)
    elif isinstance(content, list):
        for each in content:
            used(each, found)
    elif isinstance(content, str) and content.partition(":")[0] in spaces:
        space, _, name = content.partition(":")
        found.add(spaces[space] + name)
    return found


async def receipts(gate: Gate) -> list[tuple[str, Any]]:
    """Those of every consent that there is, as they are answered."""
    found = []
    for place, id_ in enumerate(gate.ids):
        for consent in (await gate.ask(MINE, own(id_))).data["me"]["consents"]["nodes"]:
            answer = await fetch(gate, consent["id"], place)
            assert isinstance(answer, httpx.Response)
            found.append((consent["kind"], answer.json()))
    return found


async def test_every_term_is_one_of_the_vocabulary(gate: Gate) -> None:
    """Art. 7(1): of DPV 2.3, term by term; the answers of the running product, and every kind that there can be."""
    terms = set(TERMS.read_text("utf-8").split())
    found = await receipts(gate)
    assert "COOKIE_MEASUREMENT" in {kind for kind, _ in found}
    for kind in CONSENT_KINDS:
        consent = {"id": "x", "kind": kind, "state": "GIVEN", "language": "en", "wordingVersion": VERSION,
                   "source": "s", "at": "2026-01-01T00:00:00Z"}  # fmt: skip
        found.append((kind, receipt(consent, "c", "https://data.example", TODAY)))
    for kind, content in found:
        said = used(content, set())
        assert len(said) > 8 and said <= terms, (kind, said - terms)


@needs()
async def test_an_independent_reader_finds_only_terms(gate: Gate, tmp_path: Path) -> None:
    """By rdflib, in an environment of its own: whatever is no term of the vocabulary is told."""
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "rdflib==7.6.0"]
    subprocess.run(install, check=True, capture_output=True)  # noqa: ASYNC221  (nothing else runs)
    for number, (_, content) in enumerate(await receipts(gate)):
        path = tmp_path / f"{number}.jsonld"
        path.write_text(json.dumps(content), "utf-8")
        asked = [python, str(TERMS.parents[1] / "vocabulary_check.py"), "receipt", str(path), str(TERMS)]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: ASYNC221
        assert done.returncode == 0, done.stderr


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
