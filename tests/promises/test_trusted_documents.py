"""A client that is registered for trusted documents sends nothing else, and not for another purpose (G6)."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import delete, insert

from policy.grant import Grant
from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from store.registers.clients import clients, documents
from tests.promises.gate import TODAY, Gate, grant

pytestmark = pytest.mark.anyio

BOUND = grant(Purpose.INVOICING, Purpose.SERVICE_COMMUNICATION, documents_only=True, client="bound")
ONE = grant(Purpose.INVOICING, documents_only=True, client="bound")
NAMES = "{ customers(first: 1) { nodes { fullName } } }"
MAILS = "{ customers(first: 1) { nodes { email } } }"


def hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()


async def trust(gate: Gate, client: str, *texts: str, purpose: Purpose | None = None) -> None:
    """Register documents, for a client made when it is new."""
    row = {
        "id": client, "name": client, "purposes": "[]", "scopes": "[]", "refusal": "REFUSE", "documents_only": True,
        "introspection": False, "max_page": 50, "created_at": TODAY,
    }  # fmt: skip
    async with gate.store.write() as connection:
        await connection.execute(delete(documents).where(documents.c.client_id == client))
        await connection.execute(delete(clients).where(clients.c.id == client))
        await connection.execute(insert(clients).values(row))
        for text in texts:
            name = purpose.name if purpose else None
            of = {"client_id": client, "hash": hashed(text), "text": text, "purpose": name, "registered_at": TODAY}
            await connection.execute(insert(documents).values(of))


async def code(gate: Gate, query: str | None, who: Grant, **request: Any) -> str:
    """The only error's code, of a request that did not touch the customers."""
    answer = await gate.ask(query, who, **request)
    (found,) = answer.codes
    assert not any("FROM customers" in sql for sql in answer.statements)
    return found


async def test_a_registered_document_is_sent_by_hash_or_text(changing: Gate) -> None:
    await trust(changing, "bound", NAMES)
    for query, document_id in (
        (None, hashed(NAMES)), (None, "sha256:" + hashed(NAMES)), (NAMES, hashed(NAMES)), (NAMES, None),
    ):  # fmt: skip
        assert (await changing.ask(query, ONE, document_id=document_id)).data["customers"]["nodes"]


async def test_any_other_text_is_refused(changing: Gate) -> None:
    await trust(changing, "bound", NAMES)
    assert await code(changing, MAILS, ONE) == "PERSISTED_DOCUMENT_REQUIRED"
    assert await code(changing, NAMES + " ", ONE) == "PERSISTED_DOCUMENT_REQUIRED", "not even by a blank"
    assert await code(changing, MAILS, ONE, document_id=hashed(NAMES)) == "PERSISTED_DOCUMENT_MISMATCH"
    assert await code(changing, MAILS, ONE, document_id=hashed(MAILS)) == "PERSISTED_DOCUMENT_REQUIRED"
    assert await code(changing, "{ grant { client } }", ONE) == "PERSISTED_DOCUMENT_REQUIRED"
    assert await code(changing, "{ syntax", ONE) == "PERSISTED_DOCUMENT_REQUIRED"
    answer = await changing.ask(MAILS, ONE)
    assert answer.kind is RequestOutcome.REFUSED


@pytest.mark.parametrize(
    "id_", ["0" * 64, "sha256:" + "f" * 64, "%", "' OR 1=1 --", "sha256:", "SHA256:" + hashed(NAMES)]
)
async def test_an_unknown_hash_is_not_found(changing: Gate, id_: str) -> None:
    await trust(changing, "bound", NAMES)
    for who in (ONE, grant(Purpose.INVOICING, client="bound")):
        assert await code(changing, None, who, document_id=id_) in ("PERSISTED_DOCUMENT_NOT_FOUND", "BAD_REQUEST")


async def test_documents_belong_to_their_client(changing: Gate) -> None:
    await trust(changing, "bound", NAMES)
    await trust(changing, "other", MAILS)
    assert await code(changing, None, ONE, document_id=hashed(MAILS)) == "PERSISTED_DOCUMENT_NOT_FOUND"
    assert await code(changing, MAILS, ONE) == "PERSISTED_DOCUMENT_REQUIRED"


async def test_hash_and_text_must_agree_for_everybody(gate: Gate) -> None:
    free = grant(Purpose.INVOICING)
    assert await code(gate, MAILS, free, document_id=hashed(NAMES)) == "PERSISTED_DOCUMENT_MISMATCH"
    assert (await gate.ask(MAILS, free, document_id=hashed(MAILS))).data, "a free client may ask what it likes"
    assert await code(gate, None, free) == "BAD_REQUEST"
    assert await code(gate, None, free, document_id="sha256:") == "BAD_REQUEST"


async def test_the_document_brings_its_purpose(changing: Gate) -> None:
    """Registered for one purpose, it runs for that one: with several in the token nothing need be said."""
    await trust(changing, "bound", NAMES, purpose=Purpose.INVOICING)
    answer = await changing.ask(None, BOUND, document_id=hashed(NAMES))
    assert answer.data["customers"]["nodes"]
    assert (await changing.entries())[-1]["purpose"] == "INVOICING"
    assert (await changing.ask(None, BOUND, document_id=hashed(NAMES), purpose="INVOICING")).data
    stated = await changing.ask(None, BOUND, document_id=hashed(NAMES), purpose="SERVICE_COMMUNICATION")
    assert stated.errors[0]["reason"] == "DOCUMENT_PURPOSE_MISMATCH"
    assert stated.errors[0]["allowedPurposes"] == ["INVOICING"]


async def test_the_document_adds_no_purpose_to_the_token(changing: Gate) -> None:
    await trust(changing, "bound", NAMES, purpose=Purpose.ERASURE)
    answer = await changing.ask(None, BOUND, document_id=hashed(NAMES))
    assert answer.errors[0]["reason"] == "PURPOSE_NOT_GRANTED"
    assert answer.kind is RequestOutcome.REFUSED


async def test_one_document_two_purposes_are_not_mixed_up(changing: Gate) -> None:
    """The memory of settled requests must not lend one client's registration to another."""
    await trust(changing, "bound", NAMES, purpose=Purpose.INVOICING)
    await trust(changing, "other", NAMES, purpose=Purpose.SERVICE_COMMUNICATION)
    other = grant(Purpose.INVOICING, Purpose.SERVICE_COMMUNICATION, documents_only=True, client="other")
    for _ in range(2):
        for who, purpose in ((BOUND, "INVOICING"), (other, "SERVICE_COMMUNICATION")):
            assert (await changing.ask(None, who, document_id=hashed(NAMES))).data
            entry = (await changing.entries())[-1]
            assert (entry["client"], entry["purpose"]) == (who.client_id, purpose)


async def test_a_trusted_document_that_over_reaches_is_refused_all_the_same(changing: Gate) -> None:
    text = "{ customers { nodes { phone } } }"
    await trust(changing, "bound", text, purpose=Purpose.INVOICING)
    answer = await changing.ask(None, BOUND, document_id=hashed(text))
    assert [each["coordinate"] for each in answer.errors] == ["Customer.phone"]
