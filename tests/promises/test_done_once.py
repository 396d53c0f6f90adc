"""A command is carried out once, whichever executor shows what became of it, and one after the other."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from store.tables.customers import customers
from tests.promises.gate import Gate, own

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("executor", ["compiled"], indirect=True)]

C = customers.c
CHANGE = """mutation ($in: UpdateProfileInput!) { updateProfile(input: $in) {
  __typename customer { version locale phone } userErrors { __typename code field message } } }"""
TWO = """mutation { a: updateProfile(input: {locale: "fr"}) { customer { version locale } }
  b: updateProfile(input: {locale: "de"}) { customer { version locale } } }"""


async def test_a_compiled_change_answers_as_graphql_core_does(changing: Gate) -> None:
    who, api = own(changing.ids[0]), changing.api
    for given in ({"locale": "fr"}, {"phone": "none", "givenName": " "}, {"ifVersion": 99, "locale": "it"}):
        before = api.counts["compiled"]
        compiled = (await changing.ask(CHANGE, who, variables={"in": given})).data
        assert api.counts["compiled"] == before + 1
        for ready in [each for known in api._memory._ad_hoc.values() for each in known.plans.values()]:
            object.__setattr__(ready, "compiled", None)
        standard = (await changing.ask(CHANGE, who, variables={"in": given})).data
        api._memory._ad_hoc.clear()
        assert standard == compiled, "what is as it was already is no second change"
    assert compiled["updateProfile"]["customer"]["version"] == 2, "a conflict shows the present object"


async def test_one_after_the_other_each_shows_its_own_state(changing: Gate) -> None:
    data = (await changing.ask(TWO, own(changing.ids[0]))).data
    assert data == {
        "a": {"customer": {"version": 2, "locale": "fr"}},
        "b": {"customer": {"version": 3, "locale": "de"}},
    }
    assert changing.api.counts["compiled"] == 1


async def test_what_was_done_is_not_done_again_when_its_answer_has_to_be_made_again(changing: Gate) -> None:
    async with changing.store.write() as connection:
        await connection.execute(
            update(customers).where(C.id == changing.ids[0]).values(phone=b"\x01" + b"damaged" * 9)
        )
    answer = await changing.ask(CHANGE, own(changing.ids[0]), variables={"in": {"locale": "fr"}})
    assert answer.codes == ["DATA_DAMAGED"]
    assert answer.body["data"]["updateProfile"]["customer"] == {"version": 2, "locale": "fr", "phone": None}
    assert not changing.api.counts["compiled"]
