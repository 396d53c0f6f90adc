"""Once a customer's key is destroyed nothing of that customer can be read, and nothing else fails (R35, D5)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from schema.documents.requests import RequestOutcome
from tests.promises.gate import Gate, grant, own

pytestmark = pytest.mark.anyio

GONE = 2
LISTS = (
    "{ customers { nodes { id fullName email phone postalAddress { city } "
    "services { nodes { name } } domains { nodes { name } } } } }",
    "{ customers { edges { node { invoices { nodes { number } } "
    "paymentMethods { kind } signIns { nodes { device } } } } } }",
)
NODE = "query ($id: ID!) { node(id: $id) { id } }"
OWN = """query ($id: ID!) { me { id email signIns { nodes { id } } }
  customer(by: {id: $id}) { id } customers { nodes { id } } }"""
PAGE = """query ($n: Int, $a: String) {
  customers(first: $n, after: $a) { nodes { id } pageInfo { hasNextPage endCursor } } }"""
TOOLS = [each for each in Purpose if each.enabled and not each.own_data_only]


def texts(gate: Gate, place: int) -> set[str]:
    """What only this customer has."""
    alone = Gate.values(_Only(gate.people[place]))  # type: ignore[arg-type]
    others = {value for at, one in enumerate(gate.people) if at != place for value in Gate.values(_Only(one))}  # type: ignore[arg-type]
    return {each for each in alone if not any(each in other for other in others)}


class _Only:
    def __init__(self, person: Any) -> None:
        self.people = [person]


async def rows_of(gate: Gate, place: int) -> dict[str, list[str]]:
    """The ids of everything that a customer has."""
    short = ["paymentMethods", "credentials"]
    pages = ["services", "domains", "invoices", "consents", "disclosures", "erasures", "signIns"]
    asked = [f"{name} {{ id }}" for name in short] + [f"{name} {{ nodes {{ id }} }}" for name in pages]
    query = "{ me { id %s sessions { nodes { id } } cookieChoice { id } } }" % " ".join(asked)
    found = (await gate.ask(query, own(gate.ids[place]))).data["me"]
    ids = {name: [each["id"] for each in found[name]] for name in short}
    return ids | {"me": [found["id"]]} | {name: [each["id"] for each in found[name]["nodes"]] for name in pages}


async def test_nothing_is_readable_any_more_by_any_way(changing: Gate) -> None:
    ids = await rows_of(changing, GONE)
    secret = texts(changing, GONE)
    assert len(secret) > 5 and sum(map(len, ids.values())) > 10
    person = changing.people[GONE]
    domain = next(s.domain.name for s in person.services if s.domain)
    await changing.store.keys.destroy(changing.ids[GONE])

    for purpose in TOOLS:
        who = grant(purpose, withhold=True)
        for query in LISTS:
            answer = await changing.ask(query, who, reference="INC-1")
            assert answer.kind is RequestOutcome.OK and not answer.errors, (purpose, answer.raw)
            assert not [each for each in secret if each in answer.raw.decode()], purpose
            found = (answer.body["data"]["customers"] or {}).get("nodes") or []
            assert changing.id(GONE) not in [each["id"] for each in found]
        for id_ in (each for some in ids.values() for each in some):
            answer = await changing.ask(
                "query ($id: ID!) { node(id: $id) { id } }", who, variables={"id": id_}, reference="INC-1"
            )
            assert answer.kind is RequestOutcome.REFUSED or answer.data == {"node": None}, (purpose, id_)
        for by in (
            {"email": person.email},
            {"customerNumber": person.customer_number},
            {"domain": domain},
            {"externalId": person.external_id},
        ):
            query = "query ($by: CustomerBy!) { customer(by: $by) { id } }"
            answer = await changing.ask(query, who, variables={"by": by}, reference="INC-1")
            assert answer.kind is RequestOutcome.REFUSED or answer.data == {"customer": None}, (purpose, by)


async def test_the_persons_own_token_finds_nobody(changing: Gate) -> None:
    mine = own(changing.ids[GONE])
    await changing.store.keys.destroy(changing.ids[GONE])
    answer = await changing.ask(OWN, mine, variables={"id": changing.id(GONE)})
    assert answer.data == {"me": None, "customer": None, "customers": {"nodes": []}}
    assert not answer.personal


async def test_the_others_are_read_as_before(changing: Gate) -> None:
    query = "{ customers { nodes { id fullName services { nodes { name customer { email } } } } } }"
    who = grant(Purpose.INVOICING)
    before = (await changing.ask(query, who)).data["customers"]["nodes"]
    await changing.store.keys.destroy(changing.ids[GONE])
    after = (await changing.ask(query, who)).data["customers"]["nodes"]
    assert after == [each for each in before if each["id"] != changing.id(GONE)]


@pytest.mark.parametrize("n", [1, 2, 3, 6])
async def test_walking_the_pages_goes_past_the_gap(changing: Gate, n: int) -> None:
    for place in (0, GONE, 5):
        await changing.store.keys.destroy(changing.ids[place])
    seen, after = [], None
    for _ in range(12):
        page = (await changing.ask(PAGE, grant(Purpose.INVOICING), variables={"n": n, "a": after})).data["customers"]
        seen += [each["id"] for each in page["nodes"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        assert len(page["nodes"]) == n, "the next ones take the place of who is gone"
        after = page["pageInfo"]["endCursor"]
    assert seen == [changing.id(place) for place in (1, 3, 4)]


async def test_nothing_is_recorded_of_who_is_gone(changing: Gate) -> None:
    (key,) = await changing.store.keys.subjects([changing.ids[GONE]])
    assert key is not None
    await changing.store.keys.destroy(changing.ids[GONE])
    await changing.ask("{ customers { nodes { id } } }", grant(Purpose.INVOICING))
    entry = (await changing.entries())[-1]
    assert key.pseudonym not in entry["subjects"]
    assert len(entry["subjects"]) == 5


async def test_a_plan_made_before_does_not_remember(changing: Gate) -> None:
    query = f'{{ customer(by: {{id: "{changing.id(GONE)}"}}) {{ email }} }}'
    who = grant(Purpose.INVOICING)
    for _ in range(3):
        assert (await changing.ask(query, who)).data["customer"]
    await changing.store.keys.destroy(changing.ids[GONE])
    assert (await changing.ask(query, who)).data == {"customer": None}
