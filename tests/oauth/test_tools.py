"""Tools that act for themselves: how they prove who they are, and that they never get more than they have (O4, O6)."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey
from sqlalchemy import update

from resolvers.clients.registrar import ClientRegistrar
from store.database.store import Store
from store.registers.clients import clients
from tests.oauth.naming import what_differs
from tests.oauth.relying import ASSERTION_TYPE, Relying, claims_of, encoded, refused
from tests.oauth.site import EC_KEY, RSA_KEY, Site

OWN = {"grant_type": "client_credentials"}


def test_a_tool_gets_what_it_is_registered_for(rp: Relying) -> None:
    response = rp.own("billing")
    body = response.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert body["scope"] == "audit:read purpose:invoicing"
    said = claims_of(body["access_token"])
    assert (said["sub"], said["client_id"]) == ("billing", "billing")
    assert said.keys() == {"iss", "aud", "sub", "client_id", "scope", "iat", "exp", "jti"}
    assert rp.grant(body["access_token"], replica=1).json()["data"]["grant"]["purposes"] == ["INVOICING"]


def test_secrets_may_come_in_the_header_or_in_the_body(lone: Relying) -> None:
    id_, secret = lone.basic("billing")
    assert lone.post("/oauth/token", OWN, auth=(id_, secret)).status_code == 200
    assert lone.post("/oauth/token", OWN | {"client_id": id_, "client_secret": secret}).status_code == 200
    encoded_pair = base64.b64encode(f"{id_.replace('b', '%62')}:{secret}".encode()).decode()
    header = {"authorization": f"bAsIc {encoded_pair}"}
    assert lone.post("/oauth/token", OWN, headers=header).status_code == 200


@pytest.mark.parametrize(
    ("client", "scope"),
    [
        ("billing", "purpose:emergency_contact"),
        ("billing", "purpose:invoicing purpose:emergency_contact"),
        ("billing", "purpose:self_service"),
        ("billing", "PURPOSE:INVOICING"),
        ("billing", "purpose:INVOICING"),
        ("billing", "services:write"),
        ("billing", "tokens:introspect"),
        ("billing", "purpose:nonsense"),
        ("billing", "purpose:invoicing\taudit:read"),
        ("billing", "openid"),
    ],
)
def test_more_than_it_has_is_refused_and_not_left_out(lone: Relying, client: str, scope: str) -> None:
    """O4: by name, so that nobody believes to have what they have not."""
    response = lone.own(client, scope=scope)
    refused(response, "invalid_request" if "\t" in scope else "invalid_scope")


def test_a_narrower_token_is_narrower(lone: Relying) -> None:
    token = lone.own_token("noc", scope="purpose:invoicing")
    assert lone.grant(token).json()["data"]["grant"]["purposes"] == ["INVOICING"]


def test_a_mistaken_registration_gives_no_tool_own_data_and_no_customer_others(lone: Relying) -> None:
    """O4: written past the command that refuses it; SELF_SERVICE needs a customer, and a customer gets nothing else."""
    tool, _ = lone.site.new_tool()

    async def widen(store: Store, client: str, purposes: str) -> None:
        async with store.write() as connection:
            await connection.execute(update(clients).where(clients.c.id == client).values(purposes=purposes))

    every = '["INVOICING", "SELF_SERVICE"]'
    lone.site.on_store(partial(widen, client=tool, purposes=every))
    refused(lone.own(tool, scope="purpose:self_service"), "invalid_scope")
    assert lone.own(tool).json()["scope"] == "purpose:invoicing"
    lone.site.on_store(partial(widen, client="once", purposes=every))
    try:
        params, _ = lone.request("once", scope="purpose:self_service purpose:invoicing")
        assert lone.answer(lone.authorize(params, lone.signed_in()))["error"] == "invalid_scope"
        assert lone.tokens("once", scope=None)["scope"] == "purpose:self_service services:write"
    finally:
        lone.site.on_store(partial(widen, client="once", purposes='["SELF_SERVICE"]'))


@pytest.mark.parametrize("client", ["phone", "shop", "nobody"])
def test_only_tools_act_for_themselves(lone: Relying, client: str) -> None:
    form = OWN | {"client_id": client}
    if client == "shop":
        refused(lone.own("shop"), "unauthorized_client")
    else:
        refused(lone.post("/oauth/token", form), "invalid_client", 401)


def test_a_tool_sends_nobody_to_sign_in(lone: Relying) -> None:
    form = {"grant_type": "refresh_token", "refresh_token": lone.tokens()["refresh_token"]}
    refused(lone.post("/oauth/token", form, auth=lone.basic("billing")), "unauthorized_client")


def test_unknown_clients_and_wrong_secrets_are_alike(lone: Relying) -> None:
    """O6: in status, body and headers; a challenge only for who used the header."""
    client, _ = lone.site.new_tool()
    answers = [
        lone.post("/oauth/token", OWN, auth=pair) for pair in ((client, "wrong"), ("nobody", "wrong"), ("phone", "x"))
    ]
    for answer in answers:
        refused(answer, "invalid_client", 401)
        assert answer.headers["www-authenticate"].startswith("Basic ")
        assert answer.content == answers[0].content
    bodies = [lone.post("/oauth/token", OWN | {"client_id": id_, "client_secret": "x"}) for id_ in (client, "nobody")]
    for answer in bodies:
        refused(answer, "invalid_client", 401)
        assert "www-authenticate" not in answer.headers
        assert answer.content == answers[0].content


@pytest.mark.parametrize(
    "header",
    ["Basic", "Basic !", "Basic YQ==", "Basic /w==", "Basic " + base64.b64encode(b"a:\xff").decode(), "Basic OjA="],
)
def test_headers_that_are_no_credentials(lone: Relying, header: str) -> None:
    refused(lone.post("/oauth/token", OWN, headers={"authorization": header}), "invalid_client", 401)


def test_one_way_to_prove_it_and_not_two(lone: Relying) -> None:
    """RFC 6749 §2.3: nor as two different clients."""
    pair = lone.basic("billing")
    both = OWN | {"client_id": pair[0], "client_secret": pair[1]}
    refused(lone.post("/oauth/token", both, auth=pair), "invalid_request")
    refused(lone.post("/oauth/token", OWN | {"client_id": "noc"}, auth=pair), "invalid_request")
    refused(lone.post("/oauth/token", OWN | lone.assertion(), auth=pair), "invalid_request")
    twice = [("authorization", "Basic a"), ("authorization", "Basic b")]
    refused(lone.http.post(lone.url("/oauth/token"), data=OWN, headers=twice), "invalid_request")


def test_what_stands_in_the_address_counts_for_nothing(lone: Relying) -> None:
    id_, secret = lone.basic("billing")
    address = f"/oauth/token?client_id={id_}&client_secret={secret}&grant_type=client_credentials"
    refused(lone.post(address, {"x": "y"}), "invalid_client", 401)


def test_a_new_secret_and_the_old_one_overlap(rp: Relying) -> None:
    """O6: as long as was said; what comes third ends the first."""
    client, old = rp.site.new_tool()

    def ask(secret: str, replica: int = 0) -> int:
        return rp.post("/oauth/token", OWN, replica, auth=(client, secret)).status_code

    async def rotate(store: Store, hours: float) -> str:
        return await ClientRegistrar(store).rotate(client, timedelta(hours=hours), datetime.now(UTC))

    new = rp.site.on_store(partial(rotate, hours=1))
    assert [ask(old), ask(new), ask(old, 1), ask(new, 1)] == [200] * 4
    rp.site.turn_clock(3_700)
    assert [ask(old), ask(new)] == [401, 200]
    rp.site.turn_clock(0)
    newest = rp.site.on_store(partial(rotate, hours=0))
    assert [ask(new, 1), ask(newest, 1)] == [401, 200]


def test_no_secret_rests_in_the_clear(sqlite_site: Site) -> None:
    """O6: no file of the store has it, nor its plain hash."""
    from hashlib import sha256

    for secret in sqlite_site.secrets.values():
        for file in sqlite_site.config.root_key_path.parent.iterdir():
            content = file.read_bytes()
            assert secret.encode() not in content
            assert sha256(secret.encode()).digest() not in content


@pytest.mark.parametrize(("client", "key"), [("signer", EC_KEY), ("rsa", RSA_KEY), ("rsa", EC_KEY)])
def test_a_client_signs_with_its_own_key(lone: Relying, rested: None, client: str, key: Any) -> None:
    """O6: ES256 and RS256; the key by its id, or without one."""
    for header in ({}, {"kid": key.thumbprint()}, {"typ": "JWT"}, {"typ": "client-authentication+jwt"}):
        response = lone.post("/oauth/token", OWN | lone.assertion(client, key, header=header))
        assert response.status_code == 200, response.text
    assert response.json()["scope"] == "purpose:invoicing"


def test_an_assertion_is_used_once_at_any_replica(rp: Relying) -> None:
    """O6, F4: also by eight at once."""
    form = OWN | rp.assertion()
    assert rp.post("/oauth/token", form, 0).status_code == 200
    refused(rp.post("/oauth/token", form, 1), "invalid_client", 401)
    form = OWN | rp.assertion()
    answers = rp.at_once(*(partial(rp.post, "/oauth/token", form, number % 2) for number in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401, 401]


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "billing"},
        {"sub": "billing"},
        {"iss": None},
        {"sub": None},
        {"sub": 7},
        {"aud": "https://elsewhere.example"},
        {"aud": None},
        {"aud": []},
        {"aud": {}},
        {"aud": ["https://elsewhere.example"]},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": -10},
        {"exp": 3_600},
        {"iat": 3_600},
        {"nbf": 3_600},
        {"jti": None},
        {"jti": ""},
        {"jti": 5},
        {"jti": "x" * 300},
        {"header": {"kid": "another"}},
        {"header": {"typ": "at+jwt"}},
        {"header": {"typ": "dpop+jwt"}},
        {"header": {"jku": "https://elsewhere.example/keys"}},
        {"header": {"x5u": "https://elsewhere.example/keys"}},
        {"key": ECKey.generate_key("P-256")},
        {"key": RSAKey.generate_key(2048)},
    ],
    ids=what_differs,
)
def test_assertions_that_prove_nothing(lone: Relying, rested: None, changes: dict[str, Any]) -> None:
    """O6: each is refused, whichever one thing is wrong, and a good one works right after. Times are from now."""
    times = {
        name: lone.site.now() + change for name, change in changes.items() if type(change) is int and len(name) == 3
    }
    wrong = changes | {name: time for name, time in times.items() if name != "jti" and name != "sub"}
    refused(lone.post("/oauth/token", OWN | lone.assertion(**wrong)), "invalid_client", 401)
    assert lone.post("/oauth/token", OWN | lone.assertion()).status_code == 200


@pytest.fixture
def rested(lone: Relying) -> None:
    """So much later than the test before that its failures are forgotten."""
    RESTED[0] += 400
    lone.site.turn_clock(RESTED[0])


RESTED = [30_000]


def test_an_audience_beside_ours_is_refused(lone: Relying, rested: None) -> None:
    """O6: an assertion that another server may use as well, or the address of an endpoint, could come from there."""
    both = lone.assertion(aud=[lone.site.issuer, "https://elsewhere.example"])
    refused(lone.post("/oauth/token", OWN | both), "invalid_client", 401)
    for other in (f"{lone.site.issuer}/oauth/token", [lone.site.issuer] * 2, f"{lone.site.issuer}/"):
        refused(lone.post("/oauth/token", OWN | lone.assertion(aud=other)), "invalid_client", 401)
    for good in ([lone.site.issuer], lone.site.issuer):
        assert lone.post("/oauth/token", OWN | lone.assertion(aud=good)).status_code == 200


def test_no_algorithm_but_those_two(lone: Relying, rested: None) -> None:
    """O1, O6: no `none`, and no HMAC whose secret is the public key."""
    said = {"iss": "signer", "sub": "signer", "aud": lone.site.issuer, "exp": lone.site.now() + 60, "jti": "a"}
    body = encoded(json.dumps(said).encode())
    text = f"{encoded(json.dumps({'alg': 'HS256'}).encode())}.{body}"
    forged = [f"{text}.{encoded(hmac.digest(EC_KEY.as_pem(private=False), text.encode(), 'sha256'))}"]
    forged += [f"{encoded(header)}.{body}." for header in (b'{"alg":"none"}', b'{"alg":"None"}', b"{}", b'{"alg":1}')]
    forged += ["", ".", "..", "a.b.c", "x" * 5_000, f"{encoded(b'[]')}.{body}.AA", f"{encoded(b'{')}.{body}.AA"]
    for number, text in enumerate(forged):
        lone.site.turn_clock(RESTED[0] + 60 * number)
        form = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text, "client_id": "signer"}
        response = lone.post("/oauth/token", OWN | form)
        assert response.status_code in (400, 401), text
        assert response.json()["error"] in ("invalid_client", "invalid_request")
    other = {"client_assertion_type": "urn:other", "client_assertion": "x", "client_id": "signer"}
    refused(lone.post("/oauth/token", OWN | other), "invalid_request")


def test_guessing_secrets_is_slowed_and_locks_nobody_out(rp: Relying) -> None:
    """O6, F4: counted for both replicas; another client of the same network, and the same one later, are let in."""
    client, secret = rp.site.new_tool()
    rp.site.turn_clock(10_000)  # a network with no past
    answers = [rp.post("/oauth/token", OWN, number % 2, auth=(client, "wrong")) for number in range(8)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 3
    refused(answers[-1], "slow_down", 429)
    assert 0 < int(answers[-1].headers["retry-after"]) <= 12
    refused(rp.post("/oauth/token", OWN, auth=(client, secret)), "slow_down", 429)
    assert rp.own("billing").status_code == 200
    rp.site.turn_clock(10_012)
    assert rp.post("/oauth/token", OWN, 1, auth=(client, secret)).status_code == 200


def test_trying_many_names_is_slowed_and_clients_that_fail_not_are_let_in(rp: Relying) -> None:
    rp.site.turn_clock(20_000)
    codes = [rp.post("/oauth/token", OWN, auth=(f"name{number}", "x")).status_code for number in range(40)]
    assert codes[:25] == [401] * 25
    assert 429 in codes[30:]
    assert rp.own("billing").status_code == 200
