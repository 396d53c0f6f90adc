"""Walking the pages of a list visits every row once, and also while rows come and go (Relay; TRAPS 8)."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, insert

from gateway.demo.population import population
from policy.purposes import Purpose
from resolvers.customers.registration import register
from store.sql.ids import new_id
from store.tables.access import sign_ins
from store.tables.customers import customers
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

BILLING = grant(Purpose.INVOICING)
PAGE = """nodes { id } edges { cursor node { id } }
  pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"""
ALL = f"query ($n: Int, $after: String) {{ customers(first: $n, after: $after) {{ {PAGE} }} }}"
MINE = f"query ($n: Int, $after: String) {{ me {{ signIns(first: $n, after: $after) {{ {PAGE} }} }} }}"


async def page(gate: Gate, who: Any, query: str, n: int | None = None, after: str | None = None) -> dict[str, Any]:
    data = (await gate.ask(query, who, variables={"n": n, "after": after})).data
    found = data["me"]["signIns"] if "me" in data else data["customers"]
    assert [each["node"] for each in found["edges"]] == found["nodes"]
    cursors = [each["cursor"] for each in found["edges"]] or [None]
    assert (found["pageInfo"]["startCursor"], found["pageInfo"]["endCursor"]) == (cursors[0], cursors[-1])
    assert found["pageInfo"]["hasPreviousPage"] is (after is not None)
    return found  # type: ignore[no-any-return]


async def walk(gate: Gate, who: Any, query: str, n: int) -> list[str]:
    seen, after = [], None
    while True:
        found = await page(gate, who, query, n, after)
        seen += [each["id"] for each in found["nodes"]]
        if not found["pageInfo"]["hasNextPage"]:
            return seen
        assert len(found["nodes"]) == n
        after = found["pageInfo"]["endCursor"]


@pytest.mark.parametrize("n", [1, 5, 7, 23, 24, 25])
async def test_every_row_is_visited_once(gate: Gate, n: int) -> None:
    assert await walk(gate, BILLING, ALL, n) == [gate.id(place) for place in range(len(gate.ids))]


@pytest.mark.parametrize("n", [1, 3, 100])
async def test_lists_of_events_run_from_the_newest(gate: Gate, n: int) -> None:
    mine = own(gate.ids[0])
    seen = await walk(gate, mine, MINE, n)
    assert len(seen) == len(set(seen)) == len(gate.people[0].sign_ins)
    moments = []
    for id_ in seen:
        node = await gate.ask(f'{{ node(id: "{id_}") {{ ... on SignIn {{ at }} }} }}', mine)
        moments.append(node.data["node"]["at"])
    assert moments == sorted(moments, reverse=True)


async def test_nested_pages_continue_where_each_parent_stands(gate: Gate) -> None:
    query = """query ($after: String) { customers(first: 24) { nodes { id
      signIns(first: 2, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage } } } } }"""
    found = (await gate.ask(query, grant(Purpose.ACCOUNT_SECURITY))).data["customers"]["nodes"]
    for place, each in enumerate(found):
        count = len(gate.people[place].sign_ins)
        assert len(each["signIns"]["edges"]) == min(2, count)
        assert each["signIns"]["pageInfo"]["hasNextPage"] is (count > 2)


async def test_rows_that_come_and_go_are_never_seen_twice_and_none_is_lost(changing: Gate) -> None:
    before = [changing.id(place) for place in range(6)]
    first = await page(changing, BILLING, ALL, 2)
    async with changing.store.write() as connection:  # One behind the cursor and one ahead of it go.
        for key in (changing.ids[1], changing.ids[3]):
            for table in _tables():
                owner = table.c.id if table is customers else table.c.customer_id
                await connection.execute(delete(table).where(owner == key))
    new = await register(changing.store, population(TODAY, size=9)[6:], now=TODAY)
    seen = [each["id"] for each in first["nodes"]]
    after = first["pageInfo"]["endCursor"]
    while after is not None:
        found = await page(changing, BILLING, ALL, 2, after)
        seen += [each["id"] for each in found["nodes"]]
        after = found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None
    assert seen == [each for each in before if each != changing.id(3)] + [
        changing.outside("Customer", each, each) for each in new
    ]


def _tables() -> list[Any]:
    from resolvers.customers.new_customer_rows import TABLES

    return list(reversed(TABLES))


async def test_a_new_event_does_not_shift_the_pages_behind_it(changing: Gate) -> None:
    mine, query = own(changing.ids[0]), MINE
    whole = await walk(changing, mine, query, 100)
    first = await page(changing, mine, query, 2)
    row = {"platform": "WEBMAIL", "at": TODAY + timedelta(hours=1), "outcome": "SUCCEEDED", "unusual": False}
    async with changing.store.write() as connection:
        await connection.execute(insert(sign_ins).values(id=new_id(), customer_id=changing.ids[0], **row))
    second = await page(changing, mine, query, 2, first["pageInfo"]["endCursor"])
    assert [each["id"] for each in second["nodes"]] == whole[2:4]


async def test_nothing_is_a_page_too(gate: Gate) -> None:
    found = await page(gate, BILLING, ALL, 0)
    assert found["nodes"] == []
    assert found["pageInfo"] == {
        "hasNextPage": True, "hasPreviousPage": False, "startCursor": None, "endCursor": None
    }  # fmt: skip
    last = await page(gate, BILLING, ALL, 24)
    beyond = await page(gate, BILLING, ALL, 5, last["pageInfo"]["endCursor"])
    assert beyond["nodes"] == [] and beyond["pageInfo"]["hasNextPage"] is False


async def test_the_default_is_fifty_or_the_clients_most(gate: Gate) -> None:
    assert len((await page(gate, BILLING, ALL))["nodes"]) == 24
    assert len((await page(gate, grant(Purpose.INVOICING, max_page=3), ALL))["nodes"]) == 3


BAD = [
    (-1, None, "BAD_USER_INPUT"),
    (-(2**31), None, "BAD_USER_INPUT"),
    (101, None, "PAGE_TOO_LARGE"),
    (2**31 - 1, None, "PAGE_TOO_LARGE"),
    (1, "", "INVALID_CURSOR"),
    (1, "garbage", "INVALID_CURSOR"),
    (1, "é", "INVALID_CURSOR"),
    (1, b64encode(b"after:Query.customers:1").decode(), "INVALID_CURSOR"),
    (1, "A" * 34, "INVALID_CURSOR"),
    (1, "+" * 34, "INVALID_CURSOR"),
    (1, "A" * 10_000, "INVALID_CURSOR"),
]


@pytest.mark.parametrize(("n", "after", "code"), BAD)
async def test_a_page_that_is_not_one_is_a_typed_error(gate: Gate, n: int, after: str | None, code: str) -> None:
    answer = await gate.ask(ALL, BILLING, variables={"n": n, "after": after})
    assert answer.codes == [code], answer.raw
    assert answer.statements == ()
    assert after is None or len(after) < 8 or after not in answer.raw.decode()


@pytest.mark.parametrize("n", ["1.5", '"1"', "true", "2147483648", "[]", "{}"])
async def test_a_size_that_is_no_number_is_not_valid(gate: Gate, n: str) -> None:
    answer = await gate.ask(f"{{ customers(first: {n}) {{ nodes {{ id }} }} }}", BILLING)
    assert answer.codes == ["GRAPHQL_VALIDATION_FAILED"]


async def test_a_cursor_of_another_list_is_told_so_below_too(gate: Gate) -> None:
    query = "query ($after: String) { me { sessions(after: $after) { nodes { id } } } }"
    cursor = gate.cursor("Customer.signIns", 5, own(gate.ids[0]), descending=True)
    answer = await gate.ask(query, own(gate.ids[0]), variables={"after": cursor})
    assert answer.codes == ["INVALID_CURSOR"]
    assert answer.body["data"] == {"me": {"sessions": None}}, "the rest is answered"


async def test_a_cursor_is_for_its_client_its_customer_its_list_and_its_order(gate: Gate) -> None:
    """(G16) It reads on for whom it was made, and is refused with a typed error everywhere else, on both executors."""
    cursor = (await page(gate, BILLING, ALL, 2))["pageInfo"]["endCursor"]
    assert (await page(gate, BILLING, ALL, 2, cursor))["nodes"][0]["id"] == gate.id(2)
    mine = own(gate.ids[0])
    others = [
        gate.cursor("Query.customers", gate.ids[1], BILLING, descending=True),
        gate.cursor("Customer.signIns", gate.ids[1], BILLING),
        gate.id(1),
        cursor[:-1],
        cursor + "=",
        cursor[:-2] + ("AA" if cursor[-2:] != "AA" else "BA"),
        *(cursor[:place] + ("A" if cursor[place] != "A" else "B") + cursor[place + 1 :] for place in range(34)),
    ]
    asked = [(BILLING, each) for each in others]
    asked += [(grant(Purpose.INVOICING, client="another"), cursor), (mine, cursor)]
    for who, each in asked:
        answer = await gate.ask(ALL, who, variables={"n": 2, "after": each})
        assert answer.codes == ["INVALID_CURSOR"] and answer.statements == (), answer.raw
        compiled = await gate.ask("query ($after: String) { customers(after: $after) { pageInfo { endCursor } } }", who,
                                  variables={"after": each})  # fmt: skip
        assert compiled.codes == ["INVALID_CURSOR"]


BACK = f"query ($n: Int, $before: String) {{ customers(last: $n, before: $before) {{ {PAGE} }} }}"
MINE_BACK = f"query ($n: Int, $before: String) {{ me {{ signIns(last: $n, before: $before) {{ {PAGE} }} }} }}"


async def walk_back(gate: Gate, who: Any, query: str, n: int) -> list[str]:
    """From the end to the beginning; the ids in the order of the list."""
    seen: list[str] = []
    before = None
    while True:
        data = (await gate.ask(query, who, variables={"n": n, "before": before})).data
        found = data["me"]["signIns"] if "me" in data else data["customers"]
        assert found["pageInfo"]["hasNextPage"] is (before is not None)
        seen = [each["id"] for each in found["nodes"]] + seen
        if not found["pageInfo"]["hasPreviousPage"]:
            return seen
        assert len(found["nodes"]) == n
        before = found["pageInfo"]["startCursor"]


@pytest.mark.parametrize("n", [1, 5, 23, 24, 25])
async def test_the_way_back_visits_every_row_once_too(gate: Gate, n: int) -> None:
    assert await walk_back(gate, BILLING, BACK, n) == [gate.id(place) for place in range(len(gate.ids))]


@pytest.mark.parametrize("n", [1, 3, 100])
async def test_the_way_back_through_events_ends_at_the_newest(gate: Gate, n: int) -> None:
    mine = own(gate.ids[0])
    assert await walk_back(gate, mine, MINE_BACK, n) == await walk(gate, mine, MINE, 2)


async def test_a_page_lies_between_two_cursors(gate: Gate) -> None:
    cursors = [each["cursor"] for each in (await page(gate, BILLING, ALL, 24))["edges"]]
    query = "query ($n: Int, $a: String, $b: String) { customers(%s: $n, after: $a, before: $b) { nodes { id } } }"
    for end, expected in (("first", [3, 4]), ("last", [6, 7])):
        given = {"n": 2, "a": cursors[2], "b": cursors[8]}
        found = (await gate.ask(query % end, BILLING, variables=given)).data["customers"]["nodes"]
        assert [each["id"] for each in found] == [gate.id(place) for place in expected]


async def test_nested_pages_end_where_each_parent_ends(gate: Gate) -> None:
    query = """{ customers(first: 24) { nodes { id
      all: signIns(first: 50) { nodes { id } }
      signIns(last: 2) { nodes { id } pageInfo { hasPreviousPage hasNextPage } } } } }"""
    for each in (await gate.ask(query, grant(Purpose.ACCOUNT_SECURITY))).data["customers"]["nodes"]:
        assert each["signIns"]["nodes"] == each["all"]["nodes"][-2:]
        more = len(each["all"]["nodes"]) > 2
        assert each["signIns"]["pageInfo"] == {"hasPreviousPage": more, "hasNextPage": False}


async def test_a_page_is_counted_from_one_end(gate: Gate) -> None:
    for end in ("first: 1, last: 1", "last: -1"):
        answer = await gate.ask(f"{{ customers({end}) {{ nodes {{ id }} }} }}", BILLING)
        assert answer.codes == ["BAD_USER_INPUT"] and answer.statements == ()
    assert (await gate.ask("{ customers(last: 101) { nodes { id } } }", BILLING)).codes == ["PAGE_TOO_LARGE"]
    assert (await gate.ask('{ customers(before: "x") { nodes { id } } }', BILLING)).codes == ["INVALID_CURSOR"]


async def test_a_page_from_the_end_costs_its_size(gate: Gate) -> None:
    costs = []
    for end in ("first", "last"):
        asked = await gate.ask(f"{{ customers({end}: 7) {{ nodes {{ id }} }} }}", BILLING, extensions={"cost": True})
        costs.append(asked.body["extensions"])
    assert costs[0] == costs[1]
