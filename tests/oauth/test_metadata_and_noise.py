"""What the server says about itself (RFC 8414, RFC 9728), and noise at every address (G1, O9)."""

from __future__ import annotations

import json
import random

import httpx
import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata, get_well_known_url

from tests.oauth.relying import Relying

ENDPOINTS = ("/oauth/token", "/oauth/par", "/oauth/revoke", "/oauth/introspect", "/oauth/consent")


def test_the_metadata_is_valid_and_every_address_in_it_answers(lone: Relying) -> None:
    found = lone.http.get(lone.url(get_well_known_url(lone.site.issuer)))
    assert found.headers["content-type"] == "application/json"
    said = found.json()
    AuthorizationServerMetadata(said).validate()
    assert said["issuer"] == lone.site.issuer
    assert said["code_challenge_methods_supported"] == ["S256"]
    assert said["response_types_supported"] == ["code"]
    assert said["authorization_response_iss_parameter_supported"] is True
    assert {"purpose:invoicing", "purpose:self_service"} <= set(said["scopes_supported"])
    assert "purpose:statutory_retention" not in said["scopes_supported"]
    for name, address in said.items():
        if name.endswith(("_endpoint", "_uri")):
            assert address.startswith(lone.site.issuer)
            assert lone.http.get(address).status_code in (200, 400, 401, 405), name
    for path in ("", "/graphql"):
        resource = lone.http.get(lone.url(f"/.well-known/oauth-protected-resource{path}")).json()
        assert resource["resource"] == said["protected_resources"][0] == f"{lone.site.issuer}/graphql"
        assert resource["authorization_servers"] == [lone.site.issuer]


def test_the_key_set_has_no_private_part(lone: Relying) -> None:
    for key in lone.http.get(lone.url("/.well-known/jwks.json")).json()["keys"]:
        assert key.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}


FORM = {"content-type": "application/x-www-form-urlencoded"}
NOISE: list[tuple[bytes, dict[str, str]]] = [
    (b"", {}),
    (b"", FORM),
    (b"{}", {"content-type": "application/json"}),
    (b"grant_type=client_credentials", {"content-type": "text/plain"}),
    (b"\xff\xfe", FORM),
    (b"grant_type=%ff", FORM),
    (b"grant_type=%00", FORM),
    (b"grant_type=\r\n", FORM),
    (b"a&b&c&=&==", FORM),
    (b"&".join(b"%d=1" % n for n in range(200)), FORM),
    (b"x=" + b"y" * 20_000, FORM),
    (b"grant_type=authorization_code&code=%F0%9F%92%A9&client_id=phone&redirect_uri=x&code_verifier=x", FORM),
    (b"token=%F0%9F%92%A9&client_id=phone", FORM),
    (b"grant_type[]=x&client_id[]=y", FORM),
    (b"grant_type=refresh_token&client_id=phone&refresh_token=gwr_%F0%9F%92%A9", FORM),
    (b"ticket=%F0%9F%92%A9.x&decision=allow", FORM),
]


@pytest.mark.parametrize("path", ENDPOINTS)
def test_noise_gets_an_error_of_the_callers_and_never_a_stack_trace(lone: Relying, path: str) -> None:
    """G1: 4xx, typed, for any body and any header."""
    for body, headers in NOISE:
        judge(lone.http.post(lone.url(path), content=body, headers=headers))
    odd = {"authorization": "Basic " + "x" * 5_000, "dpop": "ü", **FORM}
    judge(lone.http.post(lone.url(path), content=b"a=b", headers={name: value.encode() for name, value in odd.items()}))


def judge(response: httpx.Response) -> None:
    assert response.status_code in (200, 400, 401, 413, 415, 429), (response.status_code, response.text)
    assert "Traceback" not in response.text
    if response.headers["content-type"] == "application/json" and response.status_code >= 400:
        assert response.json().keys() <= {"error", "error_description"}


def test_random_forms_never_break_the_server(lone: Relying) -> None:
    """Right names with wrong values, wrong names with right ones, at every endpoint."""
    dice = random.Random(4)
    tokens = lone.tokens()
    words = ["", "x", "phone", "billing", "code", "refresh_token", "authorization_code", "client_credentials", "S256"]
    words += ["é", "%", "a b", tokens["access_token"], tokens["refresh_token"], "gwc_x", "urn:x", "https://app.example"]
    names = ["grant_type", "client_id", "client_secret", "code", "redirect_uri", "code_verifier", "refresh_token"]
    names += ["scope", "resource", "token", "token_type_hint", "client_assertion", "client_assertion_type"]
    names += ["response_type", "code_challenge", "code_challenge_method", "state", "max_age", "dpop_jkt", "prompt"]
    for _ in range(150):
        form = {dice.choice(names): dice.choice(words) for _ in range(dice.randint(1, 8))}
        judge(lone.post(dice.choice(ENDPOINTS), form))
        response = lone.authorize(form, lone.signed_in())
        assert response.status_code in (200, 303, 400), form


def test_nothing_that_was_sent_is_in_the_log(lone: Relying) -> None:
    """D1: tokens, codes, secrets and assertions are never logged."""
    secret = "a-secret-nobody-should-see"
    lone.post("/oauth/token", {"grant_type": "client_credentials"}, auth=("billing", secret))
    tokens = lone.tokens(state=secret)
    assertion = lone.assertion()
    lone.post("/oauth/token", {"grant_type": "client_credentials"} | assertion)
    log = lone.site.log()
    for text in (secret, tokens["access_token"], tokens["refresh_token"], assertion["client_assertion"]):
        assert text not in log
    assert "Traceback" not in log
    assert json.dumps(secret) not in log
