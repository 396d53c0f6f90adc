"""What a request erased at once, and what stays and why, is told as its status, too (A10, GDPR Art. 12(4))."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.routing import Router

from gateway.api.receipts import list_routes
from gateway.http.middleware import LastResort
from messages.catalogue import translate
from resolvers.erasure.consents import STAYS
from store.links.receipts import receipt_of
from tests.erasure.house import REQUEST, House
from tests.erasure.test_at_once import NEWS, PHONE
from tests.promises.gate import own

pytestmark = pytest.mark.anyio
MINE = "{ me { erasures { nodes { state erasedNow } } } }"


async def shown(house: House) -> list[Any]:
    """As the customer sees it, after however long."""
    found: list[Any] = (await house.gate.ask(MINE, own(house.gate.ids[0]))).data["me"]["erasures"]["nodes"]
    return found


async def told(house: House, language: str) -> Any:
    """As whoever has the receipt sees it."""
    receipt = await receipt_of(house.store.keys.system, (await house.row(0)).id)
    app = LastResort(Router(routes=list_routes(house.store)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        return (await http.get(f"/erasures/{receipt}", headers={"accept-language": language})).json()


async def test_the_status_says_what_went_and_what_stays(house: House) -> None:
    assert (await house.ask(PHONE, 0))["userErrors"] == []
    await house.ask(REQUEST, 0, wait=True)
    first = (await shown(house))[0]["erasedNow"]
    assert "Customer.phone" in first
    assert (await house.ask(NEWS, 0))["userErrors"] == []
    await house.ask(REQUEST, 0, wait=True)
    (each,) = await shown(house)
    assert each["state"] == "ARMED" and {*first, "Customer.productNews"} == set(each["erasedNow"])
    for language in ("en", "fr"):
        status = await told(house, language)
        assert (
            status["stays"] == [translate(each, language) for each in STAYS]
            and status["erasedNow"] == each["erasedNow"]
        )


async def test_a_request_that_erased_nothing_at_once_says_nothing_of_it(house: House) -> None:
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    assert await shown(house) == [{"state": "SCHEDULED", "erasedNow": None}]
    status = await told(house, "en")
    assert status["erasedNow"] == [] and "stays" not in status, "nothing stays: everything goes"


async def test_people_read_a_page_in_their_language(house: House) -> None:
    """What the letter's link opens: state, dates, what went and what stays, and nobody's name."""
    await house.ask(PHONE, 0)
    await house.ask(REQUEST, 0, wait=True)
    receipt = await receipt_of(house.store.keys.system, (await house.row(0)).id)
    app = LastResort(Router(routes=list_routes(house.store, "Lakeside Hosting")))
    html = {"accept": "text/html,*/*;q=0.8"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        english = (await http.get(f"/erasures/{receipt}", headers=html)).text
        french = (await http.get(f"/erasures/{receipt}?lang=fr", headers=html)).text
        assert (await http.get(f"/erasures/{receipt}", headers={"accept": "*/*"})).json()["state"] == "ARMED"
    assert "It waits for the end of your services" in english and "Your phone number" in english
    assert "Il attend la fin de vos services" in french and "Votre numéro de téléphone" in french
    assert "art. 77" in french.lower() and "ARMED" not in english and "Customer." not in english
