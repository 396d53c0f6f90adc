"""A relying party written by hand: it can do everything right, and any one thing wrong."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.oauth.site import BACK, EC_KEY, Site

SCOPE = "purpose:self_service services:write"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return encoded(hashlib.sha256(verifier.encode()).digest())


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def claims_of(token: str) -> dict[str, Any]:
    """What a token says."""
    body: dict[str, Any] = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return body


@dataclass(frozen=True)
class Flow:
    """A code, and what is needed to redeem it."""

    client: str
    code: str
    verifier: str
    answer: dict[str, str]

    def form(self, **changes: str | None) -> dict[str, str]:
        """The token request; what is None is left out."""
        right = {
            "grant_type": "authorization_code", "client_id": self.client, "code": self.code,
            "redirect_uri": BACK, "code_verifier": self.verifier,
        }  # fmt: skip
        return {name: value for name, value in (right | changes).items() if value is not None}


class Proofer:
    """A key, and the proofs that it makes (RFC 9449)."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.key = ECKey.generate_key("P-256")
        self.nonce: str | None = None

    @property
    def thumbprint(self) -> str:
        """What tokens are bound to."""
        return self.key.thumbprint()

    def proof(self, url: str, method: str = "POST", token: str | None = None, **changes: Any) -> str:
        """A proof; changed claims that are None are left out, `header` changes headers, `key` signs instead."""
        key = changes.pop("key", self.key)
        top = {"alg": "ES256", "typ": "dpop+jwt", "jwk": self.key.as_dict(private=False)} | changes.pop("header", {})
        said = {"jti": secrets.token_urlsafe(16), "htm": method, "htu": url, "iat": self.site.now()}
        if self.nonce is not None:
            said["nonce"] = self.nonce
        if token is not None:
            said["ath"] = encoded(hashlib.sha256(token.encode()).digest())
        said = {name: value for name, value in (said | changes).items() if value is not None}
        return jwt.encode({name: value for name, value in top.items() if value is not None}, said, key)


class Relying:
    """Talks to the replicas of a site."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.http = site.http

    def url(self, path: str, replica: int = 0) -> str:
        """An address of a replica."""
        return f"{self.site.urls[replica]}{path}"

    def signed_in(self, customer: int = 0, session: int | None = None, **facts: object) -> dict[str, str]:
        """The header of a browser in which a customer is signed in."""
        words = [self.site.customers[customer], session or self.site.new_session(customer)]
        defaults = {"ago": 0, "amr": "pwd", "platform": "CLIENT_AREA", "shared": ""}
        return {"x-signed-in": " ".join(str(word) for word in [*words, *(defaults | facts).values()]).strip()}

    def request(self, client: str = "phone", **changes: str | None) -> tuple[dict[str, str], str]:
        """The parameters of an authorization request, and its verifier."""
        verifier = secrets.token_urlsafe(40)
        right = {
            "response_type": "code", "client_id": client, "redirect_uri": BACK, "scope": SCOPE, "state": "a state",
            "code_challenge": challenge(verifier), "code_challenge_method": "S256",
        }  # fmt: skip
        return {name: value for name, value in (right | changes).items() if value is not None}, verifier

    def authorize(self, params: Any, who: dict[str, str] | None = None, replica: int = 0) -> httpx.Response:
        """Send a browser to the authorization endpoint."""
        return self.http.get(self.url("/oauth/authorize", replica), params=params, headers=who or {})

    def answer(self, response: httpx.Response) -> dict[str, str]:
        """What a redirect to the client says."""
        assert response.status_code == 303, response.text
        assert response.headers["location"].startswith(BACK + "&"), response.headers["location"]
        found = parse_qs(urlsplit(response.headers["location"]).query, strict_parsing=True)
        assert found.pop("from") == ["gateway"]
        return {name: value for name, (value,) in found.items()}

    def flow(self, client: str = "phone", who: dict[str, str] | None = None, **changes: str | None) -> Flow:
        """A code for a customer."""
        params, verifier = self.request(client, **changes)
        answer = self.answer(self.authorize(params, who or self.signed_in()))
        return Flow(client, answer.get("code", ""), verifier, answer)

    def post(self, path: str, form: Any, replica: int = 0, **options: Any) -> httpx.Response:
        """Send a form."""
        return self.http.post(self.url(path, replica), data=form, **options)

    def redeem(self, flow: Flow, replica: int = 0, **changes: str | None) -> httpx.Response:
        """Bring a code."""
        return self.post("/oauth/token", flow.form(**changes), replica)

    def tokens(self, client: str = "phone", who: dict[str, str] | None = None, **changes: str | None) -> dict[str, Any]:
        """Tokens for a customer."""
        response = self.redeem(self.flow(client, who, **changes))
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def refresh(self, token: str, client: str = "phone", replica: int = 0, **more: str) -> httpx.Response:
        """Bring a refresh token."""
        form = {"grant_type": "refresh_token", "client_id": client, "refresh_token": token}
        return self.post("/oauth/token", form | more, replica)

    def basic(self, client: str) -> tuple[str, str]:
        """Id and secret."""
        return client, self.site.secrets[client]

    def own(self, client: str = "billing", replica: int = 0, **form: str) -> httpx.Response:
        """Ask for a tool's own token."""
        auth = self.basic(client)
        return self.post("/oauth/token", {"grant_type": "client_credentials"} | form, replica, auth=auth)

    def own_token(self, client: str = "billing", **form: str) -> str:
        """A tool's own token."""
        response = self.own(client, **form)
        assert response.status_code == 200, response.text
        token: str = response.json()["access_token"]
        return token

    def introspect(self, token: str, client: str = "resource", replica: int = 0) -> dict[str, Any]:
        """What a token is good for, as a client is told."""
        response = self.post("/oauth/introspect", {"token": token}, replica, auth=self.basic(client))
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def grant(self, token: str, replica: int = 0, scheme: str = "Bearer", **headers: str) -> httpx.Response:
        """Ask the API what a token allows."""
        sent = {"authorization": f"{scheme} {token}"} | headers
        query = {"query": "{ grant { purposes } }"}
        return self.http.post(self.url("/graphql", replica), json=query, headers=sent)

    def works(self, token: str, replica: int = 0) -> bool:
        """Whether a token is let in."""
        response = self.grant(token, replica)
        assert response.status_code in (200, 401), response.text
        return response.status_code == 200

    def assertion(self, client: str = "signer", key: ECKey | RSAKey = EC_KEY, **changes: Any) -> dict[str, str]:
        """A client assertion as form fields; changed claims that are None are left out."""
        top = {"alg": "ES256" if isinstance(key, ECKey) else "RS256"} | changes.pop("header", {})
        now = self.site.now()
        said = {"iss": client, "sub": client, "aud": self.site.issuer, "iat": now, "exp": now + 60}
        said |= {"jti": secrets.token_urlsafe(16)} | changes
        said = {name: value for name, value in said.items() if value is not None}
        text = jwt.encode(top, said, key, algorithms=[top["alg"]])
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}

    def at_once(self, *calls: Any) -> list[httpx.Response]:
        """Several calls at the same moment, in their order."""
        with ThreadPoolExecutor(len(calls)) as pool:
            return [future.result() for future in [pool.submit(call) for call in calls]]


def refused(response: httpx.Response, error: str, status: int = 400) -> None:
    """It is this error of an RFC, told to nobody's cache, and in words that repeat nothing."""
    assert (response.status_code, response.json()["error"]) == (status, error), response.text
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["content-type"] == "application/json"
    assert "Traceback" not in response.text
