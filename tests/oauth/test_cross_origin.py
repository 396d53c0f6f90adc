"""(G3) Pages of another origin read answers only if a client is registered with it, and of that client only."""

from __future__ import annotations

import httpx
import pytest

from resolvers.clients.registration import RegistrationError, check_origin
from tests.oauth.relying import Relying

PHONE, TABLET, STRANGER = "https://phone.example", "https://tablet.example:8443", "https://evil.example"


def preflight(lone: Relying, origin: str, path: str = "/graphql") -> httpx.Response:
    """The question that a browser asks before a request with a token."""
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    return lone.site.http.request("OPTIONS", lone.site.urls[0] + path, headers=headers)


def asked(lone: Relying, token: str | None, origin: str | None, query: str = "{ grant { client } }") -> httpx.Response:
    """A request of a page of this origin."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    if origin is not None:
        headers["Origin"] = origin
    return lone.site.http.post(f"{lone.site.urls[0]}/graphql", json={"query": query}, headers=headers)


def allowed(response: httpx.Response) -> str | None:
    """The origin whose page may read the response; never one with credentials of the browser's own."""
    assert "access-control-allow-credentials" not in response.headers
    return response.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("path", ["/graphql", "/graphql/dry-run", "/oauth/token"])
def test_a_preflight_is_answered_for_registered_origins_alone(lone: Relying, path: str) -> None:
    for origin in (PHONE, TABLET):
        response = preflight(lone, origin, path)
        assert (response.status_code, allowed(response)) == (204, origin)
        assert response.headers["access-control-allow-methods"] == "GET, POST"
        assert "Authorization" in response.headers["access-control-allow-headers"]
        assert response.headers["vary"] == "origin"
    for origin in (STRANGER, "null", "*", f"{PHONE}.evil.example", "http://phone.example", f"{PHONE}:8443"):
        refused = preflight(lone, origin, path)
        assert (refused.status_code, allowed(refused)) == (405, None), origin


def test_what_is_no_api_is_for_pages_of_our_own(lone: Relying) -> None:
    for path in ("/.well-known/jwks.json", "/oauth/authorize", "/"):
        assert allowed(preflight(lone, PHONE, path)) is None
        assert allowed(lone.site.http.get(lone.site.urls[0] + path, headers={"Origin": PHONE})) is None


def test_a_page_reads_what_its_own_client_gets(lone: Relying) -> None:
    token = lone.tokens("phone")["access_token"]
    answer = asked(lone, token, PHONE)
    assert (answer.status_code, allowed(answer)) == (200, PHONE)
    assert "RateLimit" in answer.headers["access-control-expose-headers"]
    assert allowed(asked(lone, token, PHONE, "{ nope }")) == PHONE
    for other in (TABLET, STRANGER, None):
        assert allowed(asked(lone, token, other)) is None
    # Why a token is not accepted may be read before it is known whose it was.
    assert allowed(asked(lone, "nonsense", PHONE)) == PHONE
    assert allowed(asked(lone, "nonsense", STRANGER)) is None


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example.com", "http://app.example.com", "https://app.example.com/", "https://App.example",
     "https://app.example:443", "https://u@app.example", "app.example", "https://app.example?x", ""],
)  # fmt: skip
def test_what_is_no_origin_of_an_encrypted_page_is_not_registered(origin: str) -> None:
    with pytest.raises(RegistrationError):
        check_origin(origin)


def test_origins_as_browsers_write_them_are_registered() -> None:
    for origin in (PHONE, TABLET, "http://localhost:3000", "https://xn--bcher-kva.example"):
        check_origin(origin)
