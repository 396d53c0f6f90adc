"""Sessions: limits, lists, ends; and what ends with them (S6, S7, O5, R41)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from resolvers.account.passwords_changing import change
from resolvers.account.sessions_commands import end_one, end_others
from resolvers.commands.dependencies import Times
from resolvers.signin.sessions import renew_session
from resolvers.signin.verdicts import SignedIn
from store.tables.oauth import revocations
from store.tables.signin import session_proofs
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import HASHER, Lobby, means
from tests.signin.people import Person

pytestmark = pytest.mark.anyio

NEW = "Brombeerhecke-77!x"


async def test_a_session_ends_unused_and_in_any_case(lobby: Lobby, somebody: Person) -> None:
    """S6: an hour, twelve hours."""
    used, unused = await lobby.enter(somebody), await lobby.enter(somebody)
    hours = 0
    while (session := await lobby.session(used)) is not None:
        await lobby.sessions.touch(session, lobby.now)
        lobby.wait(3_600)
        hours += 1
        assert (await lobby.session(unused) is None) is (hours > 1)
    assert hours == 12


@ONE_STORE
async def test_a_shared_computers_session_is_short(lobby: Lobby, somebody: Person) -> None:
    """R41."""
    opened = await lobby.knock(somebody, somebody.password, shared=True)
    assert isinstance(opened, SignedIn)
    lobby.wait(599)
    assert await lobby.session(opened) is not None
    lobby.wait(2)
    assert await lobby.session(opened) is None


@ONE_STORE
async def test_the_limits_are_settings(lobby: Lobby, somebody: Person) -> None:
    times = Times(session=timedelta(minutes=5), idle=timedelta(minutes=2), refusal=timedelta(0))
    strict = Lobby(lobby.store, means(times=times, hasher=HASHER))
    opened = await strict.enter(somebody)
    strict.wait(121)
    assert await strict.session(opened) is None


@ONE_STORE
async def test_it_is_noted_when_it_was_last_used_but_not_at_each_use(lobby: Lobby, somebody: Person) -> None:
    opened = await lobby.enter(somebody)
    seen = []
    for _ in range(4):
        lobby.wait(31)
        session = await lobby.session(opened)
        assert session is not None
        await lobby.sessions.touch(session, lobby.now)
        seen.append(session.last_seen_at)
    assert len(set(seen)) == 2


async def test_an_ended_session_is_over_at_once_and_its_tokens_with_it(lobby: Lobby, somebody: Person) -> None:
    """S6, O5: on every replica, since nothing of it is kept in memory; tokens by the list that replicas follow."""
    opened, other = await lobby.enter(somebody), await lobby.enter(somebody)
    actor = await lobby.actor(opened)
    assert (await end_one(actor, other.session_id)).problems == ()
    assert await lobby.session(other) is None and await lobby.session(opened) is not None
    assert (await end_one(actor, other.session_id)).problems == (), "again is harmless"
    async with lobby.store.write() as connection:
        rows = (await connection.execute(select(revocations.c.kind, revocations.c.value))).all()
        assert [tuple(row) for row in rows] == [("SESSION", str(other.session_id))]
        proofs = select(session_proofs.c.session_id)
        assert list((await connection.execute(proofs)).scalars()) == [opened.session_id]
        assert await renew_session(connection, other.session_id, ("pwd",), lobby.now) is None


@ONE_STORE
async def test_another_customers_session_is_like_one_that_there_is_not(
    lobby: Lobby, somebody: Person, guarded: Person
) -> None:
    """D6."""
    theirs, actor = await lobby.enter(guarded), await lobby.actor(await lobby.enter(somebody))
    problems = [(await end_one(actor, id_)).problems for id_ in (theirs.session_id, 12345, 0)]
    assert [each[0].code for each in problems] == ["NOT_FOUND"] * 3
    assert await lobby.session(theirs) is not None


async def test_signing_out_everywhere_else(lobby: Lobby, somebody: Person) -> None:
    """R41: on every platform."""
    here = await lobby.enter(somebody)
    others = [await lobby.enter(somebody), await lobby.enter(somebody, "WEBMAIL")]
    assert (await end_others(await lobby.actor(here))).ended == 2
    assert [await lobby.session(each) for each in others] == [None, None]
    assert await lobby.session(here) is not None


async def test_a_changed_password_ends_the_other_sessions_of_its_platform(lobby: Lobby, somebody: Person) -> None:
    """S6; and the customer is told."""
    here, there, mail = [await lobby.enter(somebody, each) for each in ("CLIENT_AREA", "CLIENT_AREA", "WEBMAIL")]
    done = await change(await lobby.actor(here), None, somebody.password, NEW)
    assert done.problems == ()
    assert await lobby.session(here) is not None and await lobby.session(there) is None
    assert await lobby.session(mail) is not None, "it has another password"
    assert (await lobby.letters(somebody))[-1]["subject"] == "Your password was changed"
    assert isinstance(await lobby.knock(somebody, NEW), SignedIn)
    assert not isinstance(await lobby.knock(somebody, somebody.password), SignedIn)


@ONE_STORE
@pytest.mark.parametrize(
    ("current", "new", "code"),
    [
        ("wrong", NEW, "WRONG_PASSWORD"),
        ("x" * 2000, NEW, "WRONG_PASSWORD"),
        (None, None, "PASSWORD_SAME"),
        (None, "MANAGEMENT_INTERFACE", "PASSWORD_REUSED"),
        (None, "WEBMAIL", "PASSWORD_REUSED"),
        (None, "short1!A", "PASSWORD_TOO_SHORT"),
        (None, "Yolanda-77!xyzzy", "PASSWORD_PERSONAL"),
        (None, "Hagebuttenweg-77!x", "PASSWORD_PERSONAL"),
        (None, "x" * 2000, "PASSWORD_TOO_LONG"),
    ],
)
async def test_a_new_password_is_judged(
    lobby: Lobby, somebody: Person, current: str | None, new: str | None, code: str
) -> None:
    """R37, R38, S2: against the rules, the customer's own data, and the passwords of the other platforms."""
    actor = await lobby.actor(await lobby.enter(somebody))
    wanted = somebody.passwords.get(new or "CLIENT_AREA", new or "")
    done = await change(actor, None, current or somebody.password, wanted)
    assert code in [each.code for each in done.problems]
    assert isinstance(await lobby.knock(somebody, somebody.password), SignedIn), "nothing was changed"


async def test_two_platforms_cannot_get_the_same_password_at_the_same_moment(lobby: Lobby, somebody: Person) -> None:
    """R38: what was compared is compared again before it is written."""
    from resolvers.account.passwords_changing import CheckedPassword, NewPasswords

    passwords = NewPasswords(lobby.store, lobby.means)
    accounts = []
    for platform in ("CLIENT_AREA", "WEBMAIL"):
        index = lobby.authentication.credentials.login_index(somebody.login)
        account = await lobby.authentication.credentials.by_login(platform, index)
        assert account is not None
        accounts.append(account)
    first, second = [await passwords.prepared(account, NEW, lobby.now) for account in accounts]
    assert isinstance(first, CheckedPassword) and isinstance(second, CheckedPassword)
    async with lobby.store.write() as connection:
        assert await passwords.write(connection, first, lobby.now) is None
    async with lobby.store.write() as connection:
        problem = await passwords.write(connection, second, lobby.now)
    assert problem is not None and problem.code == "CONFLICT"


@ONE_STORE
async def test_guessing_the_present_password_is_slowed(lobby: Lobby, somebody: Person) -> None:
    """S10: a thief of a session does not find it out."""
    actor = await lobby.actor(await lobby.enter(somebody))
    codes = [(await change(actor, None, f"guess {n}", NEW)).problems[0].code for n in range(12)]
    assert codes == ["WRONG_PASSWORD"] * 5 + ["TOO_MANY_ATTEMPTS"] * 7


@ONE_STORE
async def test_a_proof_from_the_future_is_none(lobby: Lobby, somebody: Person) -> None:
    """F3: the clock was ahead when it was given, and has been set right."""
    opened = await lobby.enter(somebody)
    async with lobby.store.write() as connection:
        ahead = lobby.now + timedelta(hours=3)
        await connection.execute(update(session_proofs).values(authenticated_at=ahead))
    session = await lobby.session(opened)
    assert session is not None and not session.fresh(lobby.now, 300)
