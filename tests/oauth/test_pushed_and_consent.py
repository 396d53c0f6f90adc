"""Pushed requests (RFC 9126), and the page that asks customers about clients that are not ours."""

from __future__ import annotations

import re
from functools import partial
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest

from gateway.oauth.endpoints.consent_words import WORDS
from messages.catalogue import translate
from policy.app_scopes import AppScope
from tests.oauth.relying import Relying, refused
from tests.oauth.site import BACK


def push(rp: Relying, client: str = "pusher", replica: int = 0, **changes: str | None) -> tuple[httpx.Response, str]:
    params, verifier = rp.request(client, **changes)
    return rp.post("/oauth/par", params, replica), verifier


def test_a_pushed_request_leads_to_one_code(rp: Relying) -> None:
    """F4: pushed at one replica, used at the other, and used up there."""
    response, verifier = push(rp)
    assert (response.status_code, response.json()["expires_in"]) == (201, 590)
    params = {"client_id": "pusher", "request_uri": response.json()["request_uri"]}
    who = rp.signed_in()
    sent = rp.authorize(params, replica=1)
    assert sent.headers["location"].startswith("/sign-in?"), "signing in does not use it up"
    answer = rp.answer(rp.authorize(params | {"scope": "ignored", "state": "ignored"}, who, 1))
    assert answer["state"] == "a state"
    form = {"grant_type": "authorization_code", "client_id": "pusher", "code": answer["code"]}
    form |= {"redirect_uri": BACK, "code_verifier": verifier}
    assert rp.post("/oauth/token", form).status_code == 200
    assert rp.authorize(params, who).status_code == 400
    again = rp.at_once(*[partial(rp.authorize, renewed(rp), who, 1)] * 4)
    assert sorted(each.status_code for each in again) == [303, 400, 400, 400]


def renewed(rp: Relying) -> dict[str, str]:
    return {"client_id": "pusher", "request_uri": push(rp)[0].json()["request_uri"]}


def test_it_is_for_the_client_that_pushed_it_and_for_ten_minutes(rp: Relying) -> None:
    params = renewed(rp)
    assert rp.authorize(params | {"client_id": "phone"}, rp.signed_in()).status_code == 400
    rp.site.turn_clock(601)
    assert rp.authorize(params, rp.signed_in()).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error", "status"),
    [
        ({"redirect_uri": "https://evil.example/"}, "invalid_request", 400),
        ({"redirect_uri": None}, "invalid_request", 400),
        ({"code_challenge_method": "plain"}, "invalid_request", 400),
        ({"scope": "purpose:invoicing"}, "invalid_scope", 400),
        ({"request_uri": "urn:x"}, "invalid_request", 400),
        ({"request": "x"}, "request_not_supported", 400),
        ({"response_type": "token"}, "unsupported_response_type", 400),
        ({"resource": "https://elsewhere.example"}, "invalid_target", 400),
        ({"client_id": "nobody"}, "invalid_client", 401),
        ({"client_id": "billing"}, "invalid_client", 401),
        ({"client_id": "shop"}, "invalid_client", 401),
    ],
)
def test_what_could_not_be_asked_can_not_be_pushed(
    lone: Relying, changes: dict[str, str | None], error: str, status: int
) -> None:
    refused(push(lone, **changes)[0], error, status)


def test_a_site_with_a_secret_pushes_with_it(lone: Relying) -> None:
    params, verifier = lone.request("shop", scope="purpose:self_service")
    response = lone.post("/oauth/par", params, auth=lone.basic("shop"))
    assert response.status_code == 201
    params = {"client_id": "shop", "request_uri": response.json()["request_uri"]}
    code = lone.answer(lone.authorize(params, lone.signed_in()))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": verifier}
    assert lone.post("/oauth/token", form, auth=lone.basic("shop")).status_code == 200


def asked(rp: Relying, who: dict[str, str], **changes: str | None) -> tuple[str, httpx.Response]:
    params, _ = rp.request("guest", **{"scope": None, **changes})
    page = rp.authorize(params, who)
    assert page.status_code == 200, page.text
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found is not None
    return unescape(found.group(1)), page


def decide(rp: Relying, ticket: str, who: dict[str, str], decision: str = "allow", replica: int = 0) -> httpx.Response:
    return rp.post("/oauth/consent", {"ticket": ticket, "decision": decision}, replica, headers=who)


def test_a_client_that_is_not_ours_is_agreed_to_once(rp: Relying) -> None:
    """First parties skip the page; what was allowed is not asked again until the client wants more."""
    who = rp.signed_in(1)
    ticket, page = asked(rp, who, scope="profile:read")
    assert AppScope.PROFILE_READ.text in page.text
    assert AppScope.SERVICES_READ.text not in page.text
    assert page.headers["cache-control"] == "no-store"
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(BACK))
    assert f"form-action 'self' {origin};" in page.headers["content-security-policy"]
    assert "code" in rp.answer(decide(rp, ticket, who, replica=1))
    params, _ = rp.request("guest", scope="profile:read")
    assert "code" in rp.answer(rp.authorize(params, who))
    asked(rp, who, scope="profile:read services:read")
    asked(rp, rp.signed_in(2), scope="profile:read")
    asked(rp, who, scope="profile:read", prompt="consent")
    params, _ = rp.request("guest", scope=None, prompt="none")
    assert rp.answer(rp.authorize(params, who))["error"] == "consent_required"


@pytest.mark.parametrize("scope", AppScope)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_each_scope_stands_on_the_page_in_words_of_both_languages(
    lone: Relying, scope: AppScope, language: str
) -> None:
    """O10: what a third party may ask for is what a person understands."""
    params, _ = lone.request("lodger", scope=scope.scope)
    # Somebody who has allowed nothing yet, whatever other tests ran before.
    headers = lone.signed_in(9, session=1) | {"accept-language": language}
    page = lone.http.get(lone.url("/oauth/authorize"), params=params, headers=headers)
    assert f'<html lang="{language}">' in page.text
    found = re.findall(r"<li>(.*?)</li>", page.text)
    assert [unescape(each) for each in found] == [translate(scope.text, language)]
    assert unescape(WORDS.say(language, "back")) in unescape(page.text)


def test_who_says_no_sends_the_client_away(lone: Relying) -> None:
    who = lone.signed_in(3)
    ticket, _ = asked(lone, who)
    for decision in ("deny", "", "ALLOW"):
        answer = lone.answer(decide(lone, ticket, who, decision))
        assert (answer["error"], answer["state"]) == ("access_denied", "a state")
    asked(lone, who)


def test_the_form_works_for_the_session_it_was_shown_to(lone: Relying) -> None:
    """No other site can send it, no other customer, and nobody later (CSRF)."""
    session = lone.site.new_session(2)
    who = lone.signed_in(2, session)
    ticket, _ = asked(lone, who)
    text, _, mac = ticket.partition(".")
    wrong = ["", "x", "x.y", f"{text}.", f"{text}x.{mac}", f"{text}.{mac[:-2]}", f"é.{mac}", f".{mac}"]
    for each in wrong:
        assert decide(lone, each, who).status_code == 400, each
    assert decide(lone, ticket, lone.signed_in(2)).status_code == 400
    assert decide(lone, ticket, lone.signed_in(1)).status_code == 400
    assert decide(lone, ticket, {}).status_code == 400
    lone.site.turn_clock(601)
    assert decide(lone, ticket, who).status_code == 400
    lone.site.turn_clock(0)
    assert decide(lone, ticket, who).status_code == 303


def test_names_of_clients_are_text(lone: Relying) -> None:
    """D7: the shop is called `A <shop>`."""
    from gateway.oauth.endpoints.authorization_request import AuthorizationRequest
    from gateway.oauth.endpoints.pages import consent
    from tests.oauth.site import CLIENTS

    shop = next(client for client in CLIENTS if client.id == "shop")
    back = "com.example.app:/back"
    wanted = AuthorizationRequest(shop, back, None, frozenset({"<b>"}), "c", None, frozenset(), None, None)  # type: ignore[arg-type]
    page = consent(wanted, '"><script>')
    assert b"A &lt;shop&gt;" in page.body
    assert b"<script>" not in page.body
    assert b"<b>" not in page.body
    assert "form-action 'self' com.example.app:;" in page.headers["content-security-policy"]
