"""News and cookies are chosen at any time, with effect at once (R12, R13, R28, R29, R50)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update

from policy.purposes import Purpose
from policy.wordings import VERSION
from store.database.store import Store
from store.links.unsubscribing import unsubscribe_token, unsubscriber
from store.registers.webhooks import webhooks
from store.tables.consents import consents, cookie_choices
from store.tables.customers import customers
from store.tables.outbox import outbox
from store.tables.restrictions import objections, rights_events
from tests.promises.gate import TODAY, Gate, grant, own

pytestmark = pytest.mark.anyio

NEWS = (
    "mutation ($on: Boolean!) { setProductNews(input: {wanted: $on}) { customer { productNews } userErrors { code } } }"
)
COOKIES = """mutation ($in: ChooseCookiesInput!) { chooseCookies(input: $in) {
  cookieChoice { measurement expiresAt globalPrivacyControl wordingVersion } userErrors { code field } } }"""
SENDING = "{ customers(first: 9) { nodes { id email unsubscribeUrl } } }"


@pytest.fixture
async def gate(store: Store) -> Gate:
    """Three customers who all want news."""
    gate = await Gate.of(store, 3)
    async with store.write() as connection:
        await connection.execute(update(customers).values(product_news=True))
    return gate


async def reached(gate: Gate) -> list[dict[str, Any]]:
    """Whom a campaign can write to at this moment."""
    answer = await gate.ask(SENDING, grant(Purpose.PRODUCT_NEWS))
    found: list[dict[str, Any]] = answer.data["customers"]["nodes"]
    return found


async def switch(gate: Gate, on: bool, place: int = 0) -> Any:
    return (await gate.ask(NEWS, own(gate.ids[place]), variables={"on": on})).data["setProductNews"]


async def recorded(gate: Gate, kind: str, place: int = 0) -> list[tuple[str, str]]:
    async with gate.store.write() as connection:
        mine = select(consents.c.state, consents.c.source).where(
            consents.c.customer_id == gate.ids[place], consents.c.kind == kind
        )
        return [tuple(row) for row in await connection.execute(mine.order_by(consents.c.id))]  # type: ignore[misc]


async def test_switched_off_the_address_is_not_there_at_send_time(gate: Gate) -> None:
    """R12, R50: no list that was built before counts, since each sending reads the address anew."""
    before = await recorded(gate, "PRODUCT_NEWS")
    assert gate.id(0) in [each["id"] for each in await reached(gate)]
    assert (await switch(gate, False)) == {"customer": {"productNews": False}, "userErrors": []}
    assert sorted(each["id"] for each in await reached(gate)) == sorted([gate.id(1), gate.id(2)])
    await switch(gate, True)
    assert len(await reached(gate)) == 3
    assert [state for state, _ in (await recorded(gate, "PRODUCT_NEWS"))[len(before) :]] == ["WITHDRAWN", "GIVEN"]


async def test_saying_it_twice_changes_nothing(gate: Gate) -> None:
    await switch(gate, False)
    once = await recorded(gate, "PRODUCT_NEWS")
    await switch(gate, False)
    assert await recorded(gate, "PRODUCT_NEWS") == once


async def test_each_message_can_carry_an_address_that_stops_it(gate: Gate) -> None:
    """R13: the address names nobody, and nobody can make one for another."""
    house = gate.store.keys.system
    for each in await reached(gate):
        base, _, token = each["unsubscribeUrl"].rpartition("/")
        assert base.endswith("/unsubscribe") and each["email"] not in each["unsubscribeUrl"]
        found = await unsubscriber(house, token)
        assert found is not None and each["id"] == gate.id(list(gate.ids).index(found))
        for wrong in (token[:-1], "A" + token[1:], token + "AAAA", "", "%"):
            assert await unsubscriber(house, wrong) is None or wrong == token
    assert await unsubscribe_token(house, gate.ids[0]) == await unsubscribe_token(house, gate.ids[0])


async def test_only_who_may_write_news_gets_that_address(gate: Gate) -> None:
    answer = await gate.ask("{ customers(first: 1) { nodes { unsubscribeUrl } } }", grant(Purpose.INVOICING))
    assert {each["coordinate"] for each in answer.errors} == {"Customer.unsubscribeUrl"}


async def choose(gate: Gate, **given: Any) -> Any:
    return (await gate.ask(COOKIES, own(gate.ids[0]), variables={"in": given})).data["chooseCookies"]


async def test_a_choice_of_cookies_holds_for_six_months(gate: Gate) -> None:
    """R28, R29: with the version that was shown, and what the browser said."""
    found = await choose(gate, measurement=True, wordingVersion=VERSION, language="fr", globalPrivacyControl=True)
    assert found["userErrors"] == []
    assert found["cookieChoice"] == {
        "measurement": True, "expiresAt": "2027-05-23T00:00:00Z", "globalPrivacyControl": True,
        "wordingVersion": VERSION,
    }  # fmt: skip
    assert (await choose(gate, measurement=False))["cookieChoice"]["measurement"] is False
    assert [state for state, _ in (await recorded(gate, "COOKIE_MEASUREMENT"))[-2:]] == ["GIVEN", "WITHDRAWN"]
    async with gate.store.write() as connection:
        mine = select(cookie_choices).where(cookie_choices.c.customer_id == gate.ids[0])
        assert len((await connection.execute(mine)).all()) == 1


async def test_nobody_accepts_a_sentence_they_never_saw(gate: Gate) -> None:
    for version in (None, "2019-01"):
        found = await choose(gate, measurement=True, wordingVersion=version)
        assert found["userErrors"] == [{"code": "WORDING_OUTDATED", "field": ["wordingVersion"]}]
    query = "mutation { chooseCookies(input: {measurement: true}) { userErrors { message } } }"
    ((told,),) = [each["userErrors"] for each in (await gate.ask(query, own(gate.ids[0]))).data.values()]
    assert told["message"] == "The text has changed: show the present one and ask again."


async def test_whoever_wants_news_again_takes_their_objection_back(gate: Gate) -> None:
    """(R12) On record as the customer's own act; another's objection stands."""
    query = "mutation { objectTo(input: {purpose: PRODUCT_NEWS}) { userErrors { code } } }"
    for place in (0, 1):
        who = own(gate.ids[place], authenticated_at=int(TODAY.timestamp()))
        assert (await gate.ask(query, who)).data["objectTo"]["userErrors"] == []
    await switch(gate, True)
    async with gate.store.write() as connection:
        assert (await connection.scalars(select(objections.c.customer_id))).all() == [gate.ids[1]]
        newest = select(rights_events).where(rights_events.c.customer_id == gate.ids[0])
        event = (await connection.execute(newest.order_by(rights_events.c.id.desc()).limit(1))).one()
    assert (event.event, event.purpose, event.actor) == ("WITHDRAWN", "PRODUCT_NEWS", "CUSTOMER")
    assert (event.staff, event.reference, event.at) == (None, None, TODAY)
    assert gate.id(0) in [each["id"] for each in await reached(gate)]


async def test_a_refusal_without_a_consent_withdraws_nothing(gate: Gate) -> None:
    before = await recorded(gate, "COOKIE_MEASUREMENT", 1)
    query = "mutation { chooseCookies(input: {measurement: false}) { userErrors { code } } }"
    for _ in range(2):
        await gate.ask(query, own(gate.ids[1]))
    after = await recorded(gate, "COOKIE_MEASUREMENT", 1)
    assert after in (before, [*before, after[-1]] if before and before[-1][0] == "GIVEN" else before)


async def test_internal_systems_are_told_in_the_same_transaction(gate: Gate) -> None:
    """Effects and data commit together; what is told names ids and words, and no value."""
    row = {"id": 7, "name": "crm", "url": "https://crm.example/h", "events": "[]", "secret": b"x", "created_at": TODAY}
    async with gate.store.write() as connection:
        await connection.execute(webhooks.insert().values(row))
    await switch(gate, False)
    await choose(gate, measurement=True, wordingVersion=VERSION)
    async with gate.store.write() as connection:
        waiting = (await connection.execute(select(outbox).order_by(outbox.c.id))).all()
    (key,) = await gate.store.keys.subjects([gate.ids[0]])
    assert key is not None
    told = [orjson.loads(key.open(outbox.c.payload, each.id, each.payload)) for each in waiting]
    assert [each["type"] for each in told] == ["consent.withdrawn", "cookies.changed", "consent.given"]
    assert told[0]["data"]["kind"] == "PRODUCT_NEWS" and told[1]["data"]["measurement"] is True
    assert all(each.created_at - TODAY < timedelta(days=1) for each in waiting)
