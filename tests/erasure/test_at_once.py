"""What rests on consent goes at once, also while services run; a change of address is told to both (A10, R31, R55)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import func, select

from policy.wordings import VERSION
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.payments import card_vault
from tests.erasure.house import REQUEST, House
from tests.promises.gate import own

pytestmark = pytest.mark.anyio

ASK = REQUEST.replace("receipt", "receipt erasedNow stays")
CARD = """mutation ($version: String!, $number: String!) { addCard(input: {number: $number, expMonth: 11, expYear: 2031,
  consent: {agreed: true, wordingVersion: $version, language: "en"}}) { card { id } userErrors { code } } }"""
PHONE = 'mutation { updateProfile(input: {phone: "+41210000001"}) { userErrors { code } } }'
NEWS = "mutation { setProductNews(input: {wanted: true}) { userErrors { code } } }"
COOKIES = """mutation ($version: String!) { chooseCookies(input: {measurement: true, wordingVersion: $version}) {
  userErrors { code } } }"""
MOVE = 'mutation { requestEmailChange(input: {email: "new@example.org"}) { userErrors { code } } }'
CONFIRM = "mutation ($token: String!) { confirmEmailChange(input: {token: $token}) { userErrors { code } } }"


async def vault(house: House) -> int:
    """How many numbers rest in it, of the first customer."""
    async with house.store.write() as connection:
        count = select(func.count()).where(card_vault.c.customer_id == house.gate.ids[0])
        return int(await connection.scalar(count) or 0)


async def full(house: House) -> None:
    """The first customer has agreed to everything there is, by the API."""
    assert (await house.ask(PHONE, 0))["userErrors"] == []
    assert (await house.ask(NEWS, 0))["userErrors"] == []
    assert (await house.ask(COOKIES, 0, version=VERSION))["userErrors"] == []
    assert (await house.ask(CARD, 0, version=VERSION, number="4539578763621437"))["userErrors"] == []


@pytest.mark.parametrize("wait", [False, True])
async def test_card_news_measuring_and_phone_go_now_and_the_rest_stays_with_reasons(house: House, wait: bool) -> None:
    """A10: refused or armed, it makes no difference; GDPR Art. 12(4) is told in the answer and by letter."""
    await full(house)
    assert await vault(house) >= 1
    said = await house.ask(ASK, 0, wait=wait)
    assert said["erasedNow"] == ["Customer.cards", "Customer.productNews", "Customer.cookieChoice", "Customer.phone"]
    assert said["erasure"]["state"] == ("ARMED" if wait else "REFUSED") and said["receipt"]
    assert any("Art. 77" in each and "Art. 79" in each for each in said["stays"])
    assert await vault(house) == 0
    async with house.store.write() as connection:
        row = (await connection.execute(select(customers).where(customers.c.id == house.gate.ids[0]))).one()
        newest = select(func.max(consents.c.id)).where(consents.c.customer_id == row.id).group_by(consents.c.kind)
        states = (
            await connection.execute(select(consents.c.kind, consents.c.state).where(consents.c.id.in_(newest)))
        ).all()
    assert row.phone is None and row.product_news is False and row.email is not None
    assert {state for _, state in states} == {"WITHDRAWN"}
    assert len(await house.running(0)) > 0
    (letter,) = [each for each in await house.letters() if "Art. 77" in each["text"] or "art. 77" in each["text"]]
    assert letter["to"] == house.gate.people[0].email
    again = await house.ask(ASK, 0, wait=wait)
    assert again["erasedNow"] == [] and again["receipt"] == said["receipt"]
    assert len(await house.rows(0)) == 1


async def test_a_refused_request_stays_on_record_and_a_later_one_is_accepted(house: House) -> None:
    """R31: it is shown to the customer, and stands in the way of nothing."""
    await house.ask(ASK, 0)
    await house.end_services(0)
    said = await house.ask(ASK, 0)
    assert (said["erasure"]["state"], said["erasedNow"], said["stays"]) == ("SCHEDULED", [], [])
    shown = await house.gate.ask("{ me { erasures { nodes { state } } } }", own(house.gate.ids[0]))
    assert sorted(each["state"] for each in shown.data["me"]["erasures"]["nodes"]) == ["REFUSED", "SCHEDULED"]


async def test_a_change_of_address_after_the_request_is_told_to_both(house: House) -> None:
    """R55: whoever took the account over cannot move the letters away in silence."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    assert (await house.ask(MOVE, 0))["userErrors"] == []
    token = found_token([each for each in await house.letters() if each["to"] == "new@example.org"])
    assert (await house.ask(CONFIRM, 0, token=token))["userErrors"] == []
    told = [each["to"] for each in await house.letters() if "/erasures/" in each["text"]]
    assert sorted(told[-2:]) == sorted([house.gate.people[0].email, "new@example.org"])
    assert (await house.told()).count("ADDRESS_CHANGED") == 2
    assert (await house.row(0)).state == "SCHEDULED"


def found_token(letters: list[dict[str, Any]]) -> str:
    """The secret in the link of the newest of them."""
    found = re.search(r"\?t=(\S+)", letters[-1]["text"])
    assert found is not None
    return found.group(1)
