"""Facts for the configuration of an app, and requests to the running gateway that prove its registration."""

from __future__ import annotations

import hashlib
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import orjson

from gateway.addresses.well_known import OPENID, RESOURCE, SERVER, metadata_address
from gateway.config.settings import Settings
from policy.agents import AGENT
from policy.openid import OPENID as SIGN_IN
from policy.purposes import Purpose
from resolvers.clients.oauth_clients import CODE, OWN
from resolvers.clients.scopes import for_customers, for_tools
from workers.http.client import HttpClient, HttpResponse
from workers.http.errors import HttpRequestError

MOST = 262_144
"""Bytes of an answer that are read."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class RegistrationProof:
    """One request and its finding; `good` is None where nothing could be proven, and `text` says why."""

    name: str
    good: bool | None
    text: str


def scopes_of(facts: Mapping[str, Any]) -> frozenset[str]:
    """The scopes that a registered client may ask for."""
    purposes = frozenset(Purpose[word] for word in orjson.loads(facts["purposes"]) if word in Purpose.__members__)
    actions = frozenset(orjson.loads(facts["scopes"]))
    if OWN in orjson.loads(facts["grants"]):
        return for_tools(purposes, actions)
    return for_customers(purposes, actions, bool(facts["first_party"]))


def needs(settings: Settings, facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The facts that are written into the configuration of an app, in pairs of name and value."""
    scopes = scopes_of(facts)
    # OpenID Connect Discovery §4 and RFC 8414 §3.1 differ where an issuer has a path.
    openid, plain = f"{settings.public_url}{OPENID}", metadata_address(SERVER, settings.public_url)
    origins = orjson.loads(facts["origins"] or "[]")
    return [
        ("issuer", settings.issuer),
        ("discovery", openid if SIGN_IN in scopes else plain),
        ("audience", settings.audience),
        *([("agents at", settings.agent_audience)] if AGENT in scopes else []),
        ("scopes", " ".join(sorted(scopes))),
        ("documents", f"gateway documents publish {facts['id']} persisted-queries.json --release 1"),
        ("CORS origin", " ".join(origins) or "none: no page of another origin calls it"),
        ("proof", f"gateway clients check {facts['id']}"),
    ]


class ClientChecks:
    """Proves a registration against the running gateway, with requests such as the client itself would send."""

    def __init__(self, settings: Settings, facts: Mapping[str, Any], secret: str | None) -> None:
        self._settings, self._facts, self._secret = settings, facts, secret
        self._client = HttpClient(settings.webhook_networks)

    async def run(self) -> AsyncIterator[RegistrationProof]:
        """1. discovery; 2. the resource; 3. a token of a tool, or 4. each redirect URI; 5. each origin."""
        yield await self._json(
            "discovery", metadata_address(SERVER, self._settings.public_url), {"issuer": self._settings.issuer}
        )  # 1
        yield await self._json("resource", self._at(RESOURCE), {"resource": self._settings.audience})  # 2
        if OWN in orjson.loads(self._facts["grants"]):
            yield await self._token()  # 3
        if CODE in orjson.loads(self._facts["grants"]):
            for uri in orjson.loads(self._facts["redirect_uris"]):
                yield await self._redirect(self._settings.public_url + uri if uri.startswith("/") else uri)  # 4
        for origin in orjson.loads(self._facts["origins"] or "[]"):
            for path in ("/oauth/token", "/graphql"):
                yield await self._preflight(origin, path)  # 5

    def _at(self, well_known: str) -> str:
        return metadata_address(well_known, f"{self._settings.public_url}/graphql")

    async def _json(self, name: str, url: str, expected: Mapping[str, str]) -> RegistrationProof:
        response = await self._send("GET", url)
        if isinstance(response, str):
            return RegistrationProof(name, False, response)
        found = _object(response)
        wrong = [key for key, value in expected.items() if found.get(key) != value]
        said = ", ".join(f"{key} is not {expected[key]}: see GATEWAY_ISSUER of the server" for key in wrong)
        return RegistrationProof(name, response.status == 200 and not wrong, said or urlsplit(url).path)

    async def _token(self) -> RegistrationProof:
        if self._secret is None:
            why = "not proven: give its secret on standard input with --secret"
            return RegistrationProof(
                "token", None, why if self._facts["authentication"] == "SECRET" else "not proven: it signs"
            )
        pair = f"{quote(self._facts['id'])}:{quote(self._secret)}".encode()
        headers = {**FORM, "Authorization": f"Basic {b64encode(pair).decode()}"}
        response = await self._send("POST", "/oauth/token", headers, b"grant_type=client_credentials")
        if isinstance(response, str):
            return RegistrationProof("token", False, response)
        found = _object(response)
        if response.status != 200:
            return RegistrationProof("token", False, f"{found.get('error')}: {found.get('error_description')}")
        same = frozenset(str(found["scope"]).split()) == scopes_of(self._facts)
        return RegistrationProof(
            "token", same, str(found["scope"]) if same else "it gets other scopes than it is registered for"
        )

    async def _redirect(self, uri: str) -> RegistrationProof:
        """A request without a page: the right answer is that somebody has to sign in, at the registered address."""
        name = f"redirect to {uri}"
        if self._facts["pushed"]:
            return RegistrationProof(name, None, "not proven: the client pushes its requests")
        challenge = urlsafe_b64encode(hashlib.sha256(secrets.token_bytes(32)).digest()).decode().rstrip("=")
        asked = {
            "response_type": "code", "client_id": self._facts["id"], "redirect_uri": uri, "prompt": "none",
            "scope": " ".join(sorted(scopes_of(self._facts))), "state": "check", "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        response = await self._send("GET", f"/oauth/authorize?{urlencode(asked)}")
        if isinstance(response, str):
            return RegistrationProof(name, False, response)
        where = response.headers.get("location", "")
        said = {key: value[0] for key, value in parse_qs(urlsplit(where).query).items()}
        if not where.startswith(uri):
            return RegistrationProof(name, False, f"the server answers {response.status} and sends nobody there")
        good = said.get("error") == "login_required" and said.get("iss") == self._settings.issuer
        return RegistrationProof(
            name, good, "it is sent back there" if good else str(said.get("error_description", "no answer"))
        )

    async def _preflight(self, origin: str, path: str) -> RegistrationProof:
        headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        response = await self._send("OPTIONS", path, headers)
        if isinstance(response, str):
            return RegistrationProof(f"origin {origin}", False, response)
        good = response.headers.get("access-control-allow-origin") == origin
        return RegistrationProof(
            f"origin {origin}", good, path if good else f"{path} does not answer pages of this origin"
        )

    async def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> HttpResponse | str:
        """The answer, or why there is none."""
        url = self._settings.public_url + path if path.startswith("/") else path
        try:
            return await self._client.exchange(method, url, headers or {}, body, MOST)
        except HttpRequestError as error:
            return f"{self._settings.public_url} does not answer ({error})"


def _object(response: HttpResponse) -> dict[str, Any]:
    try:
        found = orjson.loads(response.body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}
