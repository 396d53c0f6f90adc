"""The authorization code flow: bound, single-use, and mixed up with nothing (O2, O3)."""

from __future__ import annotations

import secrets
from functools import partial
from typing import Any
from urllib.parse import unquote_plus

import pytest

from tests.oauth.relying import SCOPE, Relying, claims_of, refused
from tests.oauth.site import BACK


def test_a_customer_is_sent_to_a_client_with_a_code_that_gives_tokens(rp: Relying) -> None:
    """O3: the answer names its issuer (RFC 9207) and brings the state back; the registered query stays."""
    session = rp.site.new_session(1)
    flow = rp.flow(who=rp.signed_in(1, session, amr="pwd,otp,mfa"))
    assert flow.answer.keys() == {"code", "state", "iss"}
    assert (flow.answer["state"], flow.answer["iss"]) == ("a state", rp.site.issuer)
    response = rp.redeem(flow)
    assert response.headers["cache-control"] == "no-store"
    body = response.json()
    assert body.keys() == {"access_token", "token_type", "expires_in", "scope", "refresh_token"}
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 600, SCOPE)
    said = claims_of(body["access_token"])
    assert (said["sub"], said["client_id"], said["sid"]) == (
        rp.site.customer(1),
        "phone",
        rp.site.outside("Session", rp.site.customers[1], session),
    )
    assert (said["amr"], said["acr"], said["aud"]) == (["pwd", "otp", "mfa"], "2fa", f"{rp.site.issuer}/graphql")
    assert abs(said["auth_time"] - said["iat"]) <= 2
    assert rp.grant(body["access_token"]).json()["data"]["grant"]["purposes"] == ["SELF_SERVICE"]


def test_a_code_works_once_and_its_second_use_revokes_what_the_first_gave(rp: Relying) -> None:
    """O2: access token and refresh token both, on the next request, at another replica."""
    flow = rp.flow()
    first = rp.redeem(flow).json()
    assert rp.works(first["access_token"], replica=1)
    refused(rp.redeem(flow, replica=1), "invalid_grant")
    assert not rp.works(first["access_token"], replica=1)
    assert not rp.works(first["access_token"], replica=0)
    refused(rp.refresh(first["refresh_token"]), "invalid_grant")


def test_of_redemptions_that_race_one_wins_and_all_of_them_end_it(rp: Relying) -> None:
    """O2: six at once, at two replicas: at most one gets tokens, and these are revoked, because five came too late."""
    flow = rp.flow()
    answers = rp.at_once(*(partial(rp.redeem, flow, replica=number % 2) for number in range(6)))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert [answer.status_code for answer in answers].count(400) == 5
    assert len(good) == 1
    assert not rp.works(good[0]["access_token"], replica=0)
    assert not rp.works(good[0]["access_token"], replica=1)
    refused(rp.refresh(good[0]["refresh_token"]), "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_verifier": "x" * 43}, "invalid_grant"),
        ({"code_verifier": None}, "invalid_request"),
        ({"code_verifier": "short"}, "invalid_request"),
        ({"code_verifier": "é" * 50}, "invalid_request"),
        ({"redirect_uri": "https://app.example/other"}, "invalid_grant"),
        ({"redirect_uri": None}, "invalid_grant"),
        ({"code": "gwc_unknown"}, "invalid_grant"),
        ({"code": None}, "invalid_request"),
        ({"client_id": "tablet"}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": None}, "invalid_client"),
        ({"client_id": "shop"}, "invalid_client"),
        ({"grant_type": None}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "invalid_client"),
        ({"resource": "https://elsewhere.example/api"}, "invalid_target"),
    ],
)
def test_a_code_is_bound_to_client_address_and_verifier(
    lone: Relying, changes: dict[str, str | None], error: str
) -> None:
    """O2: with any one of them wrong there are no tokens; what another client brings leaves the code as it is."""
    flow = lone.flow()
    refused(lone.redeem(flow, **changes), error, 401 if error == "invalid_client" else 400)
    if changes.keys() & {"client_id", "grant_type", "resource"} or changes.get("code", "") != "":
        assert lone.redeem(flow).status_code == 200
    else:
        refused(lone.redeem(flow), "invalid_grant")


def test_a_code_is_good_for_a_minute(rp: Relying) -> None:
    """O2: 59 seconds after it was made it works, and 61 seconds after it does not."""
    early, late = rp.flow(), rp.flow()
    rp.site.turn_clock(57)
    assert rp.redeem(early).status_code == 200
    rp.site.turn_clock(61)
    refused(rp.redeem(late), "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"code_challenge": "!" * 43}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": 'ü"<'}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"scope": "purpose:invoicing"}, "invalid_scope"),
        ({"scope": "purpose:self_service purpose:invoicing"}, "invalid_scope"),
        ({"scope": "audit:read"}, "invalid_scope"),
        ({"scope": "purpose:self_service  services:write"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"resource": "https://elsewhere.example/api"}, "invalid_target"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"prompt": "create"}, "invalid_request"),
        ({"dpop_jkt": "short"}, "invalid_request"),
    ],
)
def test_what_a_client_may_not_ask_is_told_to_the_client(
    lone: Relying, changes: dict[str, str | None], error: str
) -> None:
    """O2, O3, O4: as an error at its address, with state and issuer; no sign-in, no code."""
    params, _ = lone.request(**changes)
    answer = lone.answer(lone.authorize(params, lone.signed_in()))
    assert answer["error"] == error
    assert (answer["state"], answer["iss"]) == ("a state", lone.site.issuer)
    assert answer.keys() <= {"error", "error_description", "state", "iss"}


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": None},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "&x=1"},
        {"redirect_uri": "https://app.example/back"},
        {"redirect_uri": "https://APP.example/back?from=gateway"},
        {"redirect_uri": "https://app.example:443/back?from=gateway"},
        {"redirect_uri": "https://app.example/other/../back?from=gateway"},
        {"redirect_uri": "https://evil.example/back?from=gateway"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": 'ü"<script>'},
        {"client_id": None},
        {"client_id": "nobody"},
        {"client_id": "billing"},
        {"client_id": "x" * 5_000},
        {"request_uri": "urn:ietf:params:oauth:request_uri:unknown"},
        {"request_uri": "https://elsewhere.example/request"},
        {"client_id": "pusher"},
    ],
)
def test_an_address_that_is_not_sure_gets_nothing(lone: Relying, changes: dict[str, str | None]) -> None:
    """O3: a page for the person, with a strict policy, and no redirect to anywhere."""
    params, _ = lone.request(**changes)
    response = lone.authorize(params, lone.signed_in())
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in response.headers["content-security-policy"]
    for value in changes.values():
        assert value is None or value not in response.text or value == "billing"


@pytest.mark.parametrize("query", ["client_id=%ff", "client_id=a&client_id=b", "%00=1", "a=" + "x" * 20_000, "=&=&"])
def test_a_request_that_can_be_read_in_two_ways_is_refused(lone: Relying, query: str) -> None:
    response = lone.http.get(f"{lone.url('/oauth/authorize')}?{query}")
    assert response.status_code == 400
    assert "Traceback" not in response.text


def test_parameters_given_twice_are_refused(lone: Relying) -> None:
    """RFC 6749 §3.1: at the authorization endpoint and at the token endpoint."""
    params, _ = lone.request()
    assert lone.authorize([*params.items(), ("state", "another")], lone.signed_in()).status_code == 400
    form = [*lone.flow().form().items(), ("code_verifier", "x" * 43)]
    body = "&".join(f"{name}={value}" for name, value in form)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    refused(lone.http.post(lone.url("/oauth/token"), content=body, headers=kind), "invalid_request")


def test_asking_for_no_scope_means_all_that_the_client_has(lone: Relying) -> None:
    """O4: and it is said in the answer."""
    assert lone.tokens(scope=None)["scope"] == SCOPE
    narrow = lone.tokens(scope="purpose:self_service")
    assert narrow["scope"] == claims_of(narrow["access_token"])["scope"] == "purpose:self_service"


def test_who_is_not_signed_in_is_sent_to_sign_in_and_comes_back(lone: Relying) -> None:
    params, _ = lone.request()
    response = lone.authorize(params)
    assert response.status_code == 303
    address = response.headers["location"]
    assert address.startswith("/sign-in?platform=CLIENT_AREA&continue=%2Foauth%2Fresume%3F")
    back = unquote_plus(address.partition("continue=")[2])
    page = lone.http.get(lone.url(back))
    assert page.status_code == 200
    onwards = page.text.partition("url=")[2].partition('"')[0].replace("&amp;", "&")
    assert onwards.startswith("/oauth/authorize?")
    answer = lone.answer(lone.http.get(lone.url(onwards), headers=lone.signed_in()))
    assert answer["code"]


def test_the_sign_in_page_speaks_the_language_that_the_client_asks_for(lone: Relying) -> None:
    """OpenID Connect Core §3.1.2.1: the first of `ui_locales` that there is."""
    params, _ = lone.request(ui_locales="tlh fr-CH en")
    assert lone.authorize(params).headers["location"].endswith("&lang=fr")


@pytest.mark.parametrize(
    ("who", "asked", "sent_away"),
    [
        ({}, {}, False),
        ({"platform": "WEBMAIL"}, {}, True),
        ({"platform": "WEBMAIL"}, {"client_id": "mail"}, False),
        ({}, {"client_id": "mail"}, True),
        ({"ago": 400}, {"max_age": "300"}, True),
        ({"ago": 200}, {"max_age": "300"}, False),
        ({"ago": 61}, {"prompt": "login"}, True),
        ({"ago": 5}, {"prompt": "login"}, False),
    ],
)
def test_a_sign_in_must_be_of_the_right_kind_and_young_enough(
    lone: Relying, who: dict[str, Any], asked: dict[str, str], sent_away: bool
) -> None:
    """R40: a webmail password opens no client area. RFC 9470: the client says how old a sign-in may be."""
    params, _ = lone.request(**asked)
    response = lone.authorize(params, lone.signed_in(**who))
    assert response.headers["location"].startswith("/sign-in?" if sent_away else BACK)


def test_a_client_may_ask_that_nobody_is_bothered(lone: Relying) -> None:
    params, _ = lone.request(prompt="none")
    assert lone.answer(lone.authorize(params))["error"] == "login_required"
    assert "code" in lone.answer(lone.authorize(params, lone.signed_in()))


def test_a_shared_computer_gets_no_refresh_token(rp: Relying) -> None:
    """R41: nor a client that is not registered for refreshing."""
    assert "refresh_token" not in rp.tokens(who=rp.signed_in(shared="shared"))
    assert "refresh_token" not in rp.tokens("once")


def test_states_of_any_kind_come_back_as_they_were(lone: Relying) -> None:
    for state in ("", "a&b=c#d", "ünï", "x" * 2_000, "%3Cscript%3E"):
        params, _ = lone.request(state=state)
        assert lone.answer(lone.authorize(params, lone.signed_in())).get("state", "") == state


def test_only_get_and_only_post(lone: Relying) -> None:
    for method, path in (("PUT", "/oauth/authorize"), ("GET", "/oauth/token"), ("PUT", "/oauth/revoke")):
        response = lone.http.request(method, lone.url(path))
        assert response.status_code == 405
        assert response.headers["allow"]


def test_the_code_rests_only_as_a_hash(rp: Relying) -> None:
    flow = rp.flow(state=secrets.token_urlsafe())
    tokens = rp.redeem(flow).json()
    if rp.site.kind == "sqlite":
        for file in rp.site.config.root_key_path.parent.iterdir():
            content = file.read_bytes()
            for secret in (flow.code, tokens["refresh_token"], tokens["access_token"], flow.verifier):
                assert secret.encode() not in content, file
    assert flow.code not in rp.site.log()
