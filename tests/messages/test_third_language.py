"""A third language is one catalogue file: pages, letters, reports and errors are in it, by the same templates."""

from __future__ import annotations

from collections.abc import Iterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from messages.catalogue import use
from messages.extraction import extract
from messages.po import template, written
from store.database.store import Store
from tests.promises.gate import Gate, own
from tests.signin.lobby import Lobby
from tests.signin.people import add_person
from tests.signin.web import Browser, Web, serving
from tests.stores import Databases
from tests.test_rooms import FLOORS, ROOT

WRONG = 'mutation { updateProfile(input: {phone: "12"}) { userErrors { code message } } }'
ONE_STORE = pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a catalogue of Arabic is, written from right to left with six plural forms; each message between marks."""
    catalogue = template(extract(ROOT / floor for floor in FLOORS), "ar")
    for entry in catalogue:
        if isinstance(entry.id, tuple):
            entry.string = tuple(f"«{entry.id[1]}»{form}" for form in range(6))
        elif entry.id:
            entry.string = f"«{entry.id}»"
    found = tmp_path_factory.mktemp("languages")
    path = found / "ar" / "LC_MESSAGES" / "gateway.po"
    path.parent.mkdir(parents=True)
    path.write_text(written(catalogue, "ar"), encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def web(databases: Databases, tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Web]:
    place = tmp_path_factory.mktemp("served")
    with serving("sqlite", databases, place, 1, GATEWAY_LANGUAGES=str(folder)) as found:
        yield found


@pytest.fixture
def spoken(folder: Path) -> Iterator[None]:
    """The same in this process."""
    use(folder)
    yield
    use()


def test_a_page(web: Web) -> None:
    """It is offered, chosen by the address or by the browser, and written from its side."""
    browser = Browser(web.replicas[0].url)
    page = unescape(browser.get("/sign-in?lang=ar").text)
    assert '<html lang="ar" dir="rtl">' in page and "«Forgot your password?»" in page
    assert 'hreflang="ar"' in browser.get("/sign-in?lang=en").text
    assert "«Password»" in unescape(browser.get("/sign-in", **{"accept-language": "ar-EG, fr;q=0.5"}).text)
    refused = unescape(browser.get("/oauth/authorize?client_id=nobody", **{"accept-language": "ar"}).text)
    assert "«This request cannot be answered»" in refused and 'dir="rtl"' in refused


def test_a_report(web: Web) -> None:
    """The privacy notice, which is made from the schema."""
    answer = httpx.get(f"{web.replicas[0].url}/privacy?lang=ar", timeout=60)
    text = unescape(answer.text)
    assert answer.headers["content-language"] == "ar"
    assert '<html lang="ar" dir="rtl">' in text and "«With whom we share personal data, and why»" in text
    assert "«To call you in an emergency, and for nothing else.»" in text and 'aria-label="«Contents»"' in text


def test_an_error_on_a_page(web: Web) -> None:
    browser = Browser(web.replicas[0].url)
    browser.get("/registrant?lang=ar")
    assert "«Write a domain name, such as example.ch.»" in unescape(browser.send(domain="no domain").text)


@pytest.mark.anyio
@pytest.mark.usefixtures("spoken")
@ONE_STORE
async def test_an_error_of_the_api(store: Store) -> None:
    gate = await Gate.of(store, 1)
    answer = await gate.ask(WRONG, own(gate.ids[0]), language="ar")
    (error,) = answer.data["updateProfile"]["userErrors"]
    assert error["message"] == "«Write the number with its country code, such as +41 21 …»"


@pytest.mark.anyio
@pytest.mark.usefixtures("spoken")
@ONE_STORE
async def test_a_letter(store: Store) -> None:
    """To a customer who reads it; with plural forms by the language's own rule."""
    lobby, person = Lobby(store), await add_person(store, locale="ar-EG")
    await lobby.resets.request("CLIENT_AREA", person.login, lobby.visitor, lobby.now)
    (letter,) = await lobby.letters(person)
    assert letter["language"] == "ar" and letter["subject"] == "«Choose a new password»"
    assert letter["text"].startswith("«Somebody, probably you") and "«client area»" in letter["text"]
    assert "«30 minutes»4" in letter["text"]
