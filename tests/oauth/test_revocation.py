"""Taking back (RFC 7009) and looking (RFC 7662): on the next request, on every replica, only what is theirs (O5)."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from resolvers.clients.registrar import ClientRegistrar
from store.database.store import Store
from store.queue.revocations import end_customer, end_sessions
from tests.oauth.relying import Relying, refused


def now() -> datetime:
    return datetime.now(UTC)


def test_a_revoked_access_token_ends_on_every_replica_and_alone(rp: Relying) -> None:
    tokens = rp.tokens()
    other = rp.tokens()
    assert rp.works(tokens["access_token"], 0)
    assert rp.works(tokens["access_token"], 1)
    form = {"token": tokens["access_token"], "client_id": "phone", "token_type_hint": "nonsense"}
    assert rp.post("/oauth/revoke", form, replica=1).status_code == 200
    assert not rp.works(tokens["access_token"], 0)
    assert not rp.works(tokens["access_token"], 1)
    assert rp.works(other["access_token"])
    assert rp.refresh(tokens["refresh_token"]).status_code == 200
    assert rp.post("/oauth/revoke", form).status_code == 200


@pytest.mark.parametrize("generation", [0, 1])
def test_a_revoked_refresh_token_ends_its_family(rp: Relying, generation: int) -> None:
    """An old one as well: who signs out means all of it."""
    tokens = rp.tokens()
    newer = rp.refresh(tokens["refresh_token"]).json()
    token = (tokens, newer)[generation]["refresh_token"]
    assert rp.post("/oauth/revoke", {"token": token, "client_id": "phone"}).status_code == 200
    for each in (tokens, newer):
        assert not rp.works(each["access_token"], 1)
    refused(rp.refresh(newer["refresh_token"]), "invalid_grant")


def test_tokens_of_others_are_not_revoked(rp: Relying) -> None:
    tokens = rp.tokens()
    for token in (tokens["access_token"], tokens["refresh_token"]):
        refused(rp.post("/oauth/revoke", {"token": token, "client_id": "tablet"}), "invalid_grant")
        refused(rp.post("/oauth/revoke", {"token": token}, auth=rp.basic("billing")), "invalid_grant")
        refused(rp.post("/oauth/revoke", {"token": token}), "invalid_client", 401)
        refused(rp.post("/oauth/revoke", {"token": token, "client_id": "billing"}), "invalid_client", 401)
    assert rp.works(tokens["access_token"])
    assert rp.refresh(tokens["refresh_token"]).status_code == 200


def test_what_is_no_token_counts_as_revoked(lone: Relying) -> None:
    """RFC 7009 §2.2."""
    for token in ("x", "gwr_x", "a.b.c", "é", "x" * 10_000):
        assert lone.post("/oauth/revoke", {"token": token, "client_id": "phone"}).status_code == 200
    refused(lone.post("/oauth/revoke", {"client_id": "phone"}), "invalid_request")


def test_introspection_tells_clients_about_their_own_and_resource_servers_about_all(rp: Relying) -> None:
    tokens = rp.tokens()
    token = rp.own_token("billing")
    said = rp.introspect(token, "billing", replica=1)
    assert (said["active"], said["client_id"], said["sub"], said["token_type"]) == (
        True,
        "billing",
        "billing",
        "Bearer",
    )
    assert said.keys() >= {"iss", "aud", "exp", "iat", "scope", "jti"}
    assert rp.introspect(token, "noc") == {"active": False}
    assert rp.introspect(tokens["access_token"], "billing") == {"active": False}
    assert rp.introspect(tokens["access_token"], "resource")["sub"] == rp.site.customer(0)
    assert rp.introspect(tokens["refresh_token"], "resource") == {"active": False}


def test_introspection_answers_nobody_who_has_not_proved_who_they_are(lone: Relying) -> None:
    token = lone.own_token("billing")
    refused(lone.post("/oauth/introspect", {"token": token}), "invalid_client", 401)
    refused(lone.post("/oauth/introspect", {"token": token, "client_id": "phone"}), "invalid_client", 401)
    refused(lone.post("/oauth/introspect", {"token": token, "client_id": "billing"}), "invalid_client", 401)
    refused(lone.post("/oauth/introspect", {}, auth=lone.basic("billing")), "invalid_request")
    for text in ("x", "gwr_x", "a.b.c", "é", token[:-2], token + "x"):
        assert lone.introspect(text, "billing") == {"active": False}


def test_introspection_of_refresh_tokens(rp: Relying) -> None:
    """Only the newest is active, for its own client."""
    flow = rp.flow("shop", scope="purpose:self_service")
    first = rp.post("/oauth/token", flow.form(client_id=None), auth=rp.basic("shop")).json()
    assert rp.introspect(first["refresh_token"], "shop")["active"] is True
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = rp.post("/oauth/token", form, auth=rp.basic("shop")).json()
    assert rp.introspect(first["refresh_token"], "shop") == {"active": False}
    assert rp.introspect(second["refresh_token"], "shop", 1)["scope"] == "purpose:self_service"
    assert rp.introspect(second["refresh_token"], "billing") == {"active": False}


def test_what_was_revoked_or_has_expired_is_not_active(rp: Relying) -> None:
    token = rp.own_token("billing")
    assert rp.introspect(token)["active"]
    rp.post("/oauth/revoke", {"token": token}, auth=rp.basic("billing"))
    assert rp.introspect(token, replica=1) == {"active": False}
    token = rp.own_token("billing")
    rp.site.turn_clock(601)
    assert rp.introspect(token) == {"active": False}
    assert not rp.works(token)


def test_the_end_of_a_session_ends_what_was_given_under_it(rp: Relying) -> None:
    """S6, O5: said by a third process, known to both replicas with their next request."""
    session = rp.site.new_session()
    mine, others = rp.tokens(who=rp.signed_in(0, session)), rp.tokens(who=rp.signed_in(0))
    assert rp.works(mine["access_token"], 0)
    assert rp.works(mine["access_token"], 1)

    async def end(store: Store) -> None:
        async with store.write() as connection:
            await end_sessions(connection, [session], now())

    rp.site.on_store(end)
    assert not rp.works(mine["access_token"], 0)
    assert not rp.works(mine["access_token"], 1)
    refused(rp.refresh(mine["refresh_token"]), "invalid_grant")
    assert rp.works(others["access_token"], 1)
    assert rp.refresh(others["refresh_token"]).status_code == 200


def test_the_erasure_of_a_customer_ends_everything_about_them(rp: Relying) -> None:
    tokens, others = rp.tokens(who=rp.signed_in(6)), rp.tokens(who=rp.signed_in(1))

    async def erase(store: Store) -> None:
        async with store.write() as connection:
            await end_customer(connection, rp.site.customers[6], now())

    assert rp.works(tokens["access_token"], 1)
    rp.site.on_store(erase)
    assert not rp.works(tokens["access_token"], 0)
    assert not rp.works(tokens["access_token"], 1)
    refused(rp.refresh(tokens["refresh_token"]), "invalid_grant")
    assert rp.works(others["access_token"])


def test_a_disabled_client_and_all_it_holds_is_refused_with_the_next_request(rp: Relying) -> None:
    client, secret = rp.site.new_tool()
    rp.site.secrets[client] = secret
    token = rp.own_token(client)
    assert rp.works(token, 0)
    assert rp.works(token, 1)

    async def change(store: Store, disabled: bool) -> None:
        await ClientRegistrar(store).set_disabled(client, disabled, now())

    rp.site.on_store(partial(change, disabled=True))
    assert not rp.works(token, 0)
    assert not rp.works(token, 1)
    refused(rp.own(client), "invalid_client", 401)
    assert rp.introspect(token) == {"active": False}
    rp.site.turn_clock(2)  # A token of the second in which the client was disabled is void, too.
    rp.site.on_store(partial(change, disabled=False))
    assert not rp.works(token, 0), "what it held when it was disabled is over for good"
    assert not rp.works(token, 1)
    assert rp.introspect(token) == {"active": False}
    fresh = rp.own(client).json()["access_token"]
    assert rp.works(fresh, 0)
    assert rp.works(fresh, 1)


def test_under_load_a_revocation_is_still_known_to_the_next_request(rp: Relying) -> None:
    """Requests share their questions about revocations, but no question that was put too early."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event

    busy, stop = rp.own_token("noc"), Event()

    def keep_asking(replica: int) -> None:
        while not stop.is_set():
            assert rp.works(busy, replica)

    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(keep_asking, number % 2) for number in range(6)]
        try:
            for number in range(6):
                token = rp.own_token("billing")
                assert rp.works(token, number % 2)
                rp.post("/oauth/revoke", {"token": token}, 1 - number % 2, auth=rp.basic("billing"))
                assert not rp.works(token, number % 2)
        finally:
            stop.set()
        for each in asking:
            each.result()
