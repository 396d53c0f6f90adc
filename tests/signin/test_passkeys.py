"""Passkeys: each challenge and counter once, origin, relying party and user verification checked (S5)."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from resolvers.account import factors_enrolling as enrolling
from resolvers.factors.passkeys import LONGEST, MOST, Passkeys
from resolvers.signin.authentication import PasskeyAttempt
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn
from store.database.config import StoreConfig
from store.database.store import open_store
from store.tables.signin import passkey_challenges, passkeys
from tests.signin.authenticator import PRESENT, VERIFIED, Authenticator
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import Lobby
from tests.signin.people import Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio

ANYBODY = "CLIENT_AREA"


async def registered(lobby: Lobby, person: Person, key: Authenticator | None = None) -> Authenticator:
    """Somebody with a passkey."""
    key = key or Authenticator()
    actor = await lobby.actor(await lobby.enter(person))
    begun = await enrolling.begin_passkey(actor, None)
    done = await enrolling.finish_passkey(actor, None, key.create(begun.options or ""), "My key")
    assert done.problems == (), done
    return key


async def show(lobby: Lobby, answer: str, **more: object) -> SignedIn | Rejected | Expired:
    """Show a passkey's answer."""
    shown = PasskeyAttempt(more.pop("platform", ANYBODY), answer, **more)  # type: ignore[arg-type]
    return await lobby.authentication.by_passkey(shown, lobby.visitor, lobby.now)


async def asked(lobby: Lobby) -> str:
    """A challenge for anybody."""
    return await Passkeys(lobby.store, lobby.means).request(None, lobby.now)


async def test_a_passkey_signs_in_without_password(lobby: Lobby, somebody: Person) -> None:
    key = await registered(lobby, somebody)
    opened = await show(lobby, key.get(await asked(lobby)))
    assert isinstance(opened, SignedIn)
    session = await lobby.session(opened)
    assert session is not None and session.customer_id == somebody.id
    assert session.methods == ("hwk", "user", "mfa")


@ONE_STORE
async def test_the_first_passkey_brings_recovery_codes_and_a_message(lobby: Lobby, somebody: Person) -> None:
    actor = await lobby.actor(await lobby.enter(somebody))
    begun = await enrolling.begin_passkey(actor, None)
    done = await enrolling.finish_passkey(actor, None, Authenticator().create(begun.options or ""), "Key")
    assert done.recovery_codes is not None and len(done.recovery_codes) == 10
    assert (await lobby.letters(somebody))[-1]["subject"] == "Two-step sign-in: something was added"
    second = await enrolling.begin_passkey(actor, None)
    more = await enrolling.finish_passkey(actor, None, Authenticator().create(second.options or ""), "Key 2")
    assert more.problems == () and more.recovery_codes is None


@ONE_STORE
async def test_what_is_asked_for(lobby: Lobby, somebody: Person) -> None:
    actor = await lobby.actor(await lobby.enter(somebody))
    options = json.loads((await enrolling.begin_passkey(actor, None)).options or "")
    assert options["rp"] == {"id": "data.example", "name": "Quarkwerke"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    assert options["user"]["name"] == somebody.login
    assert str(somebody.id) not in json.dumps(options), "the user handle tells nothing"
    assert json.loads(await asked(lobby))["userVerification"] == "required"


async def test_a_passkey_is_the_second_step_after_a_password(lobby: Lobby, somebody: Person) -> None:
    key = await registered(lobby, somebody)
    first = await lobby.knock(somebody, somebody.password)
    assert isinstance(first, SecondFactorRequired) and "PASSKEY" in first.kinds
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    options = await Passkeys(lobby.store, lobby.means).request(pending.account, lobby.now)
    assert [each["id"] for each in json.loads(options)["allowCredentials"]] == [bytes_to_base64url(key.handle)]
    opened = await show(lobby, key.get(options, user=None), pending=pending)
    assert isinstance(opened, SignedIn)
    session = await lobby.session(opened)
    assert session is not None and session.methods == ("pwd", "hwk", "user", "mfa")


async def test_a_passkey_confirms_who_is_signed_in(lobby: Lobby, somebody: Person, guarded: Person) -> None:
    key, other = await registered(lobby, somebody), await registered(lobby, guarded)
    opened = await show(lobby, key.get(await asked(lobby)))
    assert isinstance(opened, SignedIn)
    lobby.wait(400)
    session = await lobby.session(opened)
    assert session is not None
    account = await lobby.authentication.credentials.by_id(session.credential_id)
    request = Passkeys(lobby.store, lobby.means).request
    theirs = other.get(await request(account, lobby.now))
    assert await show(lobby, theirs, renews=session) == Rejected(0)
    again = await show(lobby, key.get(await request(account, lobby.now)), renews=session)
    assert isinstance(again, SignedIn) and again.session_id == opened.session_id


@ONE_STORE
@pytest.mark.parametrize(
    "falsified",
    [
        {"origin": "https://data.example.evil"},
        {"origin": "http://data.example"},
        {"type": "webauthn.create"},
        {"challenge": bytes_to_base64url(b"x" * 64)},
        {"user": b"somebody else"},
    ],
)
async def test_a_falsified_answer_is_refused(lobby: Lobby, somebody: Person, falsified: dict[str, object]) -> None:
    """S5."""
    key = await registered(lobby, somebody)
    assert await show(lobby, key.get(await asked(lobby), **falsified)) == Rejected(0)


@ONE_STORE
@pytest.mark.parametrize(
    "falsified",
    [{"host": "evil.example"}, {"flags": PRESENT}, {"flags": VERIFIED}, {"handle": b"another key"}, {"counter": 0}],
)
async def test_a_falsified_authenticator_is_refused(
    lobby: Lobby, somebody: Person, falsified: dict[str, object]
) -> None:
    """S5: relying party, user presence and verification, the key, and a counter that goes back."""
    key = await registered(lobby, somebody, Authenticator(counter=5))
    assert await show(lobby, replace(key, **falsified).get(await asked(lobby))) == Rejected(0)


async def test_a_copied_key_is_refused(lobby: Lobby, somebody: Person) -> None:
    """S5: the counter of a copy stands where the original's has been."""
    key = await registered(lobby, somebody)
    copy = replace(key)
    assert isinstance(await show(lobby, key.get(await asked(lobby))), SignedIn)
    assert await show(lobby, copy.get(await asked(lobby))) == Rejected(0)
    assert isinstance(await show(lobby, key.get(await asked(lobby))), SignedIn)


@ONE_STORE
async def test_synced_passkeys_have_no_counter(lobby: Lobby, somebody: Person) -> None:
    key = await registered(lobby, somebody, Authenticator(counts=False, flags=PRESENT | VERIFIED | 0x08 | 0x10))
    for _ in range(2):
        opened = await show(lobby, key.get(await asked(lobby)))
        assert isinstance(opened, SignedIn)
        session = await lobby.session(opened)
        assert session is not None and session.methods[0] == "swk"


async def test_an_answer_works_once_whatever_replica_it_comes_to(
    lobby: Lobby, somebody: Person, store_config: StoreConfig
) -> None:
    """S5, F4."""
    key = await registered(lobby, somebody)
    other = Lobby(await open_store(store_config))
    try:
        answer = key.get(await asked(lobby))
        found = await asyncio.gather(*(show((lobby, other)[n % 2], answer) for n in range(4)))
        assert sum(isinstance(each, SignedIn) for each in found) == 1
    finally:
        await other.store.close()


async def test_a_challenge_ends_and_serves_one_ceremony(lobby: Lobby, somebody: Person, guarded: Person) -> None:
    key = await registered(lobby, somebody)
    options = await asked(lobby)
    lobby.wait(301)
    assert await show(lobby, key.get(options)) == Rejected(0), "five minutes"
    actor = await lobby.actor(await lobby.enter(guarded))
    begun = await enrolling.begin_passkey(actor, None)
    assert await show(lobby, key.get(begun.options or "")) == Rejected(0), "made for a registration"
    stranger = await lobby.actor(await show_in(lobby, key))
    stolen = await enrolling.finish_passkey(stranger, None, Authenticator().create(begun.options or ""), "x")
    assert [each.code for each in stolen.problems] == ["PASSKEY_NOT_ACCEPTED"], "made for another account"
    assert await lobby.count(passkeys) == 1


async def show_in(lobby: Lobby, key: Authenticator) -> SignedIn:
    opened = await show(lobby, key.get(await asked(lobby)))
    assert isinstance(opened, SignedIn)
    return opened


async def test_a_passkey_of_one_platform_does_not_open_another(lobby: Lobby, somebody: Person) -> None:
    """R39."""
    key = await registered(lobby, somebody)
    assert await show(lobby, key.get(await asked(lobby)), platform="MANAGEMENT_INTERFACE") == Rejected(0)


@ONE_STORE
@pytest.mark.parametrize(
    "answer", ["", "null", "[]", "{}", '{"rawId":1}', '{"response":{"clientDataJSON":"%%%"}}', "x" * (LONGEST + 1)]
)
async def test_what_is_no_answer_is_refused(lobby: Lobby, somebody: Person, answer: str) -> None:
    assert await show(lobby, answer) == Rejected(0)
    actor = await lobby.actor(await lobby.enter(somebody))
    done = await enrolling.finish_passkey(actor, None, answer, "x")
    assert [each.code for each in done.problems] == ["PASSKEY_NOT_ACCEPTED"]


@ONE_STORE
async def test_registration_without_user_verification_or_from_elsewhere_is_refused(
    lobby: Lobby, somebody: Person
) -> None:
    """S5."""
    actor = await lobby.actor(await lobby.enter(somebody))
    for key in (Authenticator(flags=PRESENT), Authenticator(host="evil.example"), Authenticator(origin="https://e.v")):
        begun = await enrolling.begin_passkey(actor, None)
        done = await enrolling.finish_passkey(actor, None, key.create(begun.options or ""), "x")
        assert [each.code for each in done.problems] == ["PASSKEY_NOT_ACCEPTED"]
    assert await lobby.count(passkeys) == 0


@ONE_STORE
async def test_the_same_passkey_is_registered_once_and_their_number_has_an_end(lobby: Lobby, somebody: Person) -> None:
    actor = await lobby.actor(await lobby.enter(somebody))
    key, codes = Authenticator(), []
    for each in (key, key, *(Authenticator() for _ in range(MOST))):
        begun = await enrolling.begin_passkey(actor, None)
        if begun.problems:
            codes += [problem.code for problem in begun.problems]
            continue
        done = await enrolling.finish_passkey(actor, None, each.create(begun.options or ""), "x")
        codes += [problem.code for problem in done.problems]
    assert codes == ["PASSKEY_NOT_ACCEPTED", "TOO_MANY_PASSKEYS"]


async def test_a_removed_passkey_opens_nothing(lobby: Lobby, somebody: Person) -> None:
    key = await registered(lobby, somebody)
    opened = await show_in(lobby, key)
    async with lobby.store.write() as connection:
        factor = int(await connection.scalar(select(passkeys.c.factor_id)) or 0)
    assert (await enrolling.remove(await lobby.actor(opened), factor)).problems == ()
    assert await show(lobby, key.get(await asked(lobby))) == Rejected(0)


@ONE_STORE
async def test_whoever_has_a_factor_shows_it_before_adding_a_passkey(lobby: Lobby, guarded: Person) -> None:
    opened = await lobby.enter(guarded)
    lobby.wait(301)
    actor = await lobby.actor(opened)
    refused = await enrolling.begin_passkey(actor, None)
    assert [each.code for each in refused.problems] == ["SECOND_FACTOR_REQUIRED"]
    assert (await enrolling.begin_passkey(actor, None, totp(at=lobby.now))).options


@ONE_STORE
async def test_challenges_are_not_kept_in_clear(lobby: Lobby) -> None:
    options = json.loads(await asked(lobby))
    async with lobby.store.write() as connection:
        rows = (await connection.execute(select(passkey_challenges))).all()
    assert options["challenge"] not in repr(rows)
