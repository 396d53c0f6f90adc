"""OpenID Connect Back-Channel Logout 1.0: who signed customers in by us is told of sessions that ended (O14)."""

from __future__ import annotations

import time
import warnings
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
from sqlalchemy import func, select, update

from gateway.config.settings import read
from gateway.run.deliveries import make_deliverer
from gateway.tokens.signing_keys import SigningKeys
from gateway.tokens.tokens import Names, Tokens
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from resolvers.signin.sessions import end_where
from store.database.store import Store
from store.queue.logouts import note_ended_customer
from store.queue.revocations import end_customer
from store.tables.access import sessions
from store.tables.outbox import outbox
from tests.oauth.relying import Relying
from tests.oauth.site import BACK, SELF, settings_of
from tests.oauth.test_openid import verified

with warnings.catch_warnings():
    # Authlib's own verifier of JWTs, which it gives up for another library.
    warnings.simplefilter("ignore")
    from authlib.jose import JsonWebKey, JsonWebToken

EVENT = "http://schemas.openid.net/event/backchannel-logout"
MAIL = {"platform": "WEBMAIL"}


@dataclass
class Receiver:
    """A program's address for logout tokens."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """What it answers, in order; 200 after that."""
    bodies: list[tuple[str, str]] = field(default_factory=list)

    def tokens(self) -> list[str]:
        """The logout tokens that came."""
        assert all(kind == "application/x-www-form-urlencoded" for kind, _ in self.bodies)
        return [parse_qs(body, strict_parsing=True)["logout_token"][0] for _, body in self.bodies]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A real server."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            receiver.bodies.append((self.headers["content-type"], body))
            self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/logged-out"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver(rp: Relying) -> Iterator[Receiver]:
    """The address of webmail, which customers sign in to."""
    with receiving() as found:
        rp.site.on_store(lambda store: ClientRegistrar(store).set_logout_uri("mail", found.url))
        yield found
        rp.site.on_store(lambda store: ClientRegistrar(store).set_logout_uri("mail", None))


def within(rp: Relying, work: Callable[[Any, Store], Awaitable[Any]]) -> Any:
    """Do something in one transaction of the store."""

    async def run(store: Store) -> Any:
        async with store.write() as connection:
            return await work(connection, store)

    return rp.site.on_store(run)


def end(rp: Relying, customer: int, *which: Any) -> None:
    """End a customer's sessions, as every sign-out does."""
    owner = rp.site.customers[customer]
    within(rp, lambda connection, _: end_where(connection, owner, which, datetime.now(UTC)))


def deliver(rp: Relying) -> None:
    """The worker that every gateway runs, with its real signer, until nothing is due."""

    async def run(store: Store) -> None:
        settings = read(settings_of(rp.site))
        keys = SigningKeys(store.keys.system, 600, time.time)
        await keys.open()
        tokens = Tokens(keys, Names(settings.issuer, settings.audience), 5, time.time)
        worker = make_deliverer(store, settings, tokens)
        await worker.look()
        await worker.settle_all()

    rp.site.on_store(run)


def logout(rp: Relying, token: str) -> dict[str, Any]:
    """The claims of a logout token, verified by Authlib with the published keys as the specification says (§2.6)."""
    keys = JsonWebKey.import_key_set(rp.http.get(rp.url("/.well-known/jwks.json")).json())
    essential = {name: {"essential": True} for name in ("iss", "aud", "iat", "exp", "jti", "events")}
    essential["iss"] |= {"value": rp.site.issuer}
    found = JsonWebToken(["ES256"]).decode(token, keys, claims_options=essential)
    found.validate(leeway=5)
    assert found.header["typ"] == "logout+jwt"
    assert found["events"] == {EVENT: {}} and "nonce" not in found
    return dict(found)


def test_a_session_that_ends_is_told_to_those_it_signed_in_to(rp: Relying, receiver: Receiver) -> None:
    """One token for each session, with the `sub` and `sid` of the ID token; other sessions are not told of."""
    one, other = rp.site.new_session(0), rp.site.new_session(0)
    said = [
        verified(rp, rp.tokens("mail", rp.signed_in(0, session, **MAIL), scope="openid")["id_token"])
        for session in (one, one, other)
    ]
    end(rp, 0, sessions.c.id == one)
    deliver(rp)
    (token,) = receiver.tokens()
    found = logout(rp, token)
    assert (found["sub"], found["sid"], found["aud"]) == (said[0]["sub"], said[0]["sid"], "mail")
    assert found["sid"] == said[1]["sid"] != said[2]["sid"]
    assert found["exp"] - found["iat"] == 120
    deliver(rp)
    assert len(receiver.bodies) == 1, "it was taken"
    assert user_of(rp, token) == 401, "a logout token opens nothing"


def user_of(rp: Relying, token: str) -> int:
    """The status of a request with a token."""
    return int(rp.grant(token).status_code)


def test_signing_out_everywhere_tells_of_each_session(rp: Relying, receiver: Receiver) -> None:
    """Of a customer whom no other test needs: nobody else signs in with their sessions afterwards."""
    who = [rp.signed_in(7, **MAIL) for _ in range(2)]
    sids = {verified(rp, rp.tokens("mail", each, scope="openid")["id_token"])["sid"] for each in who}
    rp.tokens("mail", rp.signed_in(7, **MAIL), scope="purpose:self_service")
    end(rp, 7)
    deliver(rp)
    assert {logout(rp, each)["sid"] for each in receiver.tokens()} == sids, "no ID token, no notice"


def test_what_is_not_taken_is_sent_again_as_a_new_token(rp: Relying, receiver: Receiver) -> None:
    receiver.statuses = [503]
    session = rp.site.new_session(2)
    rp.tokens("mail", rp.signed_in(2, session, **MAIL), scope="openid")
    end(rp, 2, sessions.c.id == session)
    deliver(rp)
    deliver(rp)
    assert len(receiver.bodies) == 1, "it waits before it tries again"
    waits = outbox.c.topic == "logout", outbox.c.next_attempt_at.is_not(None)
    again = update(outbox).where(*waits).values(next_attempt_at=datetime.now(UTC))
    within(rp, lambda connection, _: connection.execute(again))
    deliver(rp)
    first, second = (logout(rp, each) for each in receiver.tokens())
    assert first["jti"] != second["jti"] and first["sid"] == second["sid"]
    left = select(func.count()).select_from(outbox).where(*waits)
    assert within(rp, lambda connection, _: connection.scalar(left)) == 0


def test_an_erasure_ends_every_session(rp: Relying, receiver: Receiver) -> None:
    """Told by `sub` alone, sealed for nobody before the key is destroyed, and wiped when it was taken."""
    said = verified(rp, rp.tokens("mail", rp.signed_in(8, **MAIL), scope="openid")["id_token"])
    owner, now = rp.site.customers[8], datetime.now(UTC)

    async def ended(connection: Any, store: Store) -> None:
        (key,) = await store.keys.subjects([owner])
        assert key is not None
        await note_ended_customer(connection, store.keys.system, key, now)
        await end_customer(connection, owner, now)

    within(rp, ended)
    notice = (
        select(outbox.c.customer_id, outbox.c.payload).where(outbox.c.topic == "logout").order_by(outbox.c.id.desc())
    )
    before = within(rp, lambda connection, _: first_of(connection, notice))
    assert before[0] is None and said["sub"].encode() not in bytes(before[1])
    deliver(rp)
    found = logout(rp, receiver.tokens()[-1])
    assert found["sub"] == said["sub"] and "sid" not in found
    assert within(rp, lambda connection, _: first_of(connection, notice))[1] is None


async def first_of(connection: Any, query: Any) -> Any:
    return (await connection.execute(query)).first()


def test_addresses_that_may_not_be_told(lone: Relying) -> None:
    """Encrypted, of a client of OpenID Connect that signs customers in; and a private network is never reached."""
    web = NewClient(
        id="intranet", name="Intranet", kind=ClientKind.WEB, purposes=SELF, redirect_uris=(BACK,), first_party=True,
        actions=frozenset({"openid"}), backchannel_logout_uri="https://10.1.2.3/logged-out",
    )  # fmt: skip
    web.check()
    wrong = {
        "use https": {"backchannel_logout_uri": "http://intranet.example/logged-out"},
        "leave out the fragment": {"backchannel_logout_uri": "https://intranet.example/#out"},
        "needs --scope openid": {"actions": frozenset({"services:write"})},
    }
    for part, facts in wrong.items():
        with pytest.raises(RegistrationError, match=part):
            replace(web, **facts).check()
    with pytest.raises(RegistrationError, match="Nobody signs in to a tool"):
        NewClient(
            id="tool", name="Tool", kind=ClientKind.TOOL, purposes=frozenset(), actions=frozenset({"audit:read"}),
            backchannel_logout_uri=BACK,
        ).check()  # fmt: skip
    with pytest.raises(RegistrationError, match="no client billing that signs"):
        lone.site.on_store(lambda store: ClientRegistrar(store).set_logout_uri("billing", "https://a.example/"))
    lone.site.on_store(lambda store: ClientRegistrar(store).set_logout_uri("mail", web.backchannel_logout_uri))
    session = lone.site.new_session(4)
    lone.tokens("mail", lone.signed_in(4, session, **MAIL), scope="openid")
    end(lone, 4, sessions.c.id == session)
    deliver(lone)
    trouble = select(outbox.c.trouble).where(outbox.c.topic == "logout").order_by(outbox.c.id.desc())
    assert within(lone, lambda connection, _: connection.scalar(trouble)) == "FORBIDDEN"
    lone.site.on_store(lambda store: ClientRegistrar(store).set_logout_uri("mail", None))


def test_discovery_says_so(lone: Relying) -> None:
    found = lone.http.get(lone.url("/.well-known/openid-configuration")).json()
    assert found["backchannel_logout_supported"] is found["backchannel_logout_session_supported"] is True
