"""A customer's own token reaches that customer and nobody else, by no argument, id, cursor or way back (D6, rule 6)."""

from __future__ import annotations

from typing import Any

import pytest

from policy.purposes import Purpose
from schema.api.federation import ROUTER
from tests.promises.gate import OWN, Gate, grant, own

pytestmark = pytest.mark.anyio

EVERYTHING = """
    id fullName email phone customerNumber locale productNews postalAddress { street city }
    services { nodes { id name customer { id fullName } } }
    domains { nodes { id name registrant { name } customer { id email } } }
    paymentMethods { id kind ... on Card { last4 } ... on PayPal { account } ... on BankTransfer { bankName } }
    invoices { nodes { id number billedName billedAddress { city } customer { id phone } } }
    credentials { id loginName secondFactors { id kind } }
    signIns(first: 20) { edges { cursor node { id ipAddress } } } sessions(first: 20) { nodes { id ipAddress device } }
    consents { nodes { id kind state } } cookieChoice { id measurement } disclosures { nodes { id recipientName } }
    erasures { nodes { id state } }
"""


def ids_in(value: Any) -> list[str]:
    """Every `id` of an answer."""
    if isinstance(value, dict):
        mine = [value["id"]] if isinstance(value.get("id"), str) else []
        return mine + [each for one in value.values() for each in ids_in(one)]
    return [each for one in value for each in ids_in(one)] if isinstance(value, list) else []


async def everything(gate: Gate, place: int) -> Any:
    answer = await gate.ask(f"{{ me {{ {EVERYTHING} }} }}", own(gate.ids[place]))
    return answer.data["me"]


async def test_me_is_the_person_of_the_token(gate: Gate) -> None:
    for place in (0, 1, 5):
        mine = await everything(gate, place)
        assert mine["id"] == gate.id(place)
        assert mine["email"] == gate.people[place].email
        assert {each for each in ids_in(mine) if each.startswith("Customer_")} == {gate.id(place)}


async def test_every_statement_is_bound_to_the_person(gate: Gate) -> None:
    answer = await gate.ask(f"{{ me {{ {EVERYTHING} }} customers {{ nodes {{ id }} }} }}", own(gate.ids[0]))
    for sql in answer.statements:
        table = sql.partition("FROM ")[2].split()[0]
        owner = "customers.id" if table == "customers" else f"{table}.customer_id"
        assert f"{owner} = " in sql.partition("WHERE")[2], sql


async def test_the_list_of_customers_is_oneself(gate: Gate) -> None:
    answer = await gate.ask("{ customers { nodes { id } pageInfo { hasNextPage } } }", own(gate.ids[4]))
    assert answer.data["customers"] == {"nodes": [{"id": gate.id(4)}], "pageInfo": {"hasNextPage": False}}


def through_router(subject: int) -> Any:
    """The customer's own token, as a router forwards it."""
    return own(subject, scopes=sorted(ROUTER))


ENTITIES = "query ($all: [_Any!]!) { _entities(representations: $all) { __typename id ... on Customer { %s } } }"


def represented(*ids: str) -> dict[str, Any]:
    return {"all": [{"__typename": each.partition("_")[0], "id": each} for each in ids]}


async def test_a_router_reaches_what_its_caller_does_and_nobody_else(gate: Gate) -> None:
    query = ENTITIES % EVERYTHING
    ids = [gate.id(place) for place in range(8)] + [gate.outside("Customer", 2**60)]
    found = (await gate.ask(query, through_router(gate.ids[3]), variables=represented(*ids))).data["_entities"]
    assert [each["id"] if each else None for each in found] == [*[None] * 3, gate.id(3), *[None] * 5]
    other = await gate.ask(query, through_router(gate.ids[0]), variables=represented(gate.id(1)))
    nobody = await gate.ask(query, through_router(gate.ids[0]), variables=represented(gate.outside("Customer", 2**60)))
    assert other.raw == nobody.raw == b'{"data":{"_entities":[null]}}'
    assert other.statements == nobody.statements
    assert other.key_statements == nobody.key_statements == ()


async def test_no_row_of_another_is_found_by_a_router(gate: Gate) -> None:
    """Everything that another customer has, all at once and one by one; one's own is found."""
    query, mine = ENTITIES % "email", own(gate.ids[0], scopes=sorted(ROUTER), max_page=1000)
    theirs, own_ids = ids_in(await everything(gate, 9)), ids_in(await everything(gate, 0))
    together = await gate.ask(query, mine, variables=represented(*theirs, *own_ids[:40]))
    assert [each and each["id"] for each in together.data["_entities"]] == [None] * len(theirs) + own_ids[:40]
    for id_ in theirs:
        found = await gate.ask(query, mine, variables=represented(id_))
        missing = await gate.ask(query, mine, variables=represented(gate.outside(id_.partition("_")[0], 2**60)))
        assert found.raw == missing.raw


async def test_without_its_scope_no_token_is_used_through_a_router(gate: Gate) -> None:
    for query in (ENTITIES % "email", "{ _service { sdl } }"):
        answer = await gate.ask(query, own(gate.ids[0]), variables=represented(gate.id(0)))
        assert {each["reason"] for each in answer.errors} == {"SCOPE_MISSING"}
        assert answer.statements == answer.key_statements == ()


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"__typename": "Customer"}, "BAD_USER_INPUT"),
        ({"id": "0"}, "BAD_USER_INPUT"),
        ({"__typename": "Customer", "id": None}, "BAD_USER_INPUT"),
        ({"__typename": "Customer", "id": "0", "email": "x"}, "BAD_USER_INPUT"),
        ({"__typename": "Customer", "id": "0"}, "INVALID_ID"),
        ("Customer", "BAD_USER_INPUT"),
        (None, "BAD_USER_INPUT"),
    ],
)
async def test_a_malformed_representation_is_told_and_nothing_is_read(gate: Gate, given: Any, code: str) -> None:
    answer = await gate.ask(ENTITIES % "email", through_router(gate.ids[0]), variables={"all": [given]})
    assert set(answer.codes) == {code}
    assert answer.statements == ()


async def test_a_representation_of_another_type_than_its_id_is_refused(gate: Gate) -> None:
    given = {"all": [{"__typename": "Service", "id": gate.id(0)}]}
    answer = await gate.ask(ENTITIES % "email", through_router(gate.ids[0]), variables=given)
    assert answer.codes == ["INVALID_ID"]


async def test_a_router_reads_no_more_objects_at_once_than_its_client_may(gate: Gate) -> None:
    few = own(gate.ids[0], scopes=sorted(ROUTER), max_page=3)
    answer = await gate.ask(ENTITIES % "email", few, variables=represented(*[gate.id(0)] * 4))
    assert answer.codes == ["PAGE_TOO_LARGE"]
    answer = await gate.ask(ENTITIES % "id", few, variables=represented(*[gate.id(0)] * 3))
    assert [each["id"] for each in answer.data["_entities"]] == [gate.id(0)] * 3


async def test_objects_of_a_router_are_read_by_one_statement_a_type(gate: Gate) -> None:
    tool = grant(Purpose.INVOICING, scopes=sorted(ROUTER))
    answer = await gate.ask(ENTITIES % "fullName", tool, variables=represented(*map(gate.id, range(8))))
    assert len(answer.data["_entities"]) == 8
    assert len(answer.statements) == 1


@pytest.mark.parametrize("root", ["customer", "node"])
async def test_another_customer_and_nobody_are_byte_for_byte_alike(gate: Gate, root: str) -> None:
    which = "by: {id: $id}" if root == "customer" else "id: $id"
    query = f"query ($id: ID!) {{ {root}({which}) {{ __typename id ... on Customer {{ {EVERYTHING} }} }} }}"
    other = await gate.ask(query, own(gate.ids[0]), variables={"id": gate.id(1)})
    nobody = await gate.ask(query, own(gate.ids[0]), variables={"id": gate.outside("Customer", 2**60)})
    assert other.raw == nobody.raw
    assert other.statements == nobody.statements
    assert other.key_statements == nobody.key_statements == ()
    assert not other.personal
    assert other.data == {root: None}


async def test_no_row_of_another_is_found_by_its_id(gate: Gate) -> None:
    """Ids of everything that the others have; each is alike an id that nobody has."""
    query = "query ($id: ID!) { node(id: $id) { __typename id } }"
    mine, theirs = own(gate.ids[0]), await everything(gate, 9)
    kinds = set()
    for id_ in ids_in(theirs):
        kind = id_.partition("_")[0]
        kinds.add(kind)
        found = await gate.ask(query, mine, variables={"id": id_})
        missing = await gate.ask(query, mine, variables={"id": gate.outside(kind, 2**60)})
        assert found.raw == missing.raw == b'{"data":{"node":null}}', kind
        assert found.statements == missing.statements
    assert len(kinds) >= 8
    for id_ in ids_in(await everything(gate, 0)):
        assert (await gate.ask(query, mine, variables={"id": id_})).data["node"]["id"] == id_


async def test_a_cursor_of_another_leads_to_nobody_elses_rows(gate: Gate) -> None:
    mine = await gate.ask("{ me { signIns(first: 100) { nodes { id } } } }", own(gate.ids[0]))
    own_rows = {each["id"] for each in mine.data["me"]["signIns"]["nodes"]}
    others = (await everything(gate, 1))["signIns"]["edges"]
    query = "query ($after: String) { me { signIns(first: 100, after: $after) { nodes { id } } } }"
    for cursor in [each["cursor"] for each in others]:
        answer = await gate.ask(query, own(gate.ids[0]), variables={"after": cursor})
        assert answer.codes == ["INVALID_CURSOR"], "it was given to another customer"
    for key in (gate.ids[1], 1, 2**62):
        cursor = gate.cursor("Customer.signIns", key, own(gate.ids[0]), descending=True)
        answer = await gate.ask(query, own(gate.ids[0]), variables={"after": cursor})
        assert {each["id"] for each in answer.data["me"]["signIns"]["nodes"]} <= own_rows
    for place in range(len(gate.ids)):
        answer = await gate.ask(
            "query ($after: String) { customers(after: $after) { nodes { id } } }",
            own(gate.ids[0]),
            variables={"after": gate.cursor("Query.customers", gate.ids[place] - 1, own(gate.ids[0]))},
        )
        assert {each["id"] for each in answer.data["customers"]["nodes"]} <= {gate.id(0)}


async def test_aliases_and_fragments_reach_nobody_else(gate: Gate) -> None:
    query = "{ me { id } " + " ".join(
        f'a{place}: customer(by: {{id: "{gate.id(place)}"}}) {{ ...F }} '
        f'b{place}: node(id: "{gate.id(place)}") {{ ...F }} c{place}: nodes(ids: ["{gate.id(place)}"]) {{ ...F }}'
        for place in range(6)
    )
    query += " } fragment F on Node { ... on Customer { id email services { nodes { customer { email } } } } }"
    answer = await gate.ask(query, own(gate.ids[3]))
    seen = {key for key, value in answer.data.items() if value is not None}
    assert seen == {"me", "a3", "b3", *(f"c{place}" for place in range(6))}
    assert [place for place in range(6) if answer.data[f"c{place}"] != [None]] == [3]
    others = {person.email for place, person in enumerate(gate.people) if place != 3}
    assert not any(email in answer.raw.decode() for email in others)


async def test_a_look_up_is_not_for_customers(gate: Gate) -> None:
    """An e-mail address of somebody else must not even be tested for."""
    for value in (gate.people[0].email, gate.people[1].email, "nobody@example.org"):
        answer = await gate.ask(
            "query ($e: String!) { customer(by: {email: $e}) { id } }", own(gate.ids[0]), variables={"e": value}
        )
        assert answer.statements == ()
        assert {each["coordinate"] for each in answer.errors} == {"CustomerBy.email"}


async def test_a_token_bound_to_a_person_is_bound_for_every_purpose(gate: Gate) -> None:
    """Even if it were given a tool's purpose: the subject is the only customer that a token may read."""
    both = grant(OWN, Purpose.INVOICING, subject=gate.ids[2])
    for purpose in ("SELF_SERVICE", "INVOICING"):
        answer = await gate.ask("{ customers { nodes { id } } }", both, purpose=purpose)
        assert answer.data == {"customers": {"nodes": [{"id": gate.id(2)}]}}
        answer = await gate.ask(f'{{ customer(by: {{id: "{gate.id(0)}"}}) {{ id }} }}', both, purpose=purpose)
        assert answer.data == {"customer": None}
    answer = await gate.ask(
        "query ($e: String!) { customer(by: {email: $e}) { id } }",
        both, purpose="INVOICING", variables={"e": gate.people[0].email},
    )  # fmt: skip
    assert answer.data == {"customer": None}


async def test_a_tool_is_told_to_say_whom_it_means(gate: Gate) -> None:
    answer = await gate.ask("{ me { id } }", grant(Purpose.INVOICING))
    assert answer.codes == ["UNAUTHORIZED_FIELD_OR_TYPE"]
    assert answer.statements == ()


async def test_plans_are_shared_and_persons_are_not(gate: Gate) -> None:
    """The same document by two customers: the second must not see what the first's plan was made with."""
    query = "{ me { id email } customers { nodes { id } } }"
    for place in (6, 7, 6):
        answer = await gate.ask(query, own(gate.ids[place]))
        assert answer.data["me"] == {"id": gate.id(place), "email": gate.people[place].email}
        assert answer.data["customers"]["nodes"] == [{"id": gate.id(place)}]
