"""Tokens of an identity provider: by its own keys, for what was agreed, with bounded questions (O1, O9)."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from gateway.access.fetching import FetchError, fetch_json
from gateway.access.foreign_keys import PAUSE_SECONDS, STALE_SECONDS, ForeignKeys, ProviderUnavailableError
from tests.oauth.idp import Idp, provider
from tests.oauth.naming import what_differs
from tests.oauth.relying import Relying, encoded
from workers.http.client import HttpClient


def audience(rp: Relying) -> str:
    return f"{rp.site.issuer}/graphql"


def test_its_tokens_give_what_the_settings_say_and_the_client_has(rp: Relying) -> None:
    """`noc` is registered for both purposes; the token's group gives one. A group that is not mapped gives nothing."""
    token = rp.site.idp.token(audience(rp))
    for replica in (0, 1):
        assert rp.grant(token, replica).json()["data"]["grant"]["purposes"] == ["INVOICING"]
    both = rp.site.idp.token(audience(rp), groups="noc-team billing-team")
    assert sorted(rp.grant(both).json()["data"]["grant"]["purposes"]) == ["EMERGENCY_CONTACT", "INVOICING"]
    narrower = rp.site.idp.token(audience(rp), groups=["noc-team"], client_id="billing")
    assert rp.grant(narrower).json()["data"]["grant"]["purposes"] == []
    for groups in (None, [], ["others"], 5, {"billing-team": 1}, [["billing-team"]]):
        assert rp.grant(rp.site.idp.token(audience(rp), groups=groups)).json()["data"]["grant"]["purposes"] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 4_000_000_000},
        {"nbf": 4_000_000_000},
        {"client_id": "nobody"},
        {"client_id": None},
        {"client_id": 5},
        {"cnf": {"jkt": "x"}},
        {"header": {"typ": "JWT"}},
        {"header": {"typ": None}},
        {"header": {"kid": None}},
        {"header": {"kid": "unknown"}},
        {"header": {"jku": "http://127.0.0.1:1/keys"}},
        {"header": {"x5u": "http://127.0.0.1:1/keys"}},
        {"header": {"jwk": ECKey.generate_key("P-256").as_dict(private=False)}},
        {"key": ECKey.generate_key("P-256")},
        {"key": RSAKey.generate_key(2048)},
    ],
    ids=what_differs,
)
def test_any_one_thing_wrong_is_refused(lone: Relying, changes: dict[str, Any]) -> None:
    """O1: and no address in a token is ever fetched."""
    token = lone.site.idp.token(audience(lone), **changes)
    answer = lone.grant(token)
    assert answer.status_code == 401, answer.text
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_no_signature_is_none(lone: Relying) -> None:
    head, body, signature = lone.site.idp.token(audience(lone)).split(".")
    kid = json.loads(base64.urlsafe_b64decode(head + "=="))["kid"]
    for alg in ("none", "HS256", "", None):
        top = encoded(json.dumps({"alg": alg, "typ": "at+jwt", "kid": kid}).encode())
        for end in ("", signature):
            assert not lone.works(f"{top}.{body}.{end}")


def test_a_flood_of_unknown_keys_is_one_question(lone: Relying) -> None:
    """O9: whatever ids are sent, the provider is asked once in half a minute."""
    lone.grant(lone.site.idp.token(audience(lone)))
    before = len(lone.site.idp.asked)
    stranger = ECKey.generate_key("P-256")
    for number in range(50):
        assert not lone.works(lone.site.idp.token(audience(lone), key=stranger, header={"kid": f"k{number}"}))
    assert len(lone.site.idp.asked) - before <= 2


class Clock:
    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def test_a_new_key_is_found_and_an_old_one_goes() -> None:
    async def run(idp: Idp) -> None:
        clock = Clock()
        keys = ForeignKeys(idp.issuer, clock)
        assert await keys.key("one") is not None
        idp.new_key("two", RSAKey.generate_key(2048))
        del idp.keys["one"]
        assert await keys.key("two") is None, "asked a moment ago"
        clock.time += PAUSE_SECONDS
        assert await keys.key("two") is not None
        assert await keys.key("one") is None
        assert not keys.knows("one")

    with provider() as idp:
        asyncio.run(run(idp))


def test_while_the_provider_is_down_its_keys_are_good_for_a_day() -> None:
    """And nobody waits for it; then, and before it was ever reached, nobody can tell."""

    async def run(idp: Idp) -> None:
        clock = Clock()
        keys = ForeignKeys(idp.issuer, clock)
        idp.documents["/keys"] = (500, b"", {})
        with pytest.raises(ProviderUnavailableError):
            await keys.key("one")
        clock.time += PAUSE_SECONDS
        del idp.documents["/keys"]
        assert await keys.key("one") is not None
        idp.documents["/keys"] = (500, b"", {})
        clock.time += STALE_SECONDS - 1
        idp.slow = 1
        assert await keys.key("one") is not None
        idp.slow = 0
        assert keys._renewing is not None and not keys._renewing.done(), "the answer waited for the renewal"
        await keys._renewing
        clock.time += 2
        assert not keys.knows("one")
        with pytest.raises(ProviderUnavailableError):
            await keys.key("one")

    with provider() as idp:
        asyncio.run(run(idp))


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (DISCOVERY, b"{"),
        (DISCOVERY, b"[]"),
        (DISCOVERY, b'{"issuer": "https://elsewhere.example", "jwks_uri": "https://elsewhere.example/keys"}'),
        (DISCOVERY, b'{"issuer": "ISSUER"}'),
        (DISCOVERY, b'{"issuer": "ISSUER", "jwks_uri": "file:///etc/passwd"}'),
        (DISCOVERY, b'{"issuer": "ISSUER", "jwks_uri": "http://10.0.0.1/keys"}'),
        (DISCOVERY, b'{"issuer": "ISSUER", "jwks_uri": 5}'),
        (DISCOVERY, (302, b"", {"location": "/elsewhere"})),
        ("/keys", (302, b"", {"location": "/elsewhere"})),
        ("/keys", b'{"keys": 5}'),
        ("/keys", b'{"keys": [5, {"kty": "oct", "k": "AAAA", "kid": "one"}]}'),
        ("/keys", b" " * 300_000),
    ],
    ids=str,
)
def test_documents_that_are_not_believed(path: str, document: Any) -> None:
    """No redirect is followed, no other scheme, no plain http beyond this machine, nothing large."""

    async def run(idp: Idp) -> None:
        keys = ForeignKeys(idp.issuer, Clock())
        with suppress(ProviderUnavailableError):
            assert await keys.key("one") is None
        assert "/elsewhere" not in idp.asked

    with provider() as idp:
        idp.documents[path] = document.replace(b"ISSUER", idp.issuer.encode()) if type(document) is bytes else document
        asyncio.run(run(idp))


def test_a_provider_that_drips_is_not_waited_for() -> None:
    async def run(idp: Idp) -> None:
        idp.slow = 1
        with pytest.raises(FetchError):
            await fetch_json(f"{idp.issuer}/keys", HttpClient(seconds=0.2))
        for address in ("ftp://127.0.0.1/x", "http://10.0.0.1/x", "file:///etc/passwd", "", "//x", "http://[bad"):
            with pytest.raises(FetchError):
                await fetch_json(address)

    with provider() as idp:
        asyncio.run(run(idp))
