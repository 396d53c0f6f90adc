"""Checkpoints, keys and proofs over HTTP: for everyone, without personal data, and never ahead of what was signed."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.routing import Router

from gateway.api import transparency
from gateway.api.transparency import list_routes
from gateway.http.middleware import LastResort
from store.database.config import StoreConfig
from store.merkle.checkpoints import open_checkpoint
from store.merkle.merkle_tree import leaf_hash, verify_consistency, verify_inclusion
from store.merkle.signed_note import VerifierKey
from store.sql.engines import make_reader
from tests.ledger.logs import NAMES, Log, entry

pytestmark = pytest.mark.anyio

SIZE = 300


@pytest.fixture
async def http(log: Log) -> AsyncIterator[httpx.AsyncClient]:
    """The addresses of the ledger, as the gateway has them."""
    app = LastResort(Router(list_routes(log.store.ledger_reader)))
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


async def test_a_stranger_verifies_an_entry_with_what_is_published(log: Log, http: httpx.AsyncClient) -> None:
    entries = await log.fill(SIZE)
    key = VerifierKey.parse((await http.get("/ledger/public-key")).text.strip())
    answer = await http.get("/ledger/checkpoint")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    checkpoint, _ = open_checkpoint(answer.text, [key])
    assert checkpoint.size == SIZE
    for index in (0, 1, 255, 256, SIZE - 1):
        by_index = (await http.get("/ledger/proof/inclusion", params={"index": index})).json()
        by_hash = (await http.get("/ledger/proof/inclusion", params={"hash": leaf_hash(entries[index]).hex()})).json()
        assert by_hash == by_index
        assert by_index["checkpoint"] == answer.text
        path = [b64decode(each) for each in by_index["path"]]
        assert verify_inclusion(index, SIZE, leaf_hash(entries[index]), path, checkpoint.root)


async def test_a_stranger_who_kept_a_checkpoint_sees_that_the_ledger_only_grew(
    log: Log, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transparency, "KEPT_SECONDS", 0.0)
    await log.fill(7)
    key = VerifierKey.parse((await http.get("/ledger/public-key")).text.strip())
    old, _ = open_checkpoint((await http.get("/ledger/checkpoint")).text, [key])
    await log.fill(30)
    proof = (await http.get("/ledger/proof/consistency", params={"from": old.size})).json()
    new, _ = open_checkpoint(proof["checkpoint"], [key])
    path = [b64decode(each) for each in proof["path"]]
    assert verify_consistency(old.size, new.size, old.root, new.root, path)
    assert (proof["from"], proof["to"], b64decode(proof["root"])) == (7, 37, new.root)


async def test_g14_a_thousand_strangers_read_one_row_and_write_none(log: Log, http: httpx.AsyncClient) -> None:
    await log.fill(7)
    statements: list[str] = []
    log.store.ledger_reader.listeners.append(statements.append)
    answers = [await http.get("/ledger/checkpoint") for _ in range(100)]
    assert {each.status_code for each in answers} == {200} and len({each.text for each in answers}) == 1
    assert len(statements) <= 3 and all(each.startswith("SELECT") for each in statements)


async def test_any_size_that_the_ledger_had_can_be_proven(log: Log, http: httpx.AsyncClient) -> None:
    await log.fill(20)
    between = await http.get("/ledger/proof/inclusion", params={"index": 3, "size": 11})
    proof = between.json()
    path = [b64decode(each) for each in proof["path"]]
    assert verify_inclusion(3, 11, b64decode(proof["leaf"]), path, b64decode(proof["root"]))
    assert proof["checkpoint"] is None
    assert "immutable" not in between.headers["cache-control"]
    signed = await http.get("/ledger/proof/inclusion", params={"index": 3, "size": 20})
    assert "immutable" in signed.headers["cache-control"]


async def test_what_is_not_signed_yet_is_not_proven(log: Log, http: httpx.AsyncClient) -> None:
    for path in ("checkpoint", "public-key", "proof/inclusion?index=0", "proof/consistency?from=0"):
        answer = await http.get(f"/ledger/{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOTHING_SIGNED")
        assert answer.headers["content-type"] == "application/problem+json"
    await log.fill(5)
    late = await log.store.ledger.append(entry(6))
    lease = await log.tree.lease(log.sealer._holder, 10)
    assert lease is not None
    assert await log.tree.extend(lease) == 1, "a leaf, and not signed"
    for query in ("index=5", f"hash={leaf_hash(late).hex()}", "index=0&size=6", f"hash={'0' * 64}", "index=5&size=5"):
        answer = await http.get(f"/ledger/proof/inclusion?{query}")
        assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_ENTRY"), query
    answer = await http.get("/ledger/proof/consistency?from=0&to=6")
    assert (answer.status_code, answer.json()["code"]) == (404, "NO_SUCH_SIZE")


BAD = [
    "inclusion",
    "inclusion?index=-1",
    "inclusion?index=01",
    "inclusion?index=1.0",
    "inclusion?index=",
    "inclusion?index=x",
    "inclusion?index=1&index=2",
    "inclusion?index=1&hash=" + "0" * 64,
    "inclusion?hash=00",
    "inclusion?hash=" + "G" * 64,
    "inclusion?index=1&size=x",
    "inclusion?index=1&more=1",
    "inclusion?index=" + "9" * 30,
    "inclusion?index=%F0%9F",
    "inclusion?" + "&".join(f"a{n}=1" for n in range(99)),
    "consistency",
    "consistency?from=3&to=2",
    "consistency?to=2",
    "consistency?from=-1",
    "consistency?index=1",
]


async def test_bad_questions_are_told_what_is_wrong(log: Log, http: httpx.AsyncClient) -> None:
    await log.fill(5)
    for query in BAD:
        answer = await http.get(f"/ledger/proof/{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST"), query
        assert answer.headers["cache-control"] == "no-store"
    assert (await http.get("/ledger/checkpoint?x=1")).status_code == 400
    answer = await http.post("/ledger/checkpoint")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    assert (await http.head("/ledger/checkpoint")).status_code == 200


async def test_d1_no_pseudonym_and_nothing_of_an_entry_is_published(log: Log, http: httpx.AsyncClient) -> None:
    await log.fill(9)
    for path in ("checkpoint", "public-key", "proof/inclusion?index=4", "proof/consistency?from=4"):
        text = (await http.get(f"/ledger/{path}")).text
        assert not [word for word in (*NAMES, "billing", "INVOICING", "Customer") if word in text]


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_f2_a_ledger_that_is_away_is_a_503(store_config: StoreConfig) -> None:
    store_config.ledger.path.unlink()
    reader = make_reader(store_config.ledger, 1)
    transport = httpx.ASGITransport(app=LastResort(Router(list_routes(reader))))
    async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
        answer = await client.get("/ledger/checkpoint")
    assert (answer.status_code, answer.json()["code"]) == (503, "UNAVAILABLE")
    assert int(answer.headers["retry-after"]) > 0
