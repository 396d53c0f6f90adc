"""OpenID Connect: ID tokens, pairwise identifiers, discovery, and claims that are fields under a purpose."""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson
import pytest
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from policy.openid import CLAIMS, OpenIdScope
from policy.purposes import Purpose
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from schema.api.build import declared_rules
from store.database.store import Store
from store.ledger.entries import ledger_entries
from tests.oauth.relying import Relying
from tests.oauth.site import BACK, SELF

MAIL = {"platform": "WEBMAIL"}
ALL = "openid profile email address phone"


def signed_in(rp: Relying, client: str = "mail", customer: int = 0, **changes: Any) -> dict[str, Any]:
    """The tokens of a customer of webmail."""
    who = rp.signed_in(customer, **MAIL)
    return rp.tokens(client, who, **({"scope": ALL} | changes))


def verified(rp: Relying, token: str) -> dict[str, Any]:
    """The claims of an ID token, verified with the keys that everybody can fetch."""
    keys = KeySet.import_key_set(rp.http.get(rp.url("/.well-known/jwks.json")).json())
    found = jwt.decode(token, keys, algorithms=["ES256"])
    assert found.header["typ"] == "JWT"
    return dict(found.claims)


def user(rp: Relying, token: str, replica: int = 0, **headers: str) -> httpx.Response:
    """What the userinfo endpoint says."""
    return rp.http.get(rp.url("/oauth/userinfo", replica), headers={"authorization": f"Bearer {token}"} | headers)


def portal(rp: Relying, customer: int = 0, decision: str = "allow", **changes: Any) -> dict[str, str]:
    """The answer to a third party's app after the customer was asked."""
    params, verifier = rp.request("portal", **({"scope": "openid email"} | changes))
    who = rp.signed_in(customer)
    page = rp.authorize(params, who)
    if page.status_code == 200:
        (ticket,) = re.findall(r'name="ticket" value="([^"]*)"', page.text)
        page = rp.post("/oauth/consent", {"ticket": ticket, "decision": decision}, headers=who)
    return rp.answer(page) | {"verifier": verifier}


def test_an_id_token_says_who_signed_in_and_when_and_how(rp: Relying) -> None:
    who = rp.signed_in(0, amr="pwd,otp,mfa", ago=30, **MAIL)
    tokens = rp.tokens("mail", who, scope="openid", nonce="n-0S6_WzA2Mj")
    said = verified(rp, tokens["id_token"])
    assert said.keys() == {"iss", "sub", "aud", "iat", "exp", "auth_time", "acr", "amr", "sid", "at_hash", "nonce"}
    assert (said["iss"], said["aud"], said["nonce"]) == (rp.site.issuer, "mail", "n-0S6_WzA2Mj")
    assert (said["acr"], said["amr"]) == ("2fa", ["pwd", "otp", "mfa"])
    assert 28 <= said["iat"] - said["auth_time"] <= 40
    assert said["sub"] not in (rp.site.customer(0), str(rp.site.customers[0]))
    assert "id_token" not in rp.tokens("mail", who, scope="purpose:self_service"), "OAuth alone is as it was"
    without = verified(rp, rp.tokens("mail", rp.signed_in(0, **MAIL), scope="openid")["id_token"])
    assert "nonce" not in without and without["acr"] == "1fa"


def test_the_subject_is_pairwise_and_stays(rp: Relying) -> None:
    first, again = (verified(rp, signed_in(rp)["id_token"])["sub"] for _ in range(2))
    other = verified(rp, signed_in(rp, customer=1)["id_token"])["sub"]
    answer = portal(rp)
    form = {"grant_type": "authorization_code", "client_id": "portal", "code": answer["code"],
            "redirect_uri": BACK, "code_verifier": answer["verifier"]}  # fmt: skip
    foreign = rp.post("/oauth/token", form).json()
    assert first == again
    assert len({first, other, verified(rp, foreign["id_token"])["sub"]}) == 3
    assert user(rp, foreign["access_token"]).json()["sub"] == verified(rp, foreign["id_token"])["sub"]


def test_an_id_token_opens_nothing(lone: Relying) -> None:
    """RFC 8725 §3.11: neither the API nor the userinfo endpoint takes it for an access token."""
    token = signed_in(lone)["id_token"]
    assert lone.grant(token).status_code == 401
    assert user(lone, token).status_code == 401
    assert lone.introspect(token) == {"active": False}


def test_claims_are_those_of_the_scopes_and_no_others(rp: Relying) -> None:
    everything = user(rp, signed_in(rp)["access_token"], replica=1)
    assert everything.headers["cache-control"] == "no-store"
    said = everything.json()
    assert said.keys() <= {"sub", *(name.partition(".")[0] for name in CLAIMS)}
    assert said["email"] and said["name"] and said["address"]["country"]
    assert said["address"]["street_address"] in said["address"]["formatted"]
    for scope, names in {"openid": set(), "openid email": {"email"}, "openid phone": {"phone_number"}}.items():
        found = user(rp, signed_in(rp, scope=scope)["access_token"]).json()
        assert found.keys() - {"sub"} <= names, scope
        assert all(found[name] == said[name] for name in names & found.keys())
    post = rp.post("/oauth/userinfo", {}, headers={"authorization": f"Bearer {signed_in(rp)['access_token']}"})
    assert post.json() == said


def test_a_token_for_claims_reads_nothing_else(rp: Relying) -> None:
    """The scope `email` is no purpose: /graphql refuses what the userinfo endpoint tells."""
    token = signed_in(rp, scope="openid email")["access_token"]
    query = {"query": "{ me { email } }"}
    answer = rp.http.post(rp.url("/graphql"), json=query, headers={"authorization": f"Bearer {token}"})
    assert answer.json().get("data") is None and answer.json()["errors"]
    assert user(rp, token).json()["email"]


def test_userinfo_needs_the_scope_openid_and_a_customer(lone: Relying) -> None:
    plain = user(lone, signed_in(lone, scope="purpose:self_service")["access_token"])
    assert plain.status_code == 403
    assert 'error="insufficient_scope", scope="openid"' in plain.headers["www-authenticate"]
    assert user(lone, lone.own_token()).status_code == 403
    assert user(lone, "noise").status_code == 401
    assert lone.http.get(lone.url("/oauth/userinfo")).status_code == 401
    assert lone.http.put(lone.url("/oauth/userinfo")).status_code == 405


def entries(rp: Relying) -> list[dict[str, Any]]:
    """Everything in the ledger, oldest first."""

    async def read(store: Store) -> list[dict[str, Any]]:
        query = select(ledger_entries.c.entry).order_by(ledger_entries.c.sequence)
        rows = await store.ledger_reader.fetch(store.ledger_reader.prepare(query), {})
        return [orjson.loads(row[0]) for row in rows]

    return rp.site.on_store(read)


def test_the_read_of_claims_is_in_the_ledger(rp: Relying) -> None:
    """Which client read which fields for which purpose, as with any other read."""
    token = signed_in(rp, scope="openid email")["access_token"]
    before = len(entries(rp))
    assert user(rp, token).json()["email"]
    (entry,) = entries(rp)[before:]
    assert entry["client"] == "mail" and entry["purpose"] == "SELF_SERVICE"
    assert "Customer.email" in str(entry) and "Customer.fullName" not in str(entry)


def test_an_app_of_others_gets_the_claims_that_its_customer_allowed(rp: Relying) -> None:
    """O10: the consent page has each scope in words, and what was allowed is exactly what is told."""
    page = rp.authorize(rp.request("portal", scope="openid email")[0], rp.signed_in(2))
    assert OpenIdScope.OPENID.text in page.text and OpenIdScope.EMAIL.text in page.text
    answer = portal(rp, 2)
    form = {"grant_type": "authorization_code", "client_id": "portal", "code": answer["code"], "redirect_uri": BACK}
    tokens = rp.post("/oauth/token", form | {"code_verifier": answer["verifier"]}).json()
    assert user(rp, tokens["access_token"]).json().keys() == {"sub", "email"}
    assert portal(rp, 2, scope="openid profile")["error"] == "invalid_scope", "more than it is registered for"
    query = {"query": "{ me { email } }"}
    answered = rp.http.post(
        rp.url("/graphql"), json=query, headers={"authorization": f"Bearer {tokens['access_token']}"}
    )
    assert not (answered.json().get("data") or {}).get("me")
    own = rp.tokens(who=rp.signed_in(2), scope="purpose:self_service")["access_token"]
    question = {"query": "{ me { authorizedApps { client scopes signInScopes } } }"}
    said = rp.http.post(rp.url("/graphql"), json=question, headers={"authorization": f"Bearer {own}"}).json()
    apps = said["data"]["me"]["authorizedApps"]
    assert {"client": "portal", "scopes": [], "signInScopes": ["OPENID", "EMAIL"]} in apps


def test_without_a_page_nobody_is_asked_anything(rp: Relying) -> None:
    """`prompt=none` (OpenID Connect Core §3.1.2.6), and an ID token as the hint whom the client expects."""
    params, _ = rp.request("mail", scope="openid", prompt="none")
    assert rp.answer(rp.authorize(params))["error"] == "login_required"
    assert "code" in rp.answer(rp.authorize(params, rp.signed_in(0, **MAIL)))
    assert rp.answer(rp.authorize(params | {"max_age": "100"}, rp.signed_in(0, ago=500, **MAIL)))["error"] == (
        "login_required"
    )
    hint = signed_in(rp, scope="openid")["id_token"]
    assert "code" in rp.answer(rp.authorize(params | {"id_token_hint": hint}, rp.signed_in(0, **MAIL)))
    for silent in ("none", None):
        asked = {name: value for name, value in (params | {"prompt": silent, "id_token_hint": hint}).items() if value}
        assert rp.answer(rp.authorize(asked, rp.signed_in(1, **MAIL)))["error"] == "login_required"
    for noise in ("noise", rp.tokens()["access_token"], hint[:-4] + "AAAA"):
        asked = params | {"id_token_hint": noise}
        assert rp.answer(rp.authorize(asked, rp.signed_in(0, **MAIL)))["error"] == "login_required"
    for prompt in ("none login", "other", "none none other"):
        assert rp.answer(rp.authorize(params | {"prompt": prompt}, rp.signed_in(0, **MAIL)))["error"] == (
            "invalid_request"
        ), prompt
    again = rp.authorize(params | {"prompt": "login consent"}, rp.signed_in(0, ago=500, **MAIL))
    assert "/sign-in?" in again.headers["location"]


def test_a_sign_in_of_another_platform_is_none(lone: Relying) -> None:
    """A password of the client area opens no webmail (R38)."""
    params, _ = lone.request("mail", scope="openid", prompt="none")
    assert lone.answer(lone.authorize(params, lone.signed_in(0)))["error"] == "login_required"


def test_a_form_of_another_site_is_sent_on(lone: Relying) -> None:
    """OpenID Connect Core §3.1.2.1: by POST as well; the session's cookie comes with the redirect only."""
    params, _ = lone.request("mail", scope="openid")
    sent = lone.http.post(lone.url("/oauth/authorize"), data=params, headers=lone.signed_in(0, **MAIL))
    assert sent.status_code == 303
    assert sent.headers["location"].startswith("/oauth/authorize?")
    onwards = lone.http.get(lone.url(sent.headers["location"]), headers=lone.signed_in(0, **MAIL))
    assert "code" in lone.answer(onwards)
    assert lone.http.put(lone.url("/oauth/authorize"), data=params).status_code == 405


def test_discovery_is_valid_and_keeps_its_word(lone: Relying) -> None:
    said = lone.http.get(lone.url("/.well-known/openid-configuration")).json()
    assert said == lone.http.get(lone.url("/.well-known/oauth-authorization-server")).json()
    # Authlib asks for RS256, which is another key and one algorithm more.
    OpenIDProviderMetadata(said | {"id_token_signing_alg_values_supported": ["RS256"]}).validate()
    assert said["id_token_signing_alg_values_supported"] == ["ES256"]
    assert said["subject_types_supported"] == ["pairwise"]
    assert set(said["claims_supported"]) >= user(lone, signed_in(lone)["access_token"]).json().keys()
    assert said["userinfo_endpoint"] == f"{lone.site.issuer}/oauth/userinfo"
    assert set(ALL.split()) <= set(said["scopes_supported"])


def test_a_long_nonce_is_refused(lone: Relying) -> None:
    params, _ = lone.request("mail", scope="openid", nonce="n" * 256)
    assert lone.answer(lone.authorize(params, lone.signed_in(0, **MAIL)))["error"] == "invalid_request"


def test_each_claim_is_a_field_that_its_scope_opens() -> None:
    """The catalogue names fields of the schema, and of an app's permission no field that it does not open."""
    rules = declared_rules()
    for name, (scope, coordinates) in CLAIMS.items():
        for coordinate in coordinates:
            opened = rules[coordinate].opened(Purpose.SELF_SERVICE)
            assert scope.reads in opened, (name, coordinate)


@pytest.mark.parametrize(
    ("actions", "kind", "why"),
    [
        ({"openid"}, ClientKind.TOOL, "no tool has it"),
        ({"email"}, ClientKind.WEB, "--scope openid"),
        ({"openid", "audit:read"}, ClientKind.WEB, "audit:read is nothing"),
    ],
)
def test_a_registration_that_could_not_work_is_refused(actions: set[str], kind: ClientKind, why: str) -> None:
    facts: dict[str, Any] = {} if kind is ClientKind.TOOL else {"purposes": SELF, "redirect_uris": (BACK,)}
    new = NewClient(**{"id": "x1", "name": "X", "kind": kind, "purposes": frozenset(), "actions": actions} | facts)
    with pytest.raises(RegistrationError, match=re.escape(why)):
        new.check()
