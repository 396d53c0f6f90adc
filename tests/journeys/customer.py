"""A customer with a browser and an authenticator app, who knows the gateway by its public addresses alone."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from datetime import datetime
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from tests.oauth.relying import challenge
from tests.signin.rfc6238 import totp
from tests.signin.web import Browser

BACK = "https://app.example/back"
APP = "phone"
NAME = ("Walburga", "Zwiebelfisch-Ohnesorg")
PARTICULARS = {
    "given name": NAME[0],
    "family name": NAME[1],
    "email": "walburga.zwiebelfisch@kummerkasten.example",
    "street": "Am Hinteren Krautacker 77b",
    "city": "Obersülzbach am Lech",
    "phone": "+41446681800",
    "ip address": "203.0.113.207",
    "ip of the other device": "198.51.100.239",
    "card": "4539578763621486",
    "card, in groups": "4539 5787 6362 1486",
    "domain": "zwiebelfisch-ohnesorg.fr",
    "owner": "Kunigunde Zwiebelfisch Witwe",
    "owner's street": "Ruelle des Vieux Oignons 19",
    "owner's city": "Villefranche-sur-Oignon",
    "owner's phone": "+33142685300",
    "password": "Fledermauskeller-48!y",
    "invoice": "RG-2026-884412",
}
"""Of somebody whose every word is nobody else's."""


class Customer:
    """Signs in, and asks the API with a token of the app."""

    def __init__(self, url: Callable[[], str], clock: Callable[[], datetime]) -> None:
        self._url, self._clock = url, clock
        self._secret: str | None = None
        self._token = ""
        self.browser = Browser(url(), PARTICULARS["ip address"])

    def choose_password(self, link: str) -> None:
        """Follow the link of the letter."""
        self.browser.get(_path(link))
        answer = self.browser.send(new=PARTICULARS["password"])
        assert answer.status_code == 200, self.browser.said() or answer.text

    def sign_in(self) -> None:
        """With password and, once there is one, the second factor; then the app gets a token."""
        browser = self.browser = Browser(self._url(), PARTICULARS["ip address"], dict(self.browser.cookies))
        browser.cookies = {name: value for name, value in browser.cookies.items() if "session" not in name}
        browser.get("/sign-in")
        answer = browser.send(login=PARTICULARS["email"], password=PARTICULARS["password"])
        if self._secret is not None:
            browser.get(_path(answer.headers["location"]))
            answer = browser.send(code=self.code())
        assert answer.status_code == 303, browser.said() or answer.text
        self._token = self._redeemed()

    def code(self) -> str:
        """What the authenticator app shows."""
        assert self._secret is not None
        return totp(self._secret, at=self._clock())

    def _redeemed(self) -> str:
        verifier = secrets.token_urlsafe(40)
        wanted = {
            "response_type": "code", "client_id": APP, "redirect_uri": BACK, "scope": "purpose:self_service",
            "state": "s", "code_challenge": challenge(verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        answer = self.browser.get(f"/oauth/authorize?{urlencode(wanted)}")
        if "location" in answer.headers:
            back = answer.headers["location"]
        else:
            onward = re.search(r'url=([^"]+)"', answer.text)
            assert onward is not None, answer.text
            back = unescape(onward[1])
        code = parse_qs(urlsplit(back).query)["code"][0]
        form = {"grant_type": "authorization_code", "code": code, "client_id": APP, "code_verifier": verifier}
        headers = {"x-forwarded-for": self.browser.address, "host": "data.example", "user-agent": "Firefox on Linux"}
        given = httpx.post(f"{self._url()}/oauth/token", data=form | {"redirect_uri": BACK}, headers=headers)
        assert given.status_code == 200, given.text
        return str(given.json()["access_token"])

    def turn_on_second_factor(self) -> str:
        """By the API: what the app is told, and a first code; the secret."""
        begun = self.ask("mutation { enrolTotp(input: {}) { secret userErrors { code } } }")
        self._secret = begun["secret"].replace(" ", "")
        confirm = "mutation ($c: String!) { confirmTotp(input: {code: $c}) { userErrors { code } } }"
        assert self.ask(confirm, c=self.code())["userErrors"] == []
        return str(self._secret)

    def is_out(self) -> bool:
        """Whether neither the app nor the browser gets in any more."""
        given = {"authorization": f"Bearer {self._token}", "host": "data.example"}
        answer = httpx.post(f"{self._url()}/graphql", json={"query": "{ me { id } }"}, headers=given, timeout=120)
        return answer.status_code == 401 and self.browser.get("/security").status_code == 303

    def ask(self, query: str, **variables: Any) -> Any:
        """The one root field of an operation."""
        return asked(self._url(), self._token, query, **variables)


def asked(url: str, token: str, query: str, headers: dict[str, str] | None = None, **variables: Any) -> Any:
    """The one root field of an operation; an assertion fails when there are errors."""
    given = {"authorization": f"Bearer {token}", "host": "data.example"} | (headers or {})
    answer = httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, headers=given, timeout=120)
    said = answer.json()
    assert answer.status_code == 200 and "errors" not in said, answer.text
    ((_, found),) = said["data"].items()
    return found


def _path(address: str) -> str:
    parts = urlsplit(address)
    return parts.path + (f"?{parts.query}" if parts.query else "")
