"""A third party's app through the real code flow: what its token reaches, and what taking it back ends (O10, O5)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import delete, update

from policy.app_scopes import APP_SCOPES, AppScope
from policy.purposes import Purpose
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from store.database.store import Store
from store.tables.access import sessions
from tests.oauth.relying import Flow, Relying, refused
from tests.oauth.site import BACK, SELF
from tests.oauth.test_pushed_and_consent import asked, decide

ALL = " ".join(sorted(APP_SCOPES))


def allowed(rp: Relying, who: Mapping[str, str], client: str = "lodger", scope: str | None = ALL) -> Flow:
    """A code for a client that the customer allows this, on the page, just now."""
    params, verifier = rp.request(client, scope=scope, prompt="consent")
    page = rp.authorize(params, dict(who))
    ticket = asked_for(page)
    answer = rp.answer(decide(rp, ticket, dict(who)))
    return Flow(client, answer["code"], verifier, answer)


def asked_for(page: httpx.Response) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', page.text)
    assert found is not None, page.text
    return unescape(found.group(1))


def tokens(rp: Relying, who: Mapping[str, str], client: str = "lodger", scope: str | None = ALL) -> dict[str, Any]:
    response = rp.redeem(allowed(rp, who, client, scope))
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def ask(rp: Relying, token: str, query: str, replica: int = 0, **variables: Any) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {token}"}
    sent = {"query": query, "variables": variables}
    found: dict[str, Any] = rp.http.post(rp.url("/graphql", replica), json=sent, headers=headers).json()
    return found


def own(rp: Relying, customer: int) -> str:
    """The token of our own app, for what only the customer may do."""
    token: str = rp.tokens("phone", rp.signed_in(customer), scope="purpose:self_service")["access_token"]
    return token


def withdraw(rp: Relying, customer: int, name: str = "The app lodger") -> dict[str, Any]:
    """Take back what the customer allowed the app, with our own app."""
    mine = own(rp, customer)
    apps = ask(rp, mine, "{ me { authorizedApps { id name client scopes withdrawnAt } } }")["data"]["me"]
    (app,) = [each for each in apps["authorizedApps"] if each["name"] == name]
    text = """mutation ($in: WithdrawAuthorizedAppInput!) { withdrawAuthorizedApp(input: $in) {
        authorizedApp { id name scopes withdrawnAt } userErrors { code } } }"""
    done = ask(rp, mine, text, **{"in": {"authorizedAppId": app["id"]}})["data"]["withdrawAuthorizedApp"]
    assert done["userErrors"] == []
    found: dict[str, Any] = done["authorizedApp"]
    return found


ATTACKS = (
    'mutation { enrolTotp(input: {code: "123456"}) { secret } }',
    "mutation { regenerateRecoveryCodes(input: {}) { recoveryCodes } }",
    "mutation { beginPasskey(input: {}) { options } }",
    'mutation { requestEmailChange(input: {email: "thief@example.com"}) { userErrors { code } } }',
    "mutation { endOtherSessions(input: {}) { ended } }",
    "mutation { requestExport(input: {}) { userErrors { code } } }",
    "mutation { requestErasure(input: {}) { userErrors { code } } }",
    "mutation { withdrawCardConsent(input: {}) { userErrors { code } } }",
    "{ me { credentials { loginName secondFactors { id remaining } } } }",
    "{ me { sessions { nodes { id } } } }",
    "{ me { signIns { nodes { ipAddress } } } }",
    "{ me { paymentMethods { id } } }",
    "{ me { exports { nodes { id } } } }",
    "{ me { erasures { nodes { id } } } }",
    "{ me { accesses { nodes { client } } } }",
    "{ me { authorizedApps { id } } }",
    "{ me { appSessions { nodes { id } } } }",
    "{ grant { sessionId } }",
)


@pytest.mark.parametrize("client", ["lodger", "taker"])
def test_the_whole_consent_is_not_the_whole_account(rp: Relying, client: str) -> None:
    """O10: with every scope and a sign-in of this moment; also for a client that has refused fields withheld."""
    token = tokens(rp, rp.signed_in(0), client)["access_token"]
    assert ask(rp, token, "{ me { fullName email } }", 1)["data"]["me"]["fullName"]
    for attack in ATTACKS:
        answer = ask(rp, token, attack)
        reasons = {each["extensions"].get("reason") for each in answer.get("errors", ())}
        assert "FIRST_PARTY_ONLY" in reasons or "withheld" in str(answer), (attack, answer)
        assert not leaves(answer.get("data")), (attack, answer)


def leaves(found: Any) -> list[Any]:
    """Everything in an answer that is no null."""
    if isinstance(found, dict):
        return [one for each in found.values() for one in leaves(each)]
    if isinstance(found, list):
        return [one for each in found for one in leaves(each)]
    return [] if found is None else [found]


@pytest.mark.parametrize("path", ["/exports/x", "/exports/RXhwb3J0OjE=", "/consents/x/receipt"])
def test_the_addresses_beside_graphql_are_closed_too(lone: Relying, path: str) -> None:
    """O10: nor does a token open anything that a session's cookie or a receipt does."""
    token = tokens(lone, lone.signed_in(0))["access_token"]
    response = lone.http.get(lone.url(path), headers={"authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["code"]) == (403, "FIRST_PARTY_ONLY")
    mine = lone.http.get(lone.url(path), headers={"authorization": f"Bearer {own(lone, 0)}"})
    assert mine.status_code == 404


def test_every_address_that_takes_a_token_says_for_whom() -> None:
    """O10: /graphql decides field by field, two addresses tell of the schema; all else is first-party only.

    The claims of OpenID Connect are fields that /graphql decides on.
    """
    folder = Path(__file__).parents[2] / "gateway"
    users = {each.name for each in folder.rglob("*.py") if ".authenticate(" in each.read_text()}
    assert users == {"app.py", "authenticator.py", "graphql_http.py", "schema_document.py", "userinfo.py"}


def test_a_token_says_no_more_than_was_allowed(rp: Relying) -> None:
    """O4: by code and by refresh; and what it says beyond what customers can allow counts for nothing."""
    found = tokens(rp, rp.signed_in(0), scope="profile:read")
    assert found["scope"] == "profile:read"
    assert "errors" in ask(rp, found["access_token"], "{ me { email } }")
    refused(rp.refresh(found["refresh_token"], "lodger", scope=ALL), "invalid_scope")
    for scope in ("services:write", "purpose:self_service", "purpose:invoicing", "audit:read", "email:read"):
        params, _ = rp.request("guest", scope=scope)
        assert rp.answer(rp.authorize(params, rp.signed_in(0)))["error"] == "invalid_scope", scope


def test_a_forged_scope_in_a_registration_or_token_opens_nothing(rp: Relying) -> None:
    """O10: where the grant is made it is narrowed again, whatever a row of the registry or a token says."""
    from gateway.access.authenticator import grant_of
    from gateway.tokens.tokens import Claims
    from policy.grant import Over, Refusal
    from resolvers.clients.registry import Registration

    everything = frozenset({"cards:forward", "audit:read", "purpose:self_service", *APP_SCOPES})
    claims = Claims("t", "x", 7, everything, 2**40, "k")
    facts = (frozenset(Purpose), everything, Refusal.REFUSE, False, False, 10, None, Over.ALARM)
    grant = grant_of(claims, Registration("x", *facts))
    assert grant.third_party and grant.scopes == APP_SCOPES and grant.purposes == SELF
    none = Claims("t", "x", 7, everything - APP_SCOPES, 2**40, "k")
    assert grant_of(none, Registration("x", *facts)).purposes == frozenset()
    ours = grant_of(claims, Registration("x", *facts, first_party=True))
    assert not ours.third_party and ours.scopes == everything


def test_taking_it_back_ends_everything_at_once_on_every_replica(rp: Relying) -> None:
    """O10, O5, GDPR Art. 7(3): access and refresh tokens, and codes that were not redeemed yet."""
    who = rp.signed_in(1)
    first, waiting = tokens(rp, who), allowed(rp, who)
    others = tokens(rp, rp.signed_in(2))
    assert rp.works(first["access_token"], 0)
    assert rp.works(first["access_token"], 1)
    app = withdraw(rp, 1)
    assert app["withdrawnAt"] and app["scopes"] == [each.name for each in AppScope]
    assert not rp.works(first["access_token"], 0)
    assert not rp.works(first["access_token"], 1)
    refused(rp.refresh(first["refresh_token"], "lodger", 1), "invalid_grant")
    refused(rp.redeem(waiting, 1), "invalid_grant")
    assert rp.introspect(first["access_token"], replica=1) == {"active": False}
    assert rp.works(others["access_token"]), "others have allowed it still"
    assert withdraw(rp, 1)["withdrawnAt"] == app["withdrawnAt"], "again changes nothing"
    params, _ = rp.request("lodger", scope=ALL, prompt="none")
    assert rp.answer(rp.authorize(params, who))["error"] == "consent_required"
    params, _ = rp.request("lodger", scope="profile:read")
    assert rp.authorize(params, who).status_code == 200, "the customer is asked again"
    assert rp.works(tokens(rp, who)["access_token"], 1)


def test_two_withdrawals_and_a_redemption_at_once_leave_nothing_alive(rp: Relying) -> None:
    """O10, F4: whichever comes first, no token is left after the last has ended."""
    who, mine = rp.signed_in(4), own(rp, 4)
    for _ in range(4):
        flow = allowed(rp, who)
        (app,) = ask(rp, mine, "{ me { authorizedApps { id } } }")["data"]["me"]["authorizedApps"]
        calls = [partial(rp.redeem, flow), *[partial(take_back, rp, mine, app["id"], place) for place in (0, 1)]]
        redeemed, *_ = rp.at_once(*calls)
        if redeemed.status_code == 200:
            assert not rp.works(redeemed.json()["access_token"], 1)
            refused(rp.refresh(redeemed.json()["refresh_token"], "lodger"), "invalid_grant")
        else:
            refused(redeemed, "invalid_grant")


def take_back(rp: Relying, token: str, app: str, replica: int) -> httpx.Response:
    text = "mutation ($in: WithdrawAuthorizedAppInput!) { withdrawAuthorizedApp(input: $in) { userErrors { code } } }"
    headers = {"authorization": f"Bearer {token}"}
    sent = {"query": text, "variables": {"in": {"authorizedAppId": app}}}
    response = rp.http.post(rp.url("/graphql", replica), json=sent, headers=headers)
    assert response.json()["data"]["withdrawAuthorizedApp"]["userErrors"] == [], response.text
    return response


def test_a_smaller_consent_narrows_what_was_given_before(rp: Relying) -> None:
    who = rp.signed_in(3)
    wide = tokens(rp, who, scope="profile:read services:read")
    tokens(rp, who, scope="profile:read")
    narrower = rp.refresh(wide["refresh_token"], "lodger").json()
    assert narrower["scope"] == "profile:read"


def test_nobody_takes_back_or_ends_what_is_somebody_elses(rp: Relying) -> None:
    """D6."""
    tokens(rp, rp.signed_in(0))
    (app, *_) = ask(rp, own(rp, 0), "{ me { authorizedApps { id } } }")["data"]["me"]["authorizedApps"]
    (session, *_) = ask(rp, own(rp, 0), "{ me { appSessions { nodes { id } } } }")["data"]["me"]["appSessions"]["nodes"]
    stranger = own(rp, 1)
    for name, named, id_ in (
        ("withdrawAuthorizedApp", "authorizedAppId", app["id"]),
        ("endAppSession", "appSessionId", session["id"]),
        ("withdrawAuthorizedApp", "authorizedAppId", "nonsense"),
        ("endAppSession", "appSessionId", app["id"]),
    ):
        text = f"mutation ($id: ID!) {{ {name}(input: {{{named}: $id}}) {{ userErrors {{ code }} }} }}"
        answer = ask(rp, stranger, text, id=id_)
        assert answer["data"][name]["userErrors"] == [{"code": "NOT_FOUND"}]


def test_an_app_is_signed_out_on_one_device(rp: Relying) -> None:
    """S6: listed by its name, and ended with its access and refresh tokens."""
    who = rp.signed_in(5)
    one, other = tokens(rp, who), tokens(rp, who)
    mine = own(rp, 5)
    query = "{ me { appSessions(first: 50) { nodes { id name client startedAt expiresAt endedAt } } } }"
    found = ask(rp, mine, query)["data"]["me"]["appSessions"]["nodes"]
    lodgers = [each for each in found if each["name"] == "The app lodger" and each["endedAt"] is None]
    newest = lodgers[0]
    text = "mutation ($in: EndAppSessionInput!) { endAppSession(input: $in) { appSession { endedAt } } }"
    for _ in range(2):
        done = ask(rp, mine, text, **{"in": {"appSessionId": newest["id"]}})
        assert done["data"]["endAppSession"]["appSession"]["endedAt"]
    assert not rp.works(other["access_token"], 1)
    refused(rp.refresh(other["refresh_token"], "lodger"), "invalid_grant")
    assert rp.refresh(one["refresh_token"], "lodger").status_code == 200


@pytest.mark.parametrize("how", ["ended", "gone", "another's"])
def test_a_session_that_is_over_or_not_there_is_over_for_its_apps(rp: Relying, how: str) -> None:
    """S6: nobody came to announce it; a restored store, a swept row, a row of somebody else's are no session."""
    session = rp.site.new_session(1)
    who = rp.signed_in(1, session)
    found = rp.tokens("phone", who)
    flow = rp.flow("phone", who)

    async def change(store: Store) -> None:
        mine = sessions.c.id == session
        over = {
            "ended": update(sessions).where(mine).values(ended_at=datetime.now(UTC)),
            "gone": delete(sessions).where(mine),
            "another's": update(sessions).where(mine).values(customer_id=rp.site.customers[0]),
        }[how]
        async with store.write() as connection:
            await connection.execute(over)

    rp.site.on_store(change)
    refused(rp.refresh(found["refresh_token"]), "invalid_grant")
    assert rp.introspect(found["refresh_token"], "billing") == {"active": False}
    refused(rp.redeem(flow), "invalid_grant")


DISABLED = "lodger"


def test_a_disabled_app_has_no_half_working_address(rp: Relying) -> None:
    """O5: token, refresh, introspection, revocation, pushed request, authorization and consent page."""
    who = rp.signed_in(0)
    before = tokens(rp, who)
    code, ticket = allowed(rp, who), asked(rp, who)[0]
    lodgers = asked_for(rp.authorize(rp.request(DISABLED, scope=ALL, prompt="consent")[0], who))
    pushed = rp.post("/oauth/par", rp.request(DISABLED, scope=ALL)[0], 0).json()["request_uri"]
    by_reference = {"client_id": DISABLED, "request_uri": pushed}

    async def switch(store: Store, off: bool) -> None:
        await ClientRegistrar(store).set_disabled(DISABLED, off, datetime.fromtimestamp(rp.site.now(), UTC))

    rp.site.on_store(partial(switch, off=True))
    try:
        for replica in (0, 1):
            assert not rp.works(before["access_token"], replica)
            refused(rp.refresh(before["refresh_token"], DISABLED, replica), "invalid_client", 401)
            refused(rp.redeem(code, replica), "invalid_client", 401)
            form = {"token": before["access_token"], "client_id": DISABLED}
            refused(rp.post("/oauth/revoke", form, replica), "invalid_client", 401)
            refused(rp.post("/oauth/introspect", form, replica), "invalid_client", 401)
            refused(rp.post("/oauth/par", rp.request(DISABLED, scope=ALL)[0], replica), "invalid_client", 401)
            assert rp.introspect(before["access_token"], replica=replica) == {"active": False}
            page = rp.authorize(rp.request(DISABLED, scope=ALL)[0], who, replica)
            assert page.status_code == 400 and "not known" in page.text
            assert decide(rp, lodgers, who, replica=replica).status_code == 400
    finally:
        rp.site.turn_clock(2)
        rp.site.on_store(partial(switch, off=False))
    assert not rp.works(before["access_token"], 1), "what it held is over for good"
    assert rp.authorize(by_reference, who).status_code == 400, "what it pushed, too"
    refused(rp.refresh(before["refresh_token"], DISABLED), "invalid_grant")
    refused(rp.redeem(code), "invalid_grant")
    params, verifier = rp.request(DISABLED, scope=ALL)
    answer = rp.answer(rp.authorize(params, rp.signed_in(0)))
    assert rp.redeem(Flow(DISABLED, answer["code"], verifier, answer)).status_code == 200, "what was allowed stays"
    assert decide(rp, ticket, who).status_code == 303, "others were never touched"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"actions": frozenset()}, "--scope"),
        ({"actions": frozenset({"services:write"})}, "services:write"),
        ({"actions": frozenset({"profile:read", "audit:read"})}, "audit:read"),
    ],
)
async def test_what_an_app_of_somebody_else_may_be_allowed_is_named(
    store: Store, facts: dict[str, Any], said: str
) -> None:
    terms = {"name": "Theirs", "kind": ClientKind.WEB, "purposes": SELF, "redirect_uris": (BACK,)}
    with pytest.raises(RegistrationError, match=said) as found:
        await ClientRegistrar(store).create(NewClient(id="theirs", **terms | facts), datetime.now(UTC))  # type: ignore[arg-type]
    assert all(scope in str(found.value) for scope in APP_SCOPES)


def test_no_label_of_a_metric_comes_from_a_request(lone: Relying) -> None:
    """After hostile requests the metrics are the same lines with other numbers."""
    mark = 'hostile"\n{}='
    token = own(lone, 0)
    names = metrics(lone)
    for query in (f"query {{ {mark} }}", "query hostile { me { hostile } }", "mutation hostile { x }", "{ me { id } }"):
        ask(lone, token, query)
    headers = {"user-agent": "hostile", "authorization": "Bearer hostile", "x-request-id": "hostile"}
    for path in ("/hostile", "/oauth/authorize?client_id=hostile", "/exports/hostile", "/metrics?hostile=1"):
        lone.http.get(lone.url(path), headers=headers)
    lone.post("/oauth/token", {"grant_type": "hostile", "client_id": "hostile"}, headers=headers)
    lone.post("/oauth/par", {"client_id": "guest", "scope": "hostile"}, headers=headers)
    after = metrics(lone)
    assert "hostile" not in "".join(after)
    assert {each.partition("{")[0] for each in after} == {each.partition("{")[0] for each in names}


def metrics(rp: Relying) -> set[str]:
    """Every line of the metrics without its value."""
    text = rp.http.get(rp.url("/metrics")).text
    return {line.rpartition(" ")[0] for line in text.splitlines() if line and not line.startswith("#")}


def test_the_documents_and_the_client_area_say_what_the_consent_page_says() -> None:
    """O10: one sentence each, wherever a customer or an operator reads it."""
    root = Path(__file__).parents[2]
    documents = (root / "docs" / "oauth.md").read_text()
    words = json.loads((root / "gateway" / "static" / "area" / "words.json").read_text())
    for each in AppScope:
        assert f"| `{each.scope}` | {each.text} |" in documents
        assert words[each.name] == each.text


def test_a_client_of_our_own_is_no_app_that_was_allowed(lone: Relying) -> None:
    """Asked on the page because it wants to be, it says whose it is, and leaves no consent that could be taken back."""
    who = lone.signed_in(5)
    params, _ = lone.request("phone", scope="purpose:self_service", prompt="consent")
    page = lone.authorize(params, who)
    assert "The app phone is ours." in page.text and "is not ours" not in page.text
    assert "code" in lone.answer(decide(lone, asked_for(page), who))
    apps = ask(lone, own(lone, 5), "{ me { authorizedApps { client } } }")["data"]["me"]["authorizedApps"]
    assert "phone" not in {each["client"] for each in apps}
