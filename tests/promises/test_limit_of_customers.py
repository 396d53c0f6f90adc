"""(G4, G8) A client that is stopped at a number of customers an hour reads no more by any road, on either executor."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from policy.grant import Over
from policy.purposes import Purpose
from schema.api.api import Api
from schema.documents.requests import RequestOutcome
from store.database.store import Store
from tests.gateway.desk import Clock
from tests.promises.gate import PATIENT, Answer, Gate, grant
from workers.operations.reach import DistinctCustomerLimiter

pytestmark = pytest.mark.anyio

MOST = 2
THIRD = 3
"""The place of somebody whom the client may not read any more."""
TOOL = replace(
    grant(Purpose.SERVICE_PROVISION, scopes=("services:write", "customers:write", "federation:read")),
    customers_per_hour=MOST,
    over=Over.STOP,
)
REGISTRAR = replace(grant(Purpose.DOMAIN_REGISTRATION), customers_per_hour=MOST, over=Over.STOP)
ONE = "query ($id: ID!) { customer(by: {id: $id}) { id fullName } }"
ROADS = {
    "page": "{ customers(first: 6) { nodes { id fullName } } }",
    "edges": "{ customers(first: 6) { edges { node { services { nodes { id } } } } } }",
    "customer": ONE,
    "node": "query ($id: ID!) { node(id: $id) { id ... on Customer { fullName } } }",
    "fragment": "query ($id: ID!) { a: node(id: $id) { ...N } } fragment N on Customer { fullName }",
    "service": "query ($service: ID!) { node(id: $service) { ... on Service { name customer { fullName } } } }",
    "router": "query ($router: [_Any!]!) { _entities(representations: $router) { __typename id } }",
    "row alone": "query ($service: ID!) { node(id: $service) { id } }",
    "number": "query ($number: String!) { customer(by: {customerNumber: $number}) { fullName } }",
}


@pytest.fixture
async def limited(store: Store, executor: str) -> Gate:
    """A gateway that watches, whose tool has read as many customers as it may."""
    gate = await Gate.of(store, 6)
    gate.api = Api(store, PATIENT, clock=gate.clock, watch=DistinctCustomerLimiter(store, Clock()))
    return gate


async def read_two(gate: Gate, who: Any) -> None:
    for place in range(MOST):
        assert (await gate.ask("query ($id: ID!) { node(id: $id) { id } }", who, variables={"id": gate.id(place)})).data
    third = await gate.ask("query ($id: ID!) { node(id: $id) { id } }", who, variables={"id": gate.id(THIRD)})
    assert third.codes == ["TOO_MANY_CUSTOMERS"]


async def variables(gate: Gate, place: int) -> dict[str, Any]:
    (service, *_) = (await gate.ask(
        "query ($id: ID!) { customer(by: {id: $id}) { services { nodes { id } } } }", grant(Purpose.SERVICE_PROVISION),
        variables={"id": gate.id(place)},
    )).data["customer"]["services"]["nodes"]  # fmt: skip
    router = [{"__typename": "Customer", "id": gate.id(place)}]
    number = gate.people[place].customer_number
    return {"id": gate.id(place), "service": service["id"], "number": number, "router": router}


def nothing_of(gate: Gate, answer: Answer, place: int) -> None:
    person = gate.people[place]
    for value in (person.name.family, person.email, person.customer_number or "?"):
        assert value not in answer.raw.decode()


@pytest.mark.parametrize("road", ROADS)
async def test_no_road_of_a_query_reaches_one_customer_more(limited: Gate, road: str) -> None:
    """Judged before any value is opened; those it has read already are answered as before."""
    third, known = await variables(limited, THIRD), await variables(limited, 0)
    await read_two(limited, TOOL)
    before = len(await limited.entries())
    answer = await limited.ask(ROADS[road], TOOL, variables=third)
    assert (answer.kind, answer.codes) == (RequestOutcome.THROTTLED, ["TOO_MANY_CUSTOMERS"]), answer.raw
    assert answer.errors[0]["most"] == MOST and answer.errors[0]["retryAfter"] > 0
    assert answer.body.get("data") is None
    nothing_of(limited, answer, THIRD)
    assert len(await limited.entries()) == before, "nothing was revealed"
    if "first:" not in ROADS[road]:
        assert (await limited.ask(ROADS[road], TOOL, variables=known)).data


CHANGES = {
    "terminate": """mutation ($service: ID!, $id: ID!) { terminateService(input: {serviceId: $service}) {
        service { id name customer { id fullName } } userErrors { code } } }""",
    "subscribe": """mutation ($id: ID!, $service: ID!) { subscribeService(input: {customerId: $id, kind: WEB_HOSTING,
        name: "New"}) { service { id name customer { id fullName } } userErrors { code } } }""",
}


@pytest.mark.parametrize("change", CHANGES)
async def test_what_a_change_answers_shows_no_customer_more(limited: Gate, change: str) -> None:
    """The change is made and said to be made; its payload shows nobody, and nobody is recorded as read."""
    third, known = await variables(limited, THIRD), await variables(limited, 0)
    await read_two(limited, TOOL)
    before = len(await limited.entries())
    query = CHANGES[change].replace(", $id: ID!", "").replace(", $service: ID!", "")
    answer = await limited.ask(query, TOOL, variables=third)
    assert answer.codes == ["TOO_MANY_CUSTOMERS"], answer.raw
    assert answer.kind is RequestOutcome.OK and "The change was made" in answer.raw.decode()
    ((payload,),) = (list(answer.body["data"].values()),)
    assert payload["service"] is None and payload["userErrors"] == []
    nothing_of(limited, answer, THIRD)
    assert len(await limited.entries()) == before
    again = await limited.ask(query, TOOL, variables=known)
    assert next(iter(again.data.values()))["service"]["customer"]["fullName"]


async def test_many_changes_in_one_operation_show_no_more_than_may_be_read(limited: Gate) -> None:
    """Each is judged by itself: aliases gain nothing."""
    parts = [
        f'm{place}: subscribeService(input: {{customerId: "{limited.id(place)}", kind: WEB_HOSTING, name: "New"}}) '
        "{ service { customer { fullName } } userErrors { code } }"
        for place in (0, 1, THIRD)
    ]
    answer = await limited.ask("mutation { " + " ".join(parts) + " }", TOOL)
    shown = [name for name, each in answer.body["data"].items() if each["service"] is not None]
    assert shown == ["m0", "m1"] and answer.codes == ["TOO_MANY_CUSTOMERS"]
    assert len((await limited.entries())[-1]["subjects"]) == MOST


async def test_a_domain_by_rdap_is_a_road_too(limited: Gate) -> None:
    owned = [
        (place, s.domain.name)
        for place, p in enumerate(limited.people)
        for s in p.services
        if s.domain
        and s.status == "ACTIVE"
        and (s.domain.expires_at is None or s.domain.expires_at > limited.clock.now)
    ]
    rdap = "query ($d: String!) { rdap(domain: $d) }"
    shown = set[int]()
    for place, name in owned:
        answer = await limited.ask(rdap, REGISTRAR, variables={"d": name})
        if answer.codes:
            assert answer.codes == ["TOO_MANY_CUSTOMERS"] and place not in shown, answer.raw
            break
        shown |= {place} if answer.data["rdap"] else set()
    else:
        raise AssertionError("nobody was stopped")
    assert len(shown) == MOST


async def test_an_alarm_only_counts(limited: Gate) -> None:
    """Without the stop everything is answered."""
    alarm = replace(TOOL, over=Over.ALARM)
    assert len((await limited.ask(ROADS["page"], alarm)).data["customers"]["nodes"]) == 6
