"""(G15) What is remembered is bounded in bytes, and whoever asks for something new pays for working it out."""

from __future__ import annotations

import gc
import tracemalloc
from hashlib import sha256

import pytest
from sqlalchemy import insert

from gateway.access.budgets import Budgets
from resolvers.reads.documents import Trusted
from schema.api.api import Api
from schema.documents.memory import DocumentMemory, weight_of
from schema.documents.requests import Request, RequestOutcome
from store.database.store import Store
from store.registers.clients import clients, documents
from tests.gateway.desk import Clock
from tests.promises.gate import PATIENT, TODAY, Gate, own

pytestmark = pytest.mark.anyio

BOUND = 8 * 2**20
ONE_STORE = pytest.mark.parametrize("gate", ["sqlite-compiled"], indirect=True)
"""What is remembered does not depend on where customers rest."""
FIELDS = (
    "id fullName email phone customerNumber locale postalAddress { street city postalCode country } "
    "services { nodes { id name state startedAt } } domains { nodes { id name registrant { name } } } "
    "invoices { nodes { id number billedName } } "
    "signIns(first: 5) { nodes { id ipAddress } pageInfo { endCursor } }"
)


def document(number: int, size: int = 7_000) -> str:
    """A valid document of its own, with much to plan, filled up with a comment."""
    text = f"query Q{number} {{ a: me {{ {FIELDS} }} b: me {{ {FIELDS} }} c: me {{ {FIELDS} }} }}"
    return text + "#" + "x" * (size - len(text) - 1)


KINDS = {
    "planned": document,
    "comment": lambda n: f"query Q{n} {{ me {{ id }} }} #" + "x" * 7_000,
    "tokens": lambda n: f"query Q{n} {{ me {{ " + " ".join(["fullName"] * 700) + " } }",
    "aliases": lambda n: f"query Q{n} {{ me {{ " + " ".join(f"a{i}: fullName" for i in range(55)) + " } }",
    "fragments": lambda n: (
        f"query Q{n} {{ me {{ ...F0 }} }} "
        + " ".join(f"fragment F{i} on Customer {{ id email ...F{i + 1} }}" for i in range(40))
        + " fragment F40 on Customer { id }"
    ),
    "invalid": lambda n: f"query Q{n} {{ me {{ " + " ".join(f"nothing{i}" for i in range(400)) + " } }",
    "no document": lambda n: f"{{ me {n} " + "(" * 3_000,
    "japanese": lambda n: f"query Q{n} {{ me {{ id }} }} #" + "名" * 2_000,
}


@ONE_STORE
@pytest.mark.parametrize("kind", KINDS)
async def test_the_estimate_of_a_document_is_no_less_than_what_it_takes(gate: Gate, kind: str) -> None:
    """Calibrated by tracemalloc, with everything that hangs on it; and not so much more that memory would lie idle."""
    api, who = Api(gate.store, PATIENT, clock=gate.clock), own(gate.ids[0])
    await api.execute(Request(query=KINDS[kind](10_000)), who)  # What is made once for all.
    gc.collect()
    tracemalloc.start()
    try:
        before, known = tracemalloc.get_traced_memory()[0], api._memory.weight
        for number in range(4):
            await api.execute(Request(query=KINDS[kind](number), variables=None), who)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    estimated = api._memory.weight - known
    assert taken <= estimated * 1.15, (taken, estimated)
    assert estimated <= taken * 6, (taken, estimated)


@ONE_STORE
async def test_many_documents_stay_under_the_bound(gate: Gate) -> None:
    """300 of them took 170 MB. Whoever pays may send them; what they leave behind is bounded."""
    api, who = Api(gate.store, PATIENT, clock=gate.clock, memory=BOUND), own(gate.ids[0])
    await api.execute(Request(query=document(10_000)), who)
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(16):
            assert (await api.execute(Request(query=document(number)), who)).kind is RequestOutcome.OK
            assert api._memory.weight <= BOUND
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before <= BOUND * 1.15
    finally:
        tracemalloc.stop()
    for number in range(600):  # Those that nothing hangs on are quicker.
        api._read(Trusted(f"{{ me {{ id }} }} #{number} " + "x" * 7_000, None, registered=False), who)
        assert api._memory.weight <= BOUND
    assert 20 < len(api._memory) < 200


async def test_a_client_pays_for_what_is_new_and_others_are_answered(gate: Gate) -> None:
    """429 with the seconds to wait, before anything is parsed; a known document costs what it reads and no more."""
    clock = Clock()
    api = Api(gate.store, PATIENT, clock=gate.clock, budget=Budgets(1_000_000, clock))
    who, other = own(gate.ids[0], client="hostile"), own(gate.ids[1], client="other")
    kinds = []
    for number in range(2_000):
        outcome = await api.execute(Request(query=f"{{ me {{ id }} }} #{number} " + "x" * 7_000), who)
        kinds.append(outcome.kind)
        if outcome.kind is RequestOutcome.THROTTLED:
            break
    assert 50 < len(kinds) < 100 and outcome.kind is RequestOutcome.THROTTLED and outcome.retry_after >= 1
    read = len(api._memory)
    again = await api.execute(Request(query="{ me { id } } #never seen" + "x" * 7_000), who)
    assert again.kind is RequestOutcome.THROTTLED and len(api._memory) == read, "nothing was parsed"
    assert (await api.execute(Request(query="{ me { id } } #0 " + "x" * 7_000), who)).kind is RequestOutcome.OK, (
        "a known one"
    )
    assert (await api.execute(Request(query="{ me { id } } #theirs" + "x" * 7_000), other)).kind is RequestOutcome.OK
    clock.time += outcome.retry_after
    assert (await api.execute(Request(query="{ me { id } } #new" + "x" * 7_000), who)).kind is RequestOutcome.OK


async def test_planning_again_for_other_switches_is_paid_for_too(gate: Gate) -> None:
    """Ten switches are a thousand plans of one known document."""
    api = Api(gate.store, PATIENT, clock=gate.clock, budget=Budgets(100_000, Clock()))
    names = [f"s{n}" for n in range(10)]
    text = f"query Q({', '.join(f'${n}: Boolean!' for n in names)}) {{ me {{ id "
    text += " ".join(f"k{n}: fullName @skip(if: ${n})" for n in names) + " } }"
    kinds = []
    for number in range(1_024):
        variables = {name: bool(number >> bit & 1) for bit, name in enumerate(names)}
        kinds.append((await api.execute(Request(query=text, variables=variables), own(gate.ids[0]))).kind)
    assert RequestOutcome.THROTTLED in kinds and kinds.index(RequestOutcome.THROTTLED) > 50
    assert api._memory.weight < 16 * 2**20


async def test_strangers_never_push_out_what_was_registered(store: Store) -> None:
    """And what was registered is never charged for being new."""
    gate = await Gate.of(store, 1)
    row = {
        "id": "trusting", "name": "t", "purposes": '["SELF_SERVICE"]', "scopes": "[]", "refusal": "REFUSE",
        "documents_only": True, "introspection": False, "max_page": 10, "created_at": TODAY,
    }  # fmt: skip
    texts = [document(number) for number in range(5)]
    async with store.write() as connection:
        await connection.execute(insert(clients).values(row))
        rows = [
            {"client_id": "trusting", "hash": sha256(each.encode()).hexdigest(), "text": each, "registered_at": TODAY}
            for each in texts
        ]
        await connection.execute(insert(documents), rows)
    api = Api(store, PATIENT, clock=gate.clock, memory=BOUND, budget=Budgets(10**9, Clock()))
    trusting = own(gate.ids[0], client="trusting", documents_only=True)
    for each in texts:
        assert (await api.execute(Request(query=each), trusting)).kind is RequestOutcome.OK
    parsed: list[str] = []
    read = api._documents.read
    api._documents.read = lambda text: (parsed.append(text), read(text))[1]  # type: ignore[method-assign]
    for number in range(20):
        await api.execute(Request(query=document(1_000 + number)), own(gate.ids[0]))
    parsed.clear()
    for each in texts:
        assert (await api.execute(Request(query=each), trusting)).kind is RequestOutcome.OK
    assert parsed == [], "they were still there"


def test_a_document_that_is_larger_than_the_memory_is_answered_and_forgotten() -> None:
    from graphql import build_schema

    from schema.documents.documents import Documents
    from schema.documents.limits import Limits

    memory, text = DocumentMemory(40_000), "{ a }"
    document_ = Documents(build_schema("type Query { a: Int }"), Limits()).read(text)
    known = memory.add(text, document_, trusted=False)
    assert known.document is document_ and weight_of(text, document_) > 10_000 and memory.get(text, False) is None


def test_no_memory_of_tokens_or_clients_grows_with_the_length_of_what_is_sent() -> None:
    """They are bounded in bytes; the rest of the memories hold entries of one size, and are bounded in number."""
    from gateway.access import authenticator as door
    from gateway.http import negotiation
    from resolvers.clients import registry

    assert door.REMEMBERED <= 32 * 2**20 and registry.KEPT <= 16 * 2**20
    for each in range(2_000):
        negotiation.answer_media(b"text/html;q=0." + b"1" * 5_000 + b"%d" % each, page=True)
        negotiation.is_json_in_utf8(b"application/json; x=" + b"y" * 5_000 + b"%d" % each)
    assert negotiation._answer_media.cache_info().currsize < 512
    assert negotiation._is_json_in_utf8.cache_info().currsize < 512
