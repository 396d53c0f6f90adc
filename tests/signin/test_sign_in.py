"""Signing in: the same for accounts that exist and that do not, safe against races, written down (S1, S2, S6, R17)."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from resolvers.account.passwords_changing import change
from resolvers.passwords.hashing import Hasher
from resolvers.signin.authentication import PasswordAttempt
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.access import sessions, sign_ins
from store.tables.credentials import credentials
from store.tables.signin import known_devices, pending_sign_ins, session_proofs
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import HASHER, HOME, Lobby
from tests.signin.people import PLATFORMS, Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio


@ONE_STORE
@pytest.mark.parametrize("platform", PLATFORMS)
async def test_each_platform_has_its_own_password(lobby: Lobby, somebody: Person, platform: str) -> None:
    """R38: one opens its own platform and no other."""
    for each, password in somebody.passwords.items():
        found = await lobby.knock(somebody, password, platform)
        assert isinstance(found, SignedIn if each == platform else Rejected)


@ONE_STORE
async def test_a_login_name_is_found_however_it_is_written(lobby: Lobby, somebody: Person) -> None:
    assert isinstance(await lobby.knock(f"  {somebody.login.upper()} ", somebody.password), SignedIn)


async def test_unknown_account_and_wrong_password_are_one_answer_by_like_work(lobby: Lobby, somebody: Person) -> None:
    """S1: the same verdict, the same number of hashes and of statements. `test_timing` measures the time."""
    counts = []
    for login in (somebody.login, "nobody@example.org"):
        asked: list[str] = []
        lobby.store.reader.listeners.append(asked.append)
        assert await lobby.knock(login, "kX9-vT2.qLm4") == Rejected(0)
        lobby.store.reader.listeners.clear()
        counts.append(asked)
    assert len(counts[0]) == len(counts[1]) and counts[0] == counts[1]


@ONE_STORE
async def test_a_voided_password_is_like_a_wrong_one(lobby: Lobby, somebody: Person) -> None:
    async with lobby.store.write() as connection:
        mine = credentials.c.customer_id == somebody.id
        await connection.execute(update(credentials).where(mine).values(password_hash=None))
    assert await lobby.knock(somebody, somebody.password) == Rejected(0)


async def test_for_everybody_and_nobody_one_hash_is_opened_and_one_is_verified(
    lobby: Lobby, somebody: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S1, G7: counted, not timed: a right name, a wrong one, somebody without a password, or with one that is broken,
    and somebody erased."""
    work = Counter[str]()
    opening, verifying = SubjectKey.open, Hasher._matches

    def opened(key: SubjectKey, column: Any, row_id: int, sealed: bytes) -> bytes:
        work[f"opened {column}"] += 1
        return opening(key, column, row_id, sealed)

    def verified(hasher: Hasher, stored: str, password: str) -> bool:
        work["argon2"] += 1
        return verifying(hasher, stored, password)

    monkeypatch.setattr(SubjectKey, "open", opened)
    monkeypatch.setattr(Hasher, "_matches", verified)
    await lobby.enter(somebody)  # From now on their hash has today's cost.

    async def knocked(login: str) -> Counter[str]:
        work.clear()
        assert await lobby.knock(login, "kX9-vT2.qLm4") == Rejected(0)
        return Counter(work)

    theirs = await knocked(somebody.login)
    assert theirs == {"opened credentials.password_hash": 1, "argon2": 1}
    assert await knocked("nobody@example.org") == theirs
    mine = credentials.c.customer_id == somebody.id
    for broken in (b"\x01" + b"x" * 125, None):
        async with lobby.store.write() as connection:
            await connection.execute(update(credentials).where(mine).values(password_hash=broken))
        assert await knocked(somebody.login) == theirs
    await lobby.store.keys.destroy(somebody.id)
    assert await knocked(somebody.login) == theirs


async def test_an_erased_customer_is_like_nobody(lobby: Lobby, somebody: Person) -> None:
    await lobby.store.keys.destroy(somebody.id)
    assert await lobby.knock(somebody, somebody.password) == Rejected(0)


@ONE_STORE
@pytest.mark.parametrize("password", ["a" * 1025, "é" * 513, "a" * 60_000, "\x00", "\ud800", ""])
async def test_strange_passwords_are_wrong_and_long_ones_are_not_hashed(
    lobby: Lobby, somebody: Person, password: str
) -> None:
    """S2."""
    assert await lobby.knock(somebody, password) == Rejected(0)


@pytest.mark.parametrize("login", ["", "x" * 100_000, "\x00", "a\nb", "' OR 1=1 --", "\ud800"])
async def test_strange_login_names_are_nobody(lobby: Lobby, login: str) -> None:
    assert await lobby.knock(login, "kX9-vT2.qLm4") == Rejected(0)


async def test_a_cheap_hash_is_renewed_by_signing_in(lobby: Lobby, somebody: Person) -> None:
    """S2: whoever signs in is hashed at today's cost from then on."""

    async def stored() -> str:
        found = lobby.authentication.credentials
        account = await found.by_login("CLIENT_AREA", found.login_index(somebody.login))
        assert account is not None
        return account.credential.password_hash or ""

    before = await stored()
    assert HASHER.stale(before)
    await lobby.enter(somebody)
    after = await stored()
    assert after != before and not HASHER.stale(after)
    await lobby.enter(somebody)
    assert await stored() == after


@ONE_STORE
async def test_what_is_given_rests_nowhere(lobby: Lobby, guarded: Person) -> None:
    opened = await lobby.enter(guarded)
    async with lobby.store.write() as connection:
        rows = [(await connection.execute(select(t))).all() for t in (session_proofs, known_devices, pending_sign_ins)]
    assert opened.secret not in repr(rows) and (opened.device_secret or "") not in repr(rows)
    assert all(len(row.secret_hash) == 16 for row in [*rows[0], *rows[1]]) and rows[2] == []


async def test_every_access_is_written_down(lobby: Lobby, guarded: Person) -> None:
    """R17: platform, outcome, address, device; failed ones too."""
    await lobby.knock(guarded, "wrong", "WEBMAIL")
    await lobby.enter(guarded)
    async with lobby.store.write() as connection:
        mine = sign_ins.c.customer_id == guarded.id
        rows = (await connection.execute(select(sign_ins).where(mine).order_by(sign_ins.c.id))).all()
    assert [(row.platform, row.outcome) for row in rows] == [("WEBMAIL", "FAILED"), ("CLIENT_AREA", "SUCCEEDED")]
    (key,) = await lobby.store.keys.subjects([guarded.id])
    assert key is not None
    assert key.open(sign_ins.c.ip_address, rows[1].id, rows[1].ip_address).decode() == HOME


async def test_the_second_step_belongs_to_the_browser_that_took_the_first(lobby: Lobby, guarded: Person) -> None:
    first = await lobby.knock(guarded, guarded.password)
    assert isinstance(first, SecondFactorRequired) and first.kinds == {"TOTP"}
    assert await lobby.authentication.pending.find("another secret", lobby.now) is None
    lobby.wait(601)
    assert await lobby.authentication.pending.find(first.secret, lobby.now) is None, "ten minutes"


async def test_a_second_step_is_taken_once(lobby: Lobby, guarded: Person) -> None:
    first = await lobby.knock(guarded, guarded.password)
    assert isinstance(first, SecondFactorRequired)
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    by_code = lobby.authentication.by_code
    assert isinstance(await by_code(pending, totp(at=lobby.now), lobby.visitor, lobby.now), SignedIn)
    lobby.wait(30)
    assert await by_code(pending, totp(at=lobby.now), lobby.visitor, lobby.now) == Expired()


async def test_a_password_changed_meanwhile_stops_what_was_begun_with_the_old_one(
    lobby: Lobby, guarded: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S6: neither a second step nor a verification under way outlives the password."""
    actor = await lobby.actor(await lobby.enter(guarded))
    lobby.wait(60)
    first = await lobby.knock(guarded, guarded.password)
    assert isinstance(first, SecondFactorRequired)
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    actor = replace(actor, now=lobby.now)
    verify = Hasher.verify

    async def slow(self: Hasher, stored: str | None, password: str, typed: str | None = None) -> bool:
        right = await verify(self, stored, password, typed)
        monkeypatch.setattr(Hasher, "verify", verify)
        done = await change(actor, None, guarded.password, "Brombeerhecke-77!x")
        assert done.problems == ()
        return right

    monkeypatch.setattr(Hasher, "verify", slow)
    assert await lobby.knock(guarded, guarded.password, code=totp(at=lobby.now)) == Rejected(0)
    assert await lobby.authentication.by_code(pending, totp(at=lobby.now), lobby.visitor, lobby.now) == Expired()


async def test_many_at_once_all_get_in(lobby: Lobby, somebody: Person) -> None:
    found = await asyncio.gather(*(lobby.knock(somebody, somebody.password) for _ in range(4)))
    assert all(isinstance(each, SignedIn) for each in found)
    assert len({each.secret for each in found if isinstance(each, SignedIn)}) == 4
    assert await lobby.count(sessions) == 4


async def test_a_shared_computer_is_not_remembered(lobby: Lobby, somebody: Person) -> None:
    """R41."""
    opened = await lobby.knock(somebody, somebody.password, shared=True)
    assert isinstance(opened, SignedIn) and opened.shared and opened.device_secret is None
    assert await lobby.count(known_devices) == 0
    session = await lobby.session(opened)
    assert session is not None and session.shared


async def test_signing_in_again_renews_the_session(lobby: Lobby, guarded: Person) -> None:
    """S6: another cookie, the same session, a fresh proof; the old cookie is worth nothing."""
    opened = await lobby.enter(guarded)
    lobby.wait(400)
    session = await lobby.session(opened)
    assert session is not None and not session.fresh(lobby.now, 300)
    claim = PasswordAttempt("CLIENT_AREA", "", guarded.password, renews=session)
    first = await lobby.authentication.by_password(claim, lobby.visitor, lobby.now)
    assert isinstance(first, SecondFactorRequired), "both factors are shown again"
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    again = await lobby.authentication.by_code(pending, totp(at=lobby.now), lobby.visitor, lobby.now)
    assert isinstance(again, SignedIn) and again.session_id == opened.session_id and again.secret != opened.secret
    assert await lobby.session(opened) is None
    renewed = await lobby.session(again)
    assert renewed is not None and renewed.fresh(lobby.now, 300) and renewed.methods == ("pwd", "otp", "mfa")


@ONE_STORE
async def test_whoever_is_signed_in_confirms_with_their_own_password_only(
    lobby: Lobby, somebody: Person, guarded: Person
) -> None:
    session = await lobby.session(await lobby.enter(somebody))
    claim = PasswordAttempt("CLIENT_AREA", guarded.login, guarded.password, renews=session)
    assert await lobby.authentication.by_password(claim, lobby.visitor, lobby.now) == Rejected(0)


@ONE_STORE
async def test_an_unknown_device_secret_is_a_strangers(store: Store, lobby: Lobby, somebody: Person) -> None:
    visitor = Visitor(HOME, "curl", "made-up")
    opened = await lobby.knock(somebody, somebody.password, visitor=visitor)
    assert isinstance(opened, SignedIn)
