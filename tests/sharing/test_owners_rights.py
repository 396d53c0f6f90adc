"""An owner who is no customer sees, takes along and has erased what is held about them (R52; GDPR Art. 15, 17)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import update
from starlette.applications import Starlette

from gateway.api.rdap import list_routes as rdap_routes
from gateway.signin.frame.cookies import Cookies
from gateway.signin.frame.services import SignInServices
from gateway.signin.routes import list_routes
from policy.purposes import Purpose
from resolvers.commands.dependencies import SignInDependencies, Times
from resolvers.registrants.sweeping import DueOwners
from store.database.store import Store
from store.links.registrant_links import RegistrantLink
from store.tables.domains import domains
from tests.promises.gate import Gate, grant, own
from tests.sharing.owners import (
    NAME,
    OWNER,
    change,
    confirmed,
    end,
    key_of,
    letters,
    resting,
)
from workers.retention.worker import Sweeper

pytestmark = pytest.mark.anyio

DETAILS = ("registrant_name", "registrant_address", "registrant_email", "registrant_phone")


@pytest.fixture
async def gate(store: Store) -> Gate:
    return await Gate.of(store, 2)


@pytest.fixture
async def browser(gate: Gate) -> AsyncIterator[httpx.AsyncClient]:
    """A stranger's browser, at the pages of one replica."""
    means = SignInDependencies(times=Times(refusal=timedelta(0)))
    house = SignInServices(gate.store, means, gate.api, Cookies(secure=False), (), gate.clock)
    app = Starlette(routes=[*list_routes(house), *rdap_routes(gate.api, gate.clock, "https://rdap.example")])
    transport = httpx.ASGITransport(app, client=("192.0.2.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://house", params={"lang": "en"}) as client:
        yield client


async def send(browser: httpx.AsyncClient, page: httpx.Response, number: int = 0, **typed: str) -> httpx.Response:
    """Fill in a form of the page."""
    form = re.findall(r'<form method="post" action="([^"]+)".*?</form>', page.text, re.S)
    whole = re.findall(r"<form.*?</form>", page.text, re.S)[number]
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', whole))
    return await browser.post(form[number], data=hidden | typed)


async def asked(browser: httpx.AsyncClient, name: str = NAME) -> httpx.Response:
    return await send(browser, await browser.get("/registrant"), domain=name)


async def opened(gate: Gate, browser: httpx.AsyncClient) -> httpx.Response:
    """The page of the link in the newest message."""
    await asked(browser)
    return await browser.get("/registrant/data", params={"t": await secret(gate), "lang": "en"})


async def secret(gate: Gate) -> str:
    for letter in reversed(await letters(gate)):
        if found := re.search(r"/registrant/data\?t=(\S+)", letter["text"]):
            return found[1]
    raise AssertionError("no message has a link")


async def sweep(gate: Gate) -> int:
    async def nothing(_: Any) -> int:
        return 0

    owners = DueOwners(gate.store, SignInDependencies()).erase
    return await Sweeper(gate.store, nothing, gate.clock, owners=owners).step()


async def test_the_owner_sees_everything_and_where_it_went(gate: Gate, browser: httpx.AsyncClient) -> None:
    domain = await confirmed(gate)
    query = "query ($id: ID!) { node(id: $id) { ... on Domain { name registrant { name } } } }"
    await change(gate, domain, registrantKind="LEGAL_PERSON", registrant={})  # under .fr: published
    await gate.ask(query, grant(Purpose.DOMAIN_REGISTRATION), variables={"id": domain})
    page = await opened(gate, browser)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    for part in (NAME, OWNER["name"], OWNER["email"], "+41215550102", "1003 Lausanne", "AFNIC", "customer who keeps"):
        assert str(part) in page.text, part
    taken = await browser.get("/registrant/data", params={"t": await secret(gate), "form": "json"})
    assert "attachment" in taken.headers["content-disposition"]
    held = taken.json()
    assert held["domain"]["registrant"]["name"] == OWNER["name"] and held["published"]["email"] is True
    assert {each["recipientName"] for each in held["disclosures"]} == {"AFNIC"}
    assert "Registrant.name" in held["disclosures"][0]["fields"]
    assert gate.people[0].email not in page.text + taken.text, "the customer is somebody else"


async def test_the_customer_sees_that_it_was_read(gate: Gate, browser: httpx.AsyncClient) -> None:
    await confirmed(gate)
    await opened(gate, browser)
    entry = (await gate.entries())[-1]
    assert entry["client"] == "registrant-link" and "Registrant.email" in entry["fields"]


async def test_whoever_asks_is_told_the_same_in_any_case(gate: Gate, browser: httpx.AsyncClient) -> None:
    """S8: the link goes to the owner alone, and only so often."""
    await confirmed(gate)
    pages = [(await asked(browser, name)).text for name in (NAME, "nobody.example", *[NAME] * 4)]
    masked = {re.sub(r'value="[^"]*"', "", page) for page in pages}
    assert len(masked) == 1
    sent = [each for each in await letters(gate) if "/registrant/data" in each["text"]]
    assert {each["to"] for each in sent} == {OWNER["email"]} and len(sent) == 3
    page = await send(browser, await browser.get("/registrant"), domain="no name")
    assert page.status_code == 422 and "example.ch" in page.text


async def test_a_link_opens_for_an_hour_and_for_the_address_it_went_to(gate: Gate, browser: httpx.AsyncClient) -> None:
    domain = await confirmed(gate)
    assert (await opened(gate, browser)).status_code == 200
    link = await secret(gate)

    async def status(text: str) -> int:
        return (await browser.get("/registrant/data", params={"t": text})).status_code

    forged = "A" + link[1:] if link[0] != "A" else "B" + link[1:]
    assert [await status(each) for each in (forged, link[:-1], "", "é", link + "x", "A" * 46)] == [410] * 6
    gate.clock.now += timedelta(minutes=61)
    assert await status(link) == 410
    gate.clock.now -= timedelta(minutes=61)
    await change(gate, domain, registrant={"email": "other@atelier.example"})
    assert await status(link) == 410
    found = RegistrantLink.read(link)
    assert found is not None and found.domain == key_of(gate, domain)


async def test_of_a_domain_that_is_registered_the_owner_waits_and_consent_ends_at_once(
    gate: Gate, browser: httpx.AsyncClient
) -> None:
    """A10: under .fr nothing of a person need be published."""
    domain = await confirmed(gate)
    async with gate.store.write() as connection:
        of = domains.c.id == key_of(gate, domain)
        await connection.execute(update(domains).where(of).values(hide_name=False, hide_email=False))
    page = await send(browser, await opened(gate, browser))
    assert "as soon as the domain has ended" in page.text
    row = await resting(gate, domain)
    assert row["registrant_erasure_at"] is not None and row["hide_name"] and row["hide_email"]
    assert all(row[each] is not None for each in DETAILS)
    assert await sweep(gate) == 0 and (await resting(gate, domain))["registrant_name"] is not None
    query = "query ($id: ID!) { node(id: $id) { ... on Domain { registrant { erasureRequestedAt } } } }"
    told = await gate.ask(query, own(gate.ids[0]), variables={"id": domain})
    assert told.data["node"]["registrant"]["erasureRequestedAt"]


async def test_when_the_domain_ends_the_owner_goes_and_is_told(gate: Gate, browser: httpx.AsyncClient) -> None:
    """Once, whoever sweeps; and the domain stays the customer's."""
    domain = await confirmed(gate)
    await send(browser, await opened(gate, browser))
    await end(gate, domain)
    assert [await sweep(gate), await sweep(gate)] == [1, 0]
    row = await resting(gate, domain)
    assert [row[each] for each in DETAILS] == [None] * 4 and row["registrant_erasure_at"] is None
    last = (await letters(gate))[-1]
    assert last["to"] == OWNER["email"] and "effacées" in last["text"]
    told = await browser.get(f"/rdap/domain/{NAME}")
    assert told.status_code == 404 and OWNER["name"] not in told.text, (
        "a registration that has ended is published no more"
    )


async def test_of_a_domain_that_has_ended_the_owner_goes_at_once(gate: Gate, browser: httpx.AsyncClient) -> None:
    domain = await confirmed(gate)
    page = await opened(gate, browser)
    await end(gate, domain)
    done = await send(browser, page)
    assert "are erased" in done.text and (await resting(gate, domain))["registrant_email"] is None
    assert (await browser.get("/registrant/data", params={"t": await secret(gate)})).status_code == 410


async def test_it_can_be_called_off_and_ends_with_the_owner(gate: Gate, browser: httpx.AsyncClient) -> None:
    domain = await confirmed(gate)
    page = await send(browser, await opened(gate, browser))
    page = await send(browser, page)
    assert "Erase me" in page.text and (await resting(gate, domain))["registrant_erasure_at"] is None
    await send(browser, page)
    assert (await resting(gate, domain))["registrant_erasure_at"] is not None
    await change(gate, domain, registrant={"name": "Somebody Else", "email": "else@atelier.example"})
    assert (await resting(gate, domain))["registrant_erasure_at"] is None, "who asked is not the owner any more"


async def test_a_form_of_another_site_does_nothing(gate: Gate, browser: httpx.AsyncClient) -> None:
    """G3."""
    domain = await confirmed(gate)
    await opened(gate, browser)
    browser.cookies.clear()
    page = await browser.post("/registrant/data", data={"t": await secret(gate), "do": "erase", "form": "x"})
    assert page.status_code == 403 and (await resting(gate, domain))["registrant_erasure_at"] is None
