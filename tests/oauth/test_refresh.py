"""Refresh tokens: rotated with each use, dead with the first reuse, never wider than what was granted (O4)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from functools import partial

import pytest
from sqlalchemy import update

from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients
from store.tables.oauth import oauth_families
from tests.oauth.relying import SCOPE, Relying, claims_of, refused


def test_each_use_makes_a_new_token_on_any_replica(rp: Relying) -> None:
    tokens = rp.tokens()
    seen = {tokens["refresh_token"]}
    for number in range(4):
        response = rp.refresh(tokens["refresh_token"], replica=number % 2)
        assert response.status_code == 200, response.text
        tokens = response.json()
        assert tokens["refresh_token"] not in seen
        seen.add(tokens["refresh_token"])
        assert rp.works(tokens["access_token"], replica=(number + 1) % 2)
    assert claims_of(tokens["access_token"])["scope"] == SCOPE


def test_reuse_ends_the_whole_family(rp: Relying) -> None:
    """Newest tokens included, at the other replica, on the next request; other families of the customer live on."""
    other = rp.tokens()
    first = rp.tokens()
    second = rp.refresh(first["refresh_token"]).json()
    third = rp.refresh(second["refresh_token"], replica=1).json()
    assert rp.works(third["access_token"])
    refused(rp.refresh(first["refresh_token"], replica=1), "invalid_grant")
    for tokens in (first, second, third):
        assert not rp.works(tokens["access_token"], replica=0)
        assert not rp.works(tokens["access_token"], replica=1)
        refused(rp.refresh(tokens["refresh_token"]), "invalid_grant")
    assert rp.works(other["access_token"])
    assert rp.refresh(other["refresh_token"]).status_code == 200


def test_of_uses_that_race_at_most_one_is_answered_and_the_family_ends(rp: Relying) -> None:
    """F4: eight at once, at two replicas; somebody has a copy, so nothing that came of it works."""
    tokens = rp.tokens()
    answers = rp.at_once(*(partial(rp.refresh, tokens["refresh_token"], replica=number % 2) for number in range(8)))
    good = [answer.json() for answer in answers if answer.status_code == 200]
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 7
    assert not rp.works(good[0]["access_token"], replica=1)
    refused(rp.refresh(good[0]["refresh_token"]), "invalid_grant")


def test_what_was_never_ours_ends_nothing(rp: Relying) -> None:
    """A stranger who knows how a refresh token looks, and even the family's id, cannot end it."""
    tokens = rp.tokens()
    raw = bytearray(base64.urlsafe_b64decode(tokens["refresh_token"].removeprefix("gwr_") + "=="))
    for forged in (
        raw[:8] + bytes(4) + raw[12:],
        raw[:8] + b"\0\0\0\5" + raw[12:],
        raw[:-1] + bytes([raw[-1] ^ 1]),
        raw[:12] + bytes(32),
        raw[:20],
    ):
        if bytes(forged) == bytes(raw):
            continue
        text = "gwr_" + base64.urlsafe_b64encode(bytes(forged)).decode().rstrip("=")
        refused(rp.refresh(text), "invalid_grant")
    for text in ("gwr_", "gwr_!!!", "gwr_" + "A" * 500, "x", tokens["access_token"]):
        refused(rp.refresh(text), "invalid_grant")
    assert rp.refresh(tokens["refresh_token"]).status_code == 200


def test_another_client_cannot_use_it_and_does_not_end_it(rp: Relying) -> None:
    tokens = rp.tokens()
    refused(rp.refresh(tokens["refresh_token"], client="tablet"), "invalid_grant")
    refused(rp.refresh(tokens["refresh_token"], client="once"), "unauthorized_client")
    refused(rp.refresh(tokens["refresh_token"], client="billing"), "invalid_client", 401)
    assert rp.refresh(tokens["refresh_token"]).status_code == 200


def test_narrowing_is_for_one_token_and_widening_is_refused(rp: Relying) -> None:
    """A refusal uses the token up for nothing: it still works."""
    tokens = rp.tokens(scope="purpose:self_service services:write")
    narrow = rp.refresh(tokens["refresh_token"], scope="purpose:self_service").json()
    assert narrow["scope"] == claims_of(narrow["access_token"])["scope"] == "purpose:self_service"
    again = rp.refresh(narrow["refresh_token"]).json()
    assert again["scope"] == SCOPE
    less = rp.tokens(scope="purpose:self_service")
    for scope in (SCOPE, "services:write", "purpose:invoicing", "audit:read", "purpose:self_service "):
        refused(rp.refresh(less["refresh_token"], scope=scope), "invalid_scope")
    assert rp.refresh(less["refresh_token"]).json()["scope"] == "purpose:self_service"


def test_a_registration_that_shrinks_shrinks_what_is_refreshed(rp: Relying) -> None:
    tokens = rp.tokens("tablet")

    async def change(store: Store, scopes: str) -> None:
        async with store.write() as connection:
            await connection.execute(update(clients).where(clients.c.id == "tablet").values(scopes=scopes))
            await client_changed(connection, "tablet", datetime.now(UTC))

    rp.site.on_store(partial(change, scopes="[]"))
    try:
        refused(rp.refresh(tokens["refresh_token"], "tablet", scope=SCOPE), "invalid_scope")
        assert rp.refresh(tokens["refresh_token"], "tablet").json()["scope"] == "purpose:self_service"
    finally:
        rp.site.on_store(partial(change, scopes='["services:write"]'))


def test_unused_it_ends_after_its_days_and_used_after_the_sign_ins(rp: Relying) -> None:
    """F3: idle 30 days, and 180 days after the sign-in in any case; access tokens end with it."""
    idle, used = rp.tokens(), rp.tokens()
    rp.site.turn_clock(30 * 86_400 + 60)
    refused(rp.refresh(idle["refresh_token"]), "invalid_grant")
    rp.site.turn_clock(0)
    for days in (29, 58, 87, 116, 145, 174):
        rp.site.turn_clock(days * 86_400)
        response = rp.refresh(used["refresh_token"])
        assert response.status_code == 200, days
        used = response.json()
    rp.site.turn_clock(180 * 86_400 - 100)
    last = rp.refresh(used["refresh_token"]).json()
    assert last["expires_in"] <= 100
    rp.site.turn_clock(180 * 86_400 + 1)
    refused(rp.refresh(last["refresh_token"]), "invalid_grant")


def test_the_sign_in_is_as_old_as_it_was(rp: Relying) -> None:
    """S7: refreshing makes nobody freshly authenticated."""
    tokens = rp.tokens(who=rp.signed_in(ago=120))
    before = claims_of(tokens["access_token"])
    after = claims_of(rp.refresh(tokens["refresh_token"]).json()["access_token"])
    assert [before[name] for name in ("auth_time", "sid", "family", "amr")] == [
        after[name] for name in ("auth_time", "sid", "family", "amr")
    ]
    assert before["jti"] != after["jti"]


@pytest.mark.parametrize("scope", ["", " "])
def test_an_empty_scope_is_none_or_malformed(lone: Relying, scope: str) -> None:
    response = lone.refresh(lone.tokens()["refresh_token"], scope=scope)
    assert response.status_code == (400 if scope else 200)


def test_one_row_a_family_however_often_it_is_refreshed(rp: Relying) -> None:
    who = rp.signed_in(3)
    tokens = rp.tokens(who=who)
    for _ in range(5):
        tokens = rp.refresh(tokens["refresh_token"]).json()
    sid = claims_of(tokens["access_token"])["sid"]

    async def count(store: Store) -> list[int]:
        found = store.keys.system.ids.decode(sid)
        session = found.key if found is not None else None
        async with store.write() as connection:
            query = oauth_families.select().where(oauth_families.c.session_id == session)
            return [row.generation for row in await connection.execute(query)]

    assert rp.site.on_store(count) == [5]
