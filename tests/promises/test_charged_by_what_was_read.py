"""(G4, G13) An operation is charged what it read, however it ends; a list without pages has an end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest

from gateway.access.budgets import Budgets
from policy.grant import Grant
from policy.purposes import Purpose
from schema.api.api import Api
from schema.documents.limits import Limits
from schema.documents.requests import Request, RequestOutcome
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.promises.gate import PATIENT, TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

BUDGET = 100_000
TOOL = grant(Purpose.SERVICE_PROVISION)
SERVICES = "query ($id: ID!) { customer(by: {id: $id}) { id services { nodes { name } } } }"
DEEP = """query ($id: ID!) { customer(by: {id: $id}) { services(first: 9) { nodes { customer {
  services(first: 9) { nodes { customer { services(first: 9) { nodes { id } } } } } } } } } }"""
CREDENTIALS = "query ($id: ID!) { customer(by: {id: $id}) { id credentials { id } } }"
DOOR = grant(Purpose.AUTHENTICATION)
PAGE = "{ customers(first: 3) { nodes { id } } }"


def still() -> float:
    """A clock that stands, so that no budget refills."""
    return 0.0


@pytest.fixture
def budgets(changing: Gate) -> Budgets:
    """The budgets of the gate's gateway, which are whole."""
    found = Budgets(BUDGET, still, BUDGET)
    changing.api = Api(changing.store, PATIENT, clock=changing.clock, budget=found)
    return found


async def charged(gate: Gate, budgets: Budgets, query: str, who: Grant = TOOL, **variables: Any) -> int:
    """The objects that a known document is charged; the first time, its text is, too."""
    await gate.ask(query, who, variables=variables)
    before = budgets.remaining(who.client_id)[0]
    answer = await gate.ask(query, who, variables=variables, extensions={"cost": True})
    told = answer.body["extensions"]["cost"]
    spent = before - budgets.remaining(who.client_id)[0]
    assert told["charged"] == spent
    return spent


async def test_what_was_read_is_charged_and_not_what_might_have_been(changing: Gate, budgets: Budgets) -> None:
    id_ = changing.id(0)
    found = (await changing.ask(SERVICES, TOOL, variables={"id": id_})).data["customer"]["services"]["nodes"]
    assert len(found) > 1
    assert await charged(changing, budgets, SERVICES, id=id_) == 1 + len(found)
    assert await charged(changing, budgets, PAGE) == 3
    assert await charged(changing, budgets, SERVICES, id=changing.outside("Customer", 1, 1)) == 1
    # Customers and services again and again, each as often as it is read.
    n = len(found)
    assert await charged(changing, budgets, DEEP, id=id_) == 1 + n + 1 + n + 1 + n


async def test_the_bound_customer_is_charged_and_another_one_is_not(changing: Gate, budgets: Budgets) -> None:
    first, second = (own(changing.ids[place], client="app") for place in (0, 1))
    for _ in range(2):
        assert (await changing.ask("{ me { id services { nodes { id } } } }", first)).data
    left = budgets.remaining("app", changing.ids[0])[0]
    assert left < BUDGET
    assert budgets.remaining("app", second.subject)[0] == BUDGET


async def test_the_grant_tells_what_is_left(changing: Gate, budgets: Budgets) -> None:
    query = "{ grant { maxPage refusal expiresAt budget { limit remaining resetsAt } } }"
    await changing.ask(query, TOOL)
    budgets.reserve(TOOL.client_id, 30_000)
    left = budgets.remaining(TOOL.client_id)[0]
    told = (await changing.ask(query, TOOL)).data["grant"]
    # The object that this operation takes is reserved when it looks; a budget refills within a minute.
    spent = BUDGET - left + 1
    assert told["budget"] == {
        "limit": BUDGET,
        "remaining": left - 1,
        "resetsAt": (TODAY + timedelta(seconds=-(-spent * 60 // BUDGET))).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    assert (told["maxPage"], told["refusal"], told["expiresAt"]) == (100, "REFUSE", "9999-12-31T23:59:59Z")


async def test_new_documents_of_one_customer_throttle_no_other_one(changing: Gate) -> None:
    changing.api = Api(changing.store, PATIENT, clock=changing.clock, budget=Budgets(1_000, still, 200))
    looping, other = (own(changing.ids[place], client="app") for place in (0, 1))
    for n in range(20):
        answer = await changing.ask(f"{{ me {{ id{n}: id }} }}", looping)
    assert answer.codes == ["THROTTLED"]
    assert (await changing.ask("{ me { id } }", other)).data


Fetch = Callable[[Any, Mapping[str, Any]], Awaitable[Sequence[Any]]]


def failing(gate: Gate, monkeypatch: pytest.MonkeyPatch, end: Callable[[], Awaitable[Any]]) -> None:
    """From the second statement on, reads end like this."""
    fetch: Fetch = gate.store.reader.fetch
    statements = 0

    async def until_the_second(prepared: Any, values: Mapping[str, Any]) -> Sequence[Any]:
        nonlocal statements
        statements += 1
        if statements > 1:
            await end()
        return await fetch(prepared, values)

    monkeypatch.setattr(gate.store.reader, "fetch", until_the_second)


async def outage() -> None:
    raise StoreUnavailableError(OutageCause.DOWN, "gone")


async def test_an_operation_that_fails_is_charged_what_it_had_read(
    changing: Gate, budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changing.ask(SERVICES, TOOL, variables={"id": changing.id(0)})
    before = budgets.remaining(TOOL.client_id)[0]
    with monkeypatch.context() as down:
        failing(changing, down, outage)
        answer = await changing.ask(SERVICES, TOOL, variables={"id": changing.id(0)})
    assert answer.kind is RequestOutcome.UNAVAILABLE
    assert before - budgets.remaining(TOOL.client_id)[0] == 1


async def test_a_client_that_hangs_up_gets_back_what_was_not_read(
    changing: Gate, budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    await changing.ask(DEEP, TOOL, variables={"id": changing.id(0)})
    before = budgets.remaining(TOOL.client_id)[0]
    waiting = asyncio.Event()

    async def for_ever() -> None:
        waiting.set()
        await asyncio.Event().wait()

    failing(changing, monkeypatch, for_ever)
    work = asyncio.create_task(changing.api.execute(Request(DEEP, variables={"id": changing.id(0)}), TOOL))
    await waiting.wait()
    assert before - budgets.remaining(TOOL.client_id)[0] > 100, "what it might read is reserved while it runs"
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert before - budgets.remaining(TOOL.client_id)[0] == 1


async def test_a_list_without_pages_has_an_end(
    changing: Gate, budgets: Budgets, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.reads.fetches.LIST_MOST", 1)
    answer = await changing.ask(CREDENTIALS, DOOR, variables={"id": changing.id(0)})
    assert answer.codes == ["LIMIT_EXCEEDED"]
    assert answer.body["data"]["customer"] == {"id": changing.id(0), "credentials": None}
    assert answer.body["errors"][0]["path"] == ["customer", "credentials"]
    # No more was read than shows that the list is too long: the customer, and two credentials.
    assert await charged(changing, budgets, CREDENTIALS, DOOR, id=changing.id(0)) == 3


async def test_an_operation_that_reads_beyond_the_limit_is_refused_as_a_whole(
    changing: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (await changing.ask(CREDENTIALS, DOOR, variables={"id": changing.id(0)})).data["customer"]["credentials"]
    enough = 1 + len(found)
    assert enough > 2
    # The estimate of lists is lower than what this customer has.
    monkeypatch.setattr("schema.sources.relations.LIST", 1)
    for most, kind in ((enough, RequestOutcome.OK), (enough - 1, RequestOutcome.REQUEST_ERROR)):
        changing.api = Api(changing.store, Limits(cost=most, seconds=120), clock=changing.clock)
        answer = await changing.ask(CREDENTIALS, DOOR, variables={"id": changing.id(0)})
        assert answer.kind is kind, answer.raw
    assert answer.errors == [{"code": "LIMIT_EXCEEDED", "limit": "cost", "most": enough - 1}]
