"""Apps on `/security` and in the client area: the same are listed, and each ends with one step (O10, S6, Art. 7(3))."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from gateway.http.pages import page_documents
from gateway.signin.frame.words import WORDS
from messages.catalogue import translate
from policy.app_scopes import AppScope
from policy.purposes import Purpose
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from store.database.store import Store
from tests.signin.people import Person
from tests.signin.web import Browser, Web, serving
from tests.stores import Databases

BACK = "https://budget.example/back"
SCOPES = (AppScope.INVOICES_READ, AppScope.PROFILE_READ)
NUMBERS = count(1)


async def register(store: Store) -> None:
    terms: dict[str, Any] = {
        "kind": ClientKind.APP,
        "purposes": frozenset({Purpose.SELF_SERVICE}),
        "redirect_uris": (BACK,),
    }
    shared = frozenset(each.scope for each in SCOPES)
    for new in (
        NewClient(id="budget", name="Budget <planner>", actions=shared, **terms),
        NewClient(id="phone", name="Our phone app", first_party=True, **terms),
    ):
        await ClientRegistrar(store).create(new, datetime.now(UTC))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def web(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    with serving(request.param, databases, tmp_path_factory.mktemp("apps"), replicas=2) as found:
        found.on_store(register)
        yield found


@pytest.fixture
def person(web: Web) -> Person:
    return web.add(1)[0]


@pytest.fixture
def browser(web: Web, person: Person) -> Browser:
    """Signed in."""
    found = Browser(web.replicas[0].url, f"198.51.100.{next(NUMBERS)}")
    found.sign_in(person)
    return found


def tokens(browser: Browser, client: str) -> dict[str, Any]:
    """Through the browser: the authorization page, consent where it is asked for, and the code's redemption."""
    verifier = secrets.token_urlsafe(40)
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    asked = {"response_type": "code", "client_id": client, "redirect_uri": BACK, "code_challenge": digest}
    sent = browser.get(f"/oauth/authorize?{urlencode(asked | {'code_challenge_method': 'S256'})}")
    if sent.status_code == 200:
        for each in SCOPES:
            assert each.text in unescape(sent.text)
        sent = browser.send(decision="allow")
    (code,) = parse_qs(urlsplit(sent.headers["location"]).query)["code"]
    form = {"grant_type": "authorization_code", "client_id": client, "code": code, "redirect_uri": BACK}
    answer = httpx.post(f"{browser.url}/oauth/token", data=form | {"code_verifier": verifier})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def ask(url: str, token: str, query: str, **variables: Any) -> httpx.Response:
    sent = {"query": query, "variables": variables}
    return httpx.post(f"{url}/graphql", json=sent, headers={"authorization": f"Bearer {token}"})


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_page_tells_what_was_allowed_and_takes_it_back(web: Web, browser: Browser, language: str) -> None:
    """O10: in one step, without asking again; the token ends with the next request at another replica."""
    found, ours = tokens(browser, "budget"), tokens(browser, "phone")
    text = unescape(browser.get(f"/security?lang={language}").text)
    assert "Budget <planner>" in text and "Our phone app" in text and WORDS.say(language, "apps") in text
    assert all(translate(each.text, language) in text for each in SCOPES)
    other = web.replicas[1].url
    assert ask(other, found["access_token"], "{ me { fullName } }").status_code == 200
    press(browser, "/security/apps/withdraw")
    refused = ask(other, found["access_token"], "{ me { fullName } }")
    assert refused.status_code == 401
    form = {"grant_type": "refresh_token", "client_id": "budget", "refresh_token": found["refresh_token"]}
    assert httpx.post(f"{other}/oauth/token", data=form).json()["error"] == "invalid_grant"
    assert "Budget <planner>" not in unescape(browser.get("/security").text)
    assert ask(other, ours["access_token"], "{ me { fullName } }").status_code == 200
    press(browser, "/security/apps/end")
    assert ask(other, ours["access_token"], "{ me { fullName } }").status_code == 401
    assert "Our phone app" not in browser.get("/security").text


def press(browser: Browser, action: str) -> None:
    """The first button of the page that leads there."""
    page = browser.get("/security").text
    form = re.search(rf'<form method="post" action="{action}[^"]*".*?</form>', page, re.S)
    assert form is not None, page
    hidden = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group(0))
    sent = browser.post(action, {name: unescape(value) for name, value in hidden})
    assert sent.status_code == 303, sent.text


def test_the_client_area_lists_the_same(browser: Browser) -> None:
    """Its document, asked by an app of ours, names the apps and sessions that the page does."""
    tokens(browser, "budget")
    mine = tokens(browser, "phone")["access_token"]
    me = ask(browser.url, mine, page_documents()["Apps"], after=None).json()["data"]["me"]
    page = unescape(browser.get("/security").text)
    allowed = [each for each in me["authorizedApps"] if not each["withdrawnAt"]]
    assert [each["name"] for each in allowed] == ["Budget <planner>"]
    assert allowed[0]["scopes"] == [each.name for each in AppScope if each in SCOPES]
    ids = [each["id"] for each in (*allowed, *me["appSessions"]["nodes"])]
    assert len(ids) == 3 and all(f'value="{id_}"' in page for id_ in ids)


def test_what_is_somebody_elses_is_not_found(web: Web, browser: Browser) -> None:
    """D6."""
    tokens(browser, "budget")
    page = browser.get("/security").text
    (theirs,) = set(re.findall(r'action="/security/apps/withdraw".*?name="id" value="([^"]+)"', page, re.S))
    stranger = Browser(web.replicas[0].url, f"198.51.100.{next(NUMBERS)}")
    stranger.sign_in(web.add(1)[0])
    text = stranger.get("/security").text
    for action in ("/security/apps/withdraw", "/security/apps/end"):
        hidden = re.search(r'<form method="post" action="/security[^"]*".*?</form>', text, re.S)
        assert hidden is not None
        fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', hidden.group(0)))
        assert stranger.post(action, fields | {"id": theirs}).status_code == 422
    assert "Budget" in browser.get("/security").text


def test_signing_out_everywhere_else_ends_the_apps_let_in_there(web: Web, browser: Browser, person: Person) -> None:
    """R41."""
    there = Browser(web.replicas[1].url, f"198.51.100.{next(NUMBERS)}")
    there.sign_in(person)
    found, mine = tokens(there, "budget"), tokens(browser, "phone")
    page = browser.get("/security").text
    form = re.search(r'<form method="post" action="/security/end-others.*?</form>', page, re.S)
    assert form is not None
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form.group(0)))
    assert browser.post("/security/end-others", hidden).status_code == 200
    assert ask(browser.url, found["access_token"], "{ me { fullName } }").status_code == 401
    assert ask(browser.url, mine["access_token"], "{ me { fullName } }").status_code == 200
