"""What rests of a choice: an event with the sentence that was shown, in its language, from its place, at its time
(R12, R29, R48-R50)."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from policy.wordings import VERSION, wording
from store.database.store import Store
from store.tables.changes import customer_changes
from store.tables.consents import consents, cookie_choices
from store.tables.customers import customers
from tests.promises.gate import TODAY, Gate, own

pytestmark = pytest.mark.anyio

C, K = customers.c, consents.c
NEWS = (
    "mutation ($on: Boolean!) { setProductNews(input: {wanted: $on}) { customer { productNews } userErrors { code } } }"
)
COOKIES = """mutation ($in: ChooseCookiesInput!) { chooseCookies(input: $in) {
  customer { id } cookieChoice { measurement globalPrivacyControl } userErrors { code field } } }"""


@pytest.fixture
async def gate(store: Store) -> Gate:
    """Two customers who want news: one speaks French, of the other nobody knows what."""
    gate = await Gate.of(store, 2)
    async with store.write() as connection:
        await connection.execute(update(customers).values(product_news=True, locale="fr-CH"))
        await connection.execute(update(customers).where(C.id == gate.ids[1]).values(locale=None))
    return gate


async def news(gate: Gate, on: bool, place: int) -> Any:
    return (await gate.ask(NEWS, own(gate.ids[place]), variables={"on": on})).data["setProductNews"]


async def cookies(gate: Gate, place: int, **given: Any) -> Any:
    return (await gate.ask(COOKIES, own(gate.ids[place]), variables={"in": given})).data["chooseCookies"]


async def newest(gate: Gate, place: int, kind: str) -> Any:
    async with gate.store.write() as connection:
        mine = select(consents).where(K.customer_id == gate.ids[place], K.kind == kind).order_by(K.id.desc())
        return (await connection.execute(mine.limit(1))).one()


async def changes(gate: Gate, place: int) -> list[str]:
    """The fields of each change that the customer can see, oldest first."""
    async with gate.store.write() as connection:
        mine = select(customer_changes.c.fields).where(customer_changes.c.customer_id == gate.ids[place])
        return list((await connection.scalars(mine.order_by(customer_changes.c.id))).all())


async def as_shown(gate: Gate, place: int, kind: str, state: str, language: str, source: str) -> None:
    """The newest event is of the sentence that is shown in this language now."""
    event, shown = await newest(gate, place, kind), wording(kind, language)
    assert (event.state, event.source, event.at) == (state, source, TODAY)
    assert (event.wording_version, event.language) == (VERSION, language)
    assert bytes(event.wording_hash) == shown.hash


@pytest.mark.parametrize(("place", "language"), [(0, "fr"), (1, "en")])
async def test_news_are_given_and_taken_back_in_the_customer_s_language(gate: Gate, place: int, language: str) -> None:
    before = await changes(gate, place)
    for on, state in ((False, "WITHDRAWN"), (True, "GIVEN")):
        assert (await news(gate, on, place)) == {"customer": {"productNews": on}, "userErrors": []}
        await as_shown(gate, place, "PRODUCT_NEWS", state, language, "graphql/setProductNews")
    assert await changes(gate, place) == [*before, *['["Customer.productNews"]'] * 2]
    assert (await gate.ask("{ me { productNews } }", own(gate.ids[1 - place]))).data["me"]["productNews"] is True


@pytest.mark.parametrize(
    ("place", "said", "language"),
    [(0, {}, "fr"), (0, {"language": "de"}, "de"), (1, {}, "en"), (1, {"language": "it"}, "it")],
)
async def test_cookies_in_the_language_of_the_page_or_else_the_customer_s(
    gate: Gate, place: int, said: dict[str, str], language: str
) -> None:
    source, before = "graphql/chooseCookies", await changes(gate, place)
    chosen = await cookies(gate, place, measurement=True, wordingVersion=VERSION, **said)
    assert chosen["cookieChoice"] == {"measurement": True, "globalPrivacyControl": False}
    assert chosen["customer"] == {"id": gate.id(place)}
    await as_shown(gate, place, "COOKIE_MEASUREMENT", "GIVEN", language, source)
    assert (await cookies(gate, place, measurement=False, **said))["cookieChoice"]["measurement"] is False
    await as_shown(gate, place, "COOKIE_MEASUREMENT", "WITHDRAWN", language, source)
    assert await changes(gate, place) == [*before, *['["Customer.cookieChoice"]'] * 2]


async def test_a_choice_leaves_those_of_others_alone(gate: Gate) -> None:
    async with gate.store.write() as connection:
        await connection.execute(cookie_choices.delete())
    for place in (0, 1):
        await cookies(gate, place, measurement=True, wordingVersion=VERSION)
    await cookies(gate, 0, measurement=False)
    async with gate.store.write() as connection:
        rows = (await connection.execute(select(cookie_choices))).all()
    assert {(row.customer_id, row.measurement) for row in rows} == {(gate.ids[0], False), (gate.ids[1], True)}
    assert {(row.wording_version, row.chosen_at) for row in rows} == {(VERSION, TODAY)}


async def test_a_refusal_takes_back_what_was_given_once(gate: Gate) -> None:
    """R48: without a consent that stands there is nothing to take back, and each withdrawal is one event."""
    await cookies(gate, 0, measurement=True, wordingVersion=VERSION)
    for _ in range(3):
        await cookies(gate, 0, measurement=False)
    async with gate.store.write() as connection:
        mine = select(K.state).where(K.customer_id == gate.ids[0], K.kind == "COOKIE_MEASUREMENT").order_by(K.id)
        states = list((await connection.execute(mine)).scalars())
    assert states[-2:] == ["GIVEN", "WITHDRAWN"]


async def test_what_stands_is_the_newest_event_of_that_kind_and_customer(gate: Gate) -> None:
    """Another's consent, or one to something else, is not taken back by a refusal to measure."""
    async with gate.store.write() as connection:
        await connection.execute(consents.delete().where(K.kind == "COOKIE_MEASUREMENT"))
    await cookies(gate, 1, measurement=True, wordingVersion=VERSION)
    for on in (False, True):
        await news(gate, on, 0)
    await cookies(gate, 0, measurement=False)
    async with gate.store.write() as connection:
        measuring = select(K.customer_id, K.state).where(K.kind == "COOKIE_MEASUREMENT")
        assert [tuple(row) for row in await connection.execute(measuring)] == [(gate.ids[1], "GIVEN")]
    assert (await newest(gate, 0, "PRODUCT_NEWS")).state == "GIVEN"


async def test_who_is_gone_chooses_nothing(gate: Gate) -> None:
    await gate.store.keys.destroy(gate.ids[0])
    assert (await news(gate, False, 0))["userErrors"] == [{"code": "NOT_FOUND"}]
    assert (await cookies(gate, 0, measurement=False))["userErrors"] == [{"code": "NOT_FOUND", "field": []}]
