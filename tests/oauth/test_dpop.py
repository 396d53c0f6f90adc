"""Tokens bound to a key (RFC 9449): only its holder can use them, and no proof works twice (O7)."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.oauth.naming import what_differs
from tests.oauth.relying import Flow, Proofer, Relying, claims_of, refused


@pytest.fixture
def proofer(lone: Relying) -> Proofer:
    """A key that has a nonce already."""
    return ready(lone)


def ready(rp: Relying) -> Proofer:
    found = Proofer(rp.site)
    headers = {"dpop": found.proof(endpoint(rp))}
    answer = rp.post("/oauth/token", {"grant_type": "refresh_token", "client_id": "bound"}, headers=headers)
    refused(answer, "use_dpop_nonce")
    found.nonce = answer.headers["dpop-nonce"]
    return found


def endpoint(rp: Relying) -> str:
    return f"{rp.site.issuer}/oauth/token"


def api(rp: Relying) -> str:
    return f"{rp.site.issuer}/graphql"


def redeem(rp: Relying, proofer: Proofer, flow: Flow, replica: int = 0, **changes: Any) -> httpx.Response:
    headers = {"dpop": proofer.proof(endpoint(rp), **changes)}
    return rp.post("/oauth/token", flow.form(), replica, headers=headers)


def bound(rp: Relying, proofer: Proofer, client: str = "bound") -> dict[str, Any]:
    response = redeem(rp, proofer, rp.flow(client))
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def ask(rp: Relying, proofer: Proofer, token: str, replica: int = 0, **changes: Any) -> httpx.Response:
    proof = proofer.proof(api(rp), token=token, **changes)
    return rp.grant(token, replica, "DPoP", dpop=proof)


def test_a_token_is_bound_to_the_key_and_works_with_its_proofs(rp: Relying) -> None:
    """The nonce of one replica is good at the other."""
    proofer = ready(rp)
    tokens = bound(rp, proofer)
    assert tokens["token_type"] == "DPoP"
    assert claims_of(tokens["access_token"])["cnf"] == {"jkt": proofer.thumbprint}
    for replica in (0, 1):
        assert ask(rp, proofer, tokens["access_token"], replica).status_code == 200
    said = rp.introspect(tokens["access_token"])
    assert (said["token_type"], said["cnf"]) == ("DPoP", {"jkt": proofer.thumbprint})


def test_a_proof_works_once_at_any_replica(rp: Relying) -> None:
    """O7, F4: also when it comes to both at the same moment; and at the token endpoint as well."""
    proofer = ready(rp)
    token = bound(rp, proofer)["access_token"]
    proof = proofer.proof(api(rp), token=token)
    assert rp.grant(token, 0, "DPoP", dpop=proof).status_code == 200
    again = rp.grant(token, 1, "DPoP", dpop=proof)
    assert again.status_code == 401
    assert 'error="invalid_dpop_proof"' in again.headers["www-authenticate"]
    proof = proofer.proof(api(rp), token=token)
    calls = (partial(rp.grant, token, number % 2, "DPoP", dpop=proof) for number in range(6))
    assert sorted(answer.status_code for answer in rp.at_once(*calls)) == [200] + [401] * 5
    one, two = rp.flow("bound"), rp.flow("bound")
    assert redeem(rp, proofer, one, jti="same").status_code == 200
    refused(redeem(rp, proofer, two, replica=1, jti="same"), "invalid_dpop_proof")


def test_a_stolen_token_is_of_no_use(lone: Relying, proofer: Proofer) -> None:
    token = bound(lone, proofer)["access_token"]
    thief = Proofer(lone.site)
    thief.nonce = proofer.nonce
    for answer, error in (
        (lone.grant(token), "invalid_token"),
        (lone.grant(token, 0, "DPoP"), "invalid_dpop_proof"),
        (ask(lone, thief, token), "invalid_dpop_proof"),
        (ask(lone, proofer, token, key=thief.key), "invalid_dpop_proof"),
    ):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith(f'DPoP error="{error}"')
    assert ask(lone, proofer, token).status_code == 200


def test_a_token_that_is_not_bound_is_sent_as_bearer(lone: Relying, proofer: Proofer) -> None:
    token = lone.tokens()["access_token"]
    answer = ask(lone, proofer, token)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer ")


WRONG: list[dict[str, Any]] = [
    {"htm": "GET"},
    {"htm": None},
    {"htu": "https://elsewhere.example/graphql"},
    {"htu": None},
    {"htu": 5},
    {"htu": "http://[bad"},
    {"jti": None},
    {"jti": ""},
    {"jti": 5},
    {"jti": "x" * 300},
    {"iat": None},
    {"iat": "now"},
    {"iat": 1_000_000_000},
    {"iat": 4_000_000_000},
    {"header": {"typ": "JWT"}},
    {"header": {"typ": None}},
    {"header": {"jwk": None}},
    {"header": {"jwk": {"kty": "EC"}}},
    {"header": {"jwk": ECKey.generate_key("P-256").as_dict(private=True)}},
    {"header": {"jwk": RSAKey.generate_key(2048).as_dict(private=False)}},
    {"header": {"kid": "x", "jku": "https://elsewhere.example"}},
    {"key": ECKey.generate_key("P-256")},
]


@pytest.mark.parametrize("changes", WRONG, ids=what_differs)
def test_any_one_thing_wrong_makes_a_proof_wrong(lone: Relying, proofer: Proofer, changes: dict[str, Any]) -> None:
    """O7: at both places where proofs are sent; a code is not used up by it."""
    flow = lone.flow("bound")
    refused(redeem(lone, proofer, flow, **changes), "invalid_dpop_proof")
    token = redeem(lone, proofer, flow).json()["access_token"]
    answer = ask(lone, proofer, token, **changes)
    assert answer.status_code == 401
    assert 'DPoP error="invalid_dpop_proof"' in answer.headers["www-authenticate"]


def test_a_proof_is_for_one_token(lone: Relying, proofer: Proofer) -> None:
    """The hash of the token beside it; and for this address, whatever query it has."""
    one, two = bound(lone, proofer)["access_token"], bound(lone, proofer)["access_token"]
    assert lone.grant(one, 0, "DPoP", dpop=proofer.proof(api(lone), token=two)).status_code == 401
    assert lone.grant(one, 0, "DPoP", dpop=proofer.proof(api(lone))).status_code == 401
    assert ask(lone, proofer, one, htu=f"{lone.site.issuer}/oauth/token").status_code == 401
    assert ask(lone, proofer, one, htu=f"{api(lone)}?a=b#c").status_code == 200
    assert ask(lone, proofer, one, htu=api(lone).replace("http://", "HTTP://")).status_code == 200


def test_nonces_are_young_and_ours(rp: Relying) -> None:
    """O7: two minutes later another one is asked for, and comes along with the refusal."""
    proofer = ready(rp)
    token = bound(rp, proofer)["access_token"]
    for nonce in (None, "", "x" * 24, "é", 5):
        answer = ask(rp, proofer, token, nonce=nonce)
        assert 'error="use_dpop_nonce"' in answer.headers["www-authenticate"], nonce
    rp.site.turn_clock(240)
    answer = ask(rp, proofer, token)
    assert answer.status_code == 401
    assert 'error="use_dpop_nonce"' in answer.headers["www-authenticate"]
    proofer.nonce = answer.headers["dpop-nonce"]
    assert ask(rp, proofer, token, 1).status_code == 200


def test_what_is_no_proof_at_all(lone: Relying, proofer: Proofer) -> None:
    token = bound(lone, proofer)["access_token"]
    for text in ("", ".", "a.b.c", "x" * 3_000, "bm8.bm8.bm8", proofer.proof(api(lone), token=token)[:-3]):
        assert lone.grant(token, 0, "DPoP", dpop=text).status_code == 401
        flow = lone.flow("bound").form()
        refused(lone.post("/oauth/token", flow, headers={"dpop": text}), "invalid_dpop_proof")
    twice = [("dpop", proofer.proof(endpoint(lone))), ("dpop", proofer.proof(endpoint(lone)))]
    answer = lone.http.post(lone.url("/oauth/token"), data=lone.flow("bound").form(), headers=twice)
    refused(answer, "invalid_dpop_proof")


def test_a_client_registered_for_bound_tokens_gets_no_others(lone: Relying, proofer: Proofer) -> None:
    """And has lost nothing by asking wrongly."""
    flow = lone.flow("bound")
    refused(lone.redeem(flow), "invalid_dpop_proof")
    assert redeem(lone, proofer, flow).status_code == 200


def test_refresh_tokens_of_an_app_are_bound_as_well(rp: Relying) -> None:
    """A thief of one can neither use it nor end the family with it; the holder goes on."""
    proofer, thief = ready(rp), Proofer(rp.site)
    thief.nonce = proofer.nonce
    for client in ("bound", "phone"):
        tokens = bound(rp, proofer, client)
        form = {"grant_type": "refresh_token", "client_id": client, "refresh_token": tokens["refresh_token"]}
        headers = {"dpop": thief.proof(endpoint(rp))}
        refused(rp.post("/oauth/token", form, headers=headers), "invalid_grant")
        without = rp.post("/oauth/token", form)
        refused(without, "invalid_dpop_proof" if client == "bound" else "invalid_grant")
        answer = rp.post("/oauth/token", form, 1, headers={"dpop": proofer.proof(endpoint(rp))})
        assert answer.json()["token_type"] == "DPoP"
        assert ask(rp, proofer, answer.json()["access_token"]).status_code == 200


def test_a_code_may_be_bound_to_a_key_from_the_start(rp: Relying) -> None:
    """RFC 9449 §10: by dpop_jkt in the request, or by a proof beside a pushed one (§10.1)."""
    proofer, thief = ready(rp), Proofer(rp.site)
    thief.nonce = proofer.nonce
    flow = rp.flow("bound", dpop_jkt=proofer.thumbprint)
    refused(redeem(rp, thief, flow), "invalid_grant")
    assert redeem(rp, proofer, rp.flow("bound", dpop_jkt=proofer.thumbprint)).status_code == 200
    params, verifier = rp.request("bound")
    push = rp.post("/oauth/par", params, headers={"dpop": proofer.proof(f"{rp.site.issuer}/oauth/par")})
    assert push.status_code == 201, push.text
    params = {"client_id": "bound", "request_uri": push.json()["request_uri"]}
    code = rp.answer(rp.authorize(params, rp.signed_in()))["code"]
    refused(redeem(rp, thief, Flow("bound", code, verifier, {})), "invalid_grant")
    wrong, _ = rp.request("bound", dpop_jkt=thief.thumbprint)
    push = rp.post("/oauth/par", wrong, headers={"dpop": proofer.proof(f"{rp.site.issuer}/oauth/par")})
    refused(push, "invalid_request")
