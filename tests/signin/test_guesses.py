"""Guessing is slowed for whoever guesses, by every replica, and keeps no owner out (S1, S10, F3, F4)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from resolvers.signin.attempts import FORGOTTEN_AFTER, AttemptBucket, AttemptLimiter, AttemptPace, forget_old
from resolvers.signin.verdicts import Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.tables.signin import guesses
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import ELSEWHERE, FIREFOX, HOME, Lobby
from tests.signin.people import START, Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio

MINE = [AttemptBucket(AttemptPace.PASSWORD, b"mine")]


def second(seconds: float):  # type: ignore[no-untyped-def]
    return START + timedelta(seconds=seconds)


async def test_after_the_free_attempts_each_wait_is_twice_the_last(store: Store) -> None:
    counting = AttemptLimiter(store)
    assert [await counting.consume(MINE, START) for _ in range(5)] == [0] * 5
    waits, now = [], 0
    for _ in range(12):
        waits.append(wait := await counting.consume(MINE, second(now)))
        assert await counting.consume(MINE, second(now)) == wait, "what comes too early does not count"
        now += wait
        assert await counting.consume(MINE, second(now)) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


async def test_a_hundred_at_once_gain_nothing(store: Store) -> None:
    """S10: an attempt is counted before it is looked at."""
    replicas = [AttemptLimiter(store) for _ in range(3)]
    found = await asyncio.gather(*(replicas[n % 3].consume(MINE, START) for n in range(100)))
    assert found.count(0) == 5


async def test_a_right_attempt_is_forgiven_and_a_network_only_that_one(store: Store) -> None:
    counting, network = AttemptLimiter(store), [AttemptBucket(AttemptPace.NETWORK, "192.0.2.7/32")]
    for _ in range(10):
        await counting.consume(network, START)
    assert await counting.consume(MINE, START) == 0
    async with store.write() as connection:
        await counting.reset(connection, [*MINE, *network], START)
        rows = (await connection.execute(guesses.select())).all()
    assert [row.failures for row in rows] == [9]


async def test_a_clock_that_was_set_back_closes_nothing_for_good(store: Store) -> None:
    """F3."""
    counting = AttemptLimiter(store)
    for _ in range(6):
        await counting.consume(MINE, second(400 * 86_400))
    assert await counting.consume(MINE, START) == 0


async def test_what_is_old_is_forgotten(store: Store) -> None:
    counting = AttemptLimiter(store)
    for _ in range(5):
        await counting.consume(MINE, START)
    later = START + FORGOTTEN_AFTER + timedelta(seconds=1)
    assert [await counting.consume(MINE, later) for _ in range(5)] == [0] * 5
    async with store.write() as connection:
        await forget_old(connection, later + FORGOTTEN_AFTER + timedelta(seconds=1))
        assert (await connection.execute(guesses.select())).all() == []


@ONE_STORE
async def test_the_table_names_nobody(store: Store) -> None:
    await AttemptLimiter(store).consume(
        [AttemptBucket(AttemptPace.NETWORK, HOME), AttemptBucket(AttemptPace.PASSWORD, b"yolanda")], START
    )
    async with store.write() as connection:
        rows = (await connection.execute(guesses.select())).all()
    assert len(rows) == 2 and all(len(row.bucket) == 16 for row in rows)
    assert not any(b"yolanda" in row.bucket or b"192" in row.bucket for row in rows)


async def besiege(lobby: Lobby, person: Person, code: str = "") -> None:
    """Guess from elsewhere until the account is closed to strangers for a long time."""
    stranger = Visitor(ELSEWHERE, "curl")
    for _ in range(40):
        found = await lobby.knock(person, "wrong", visitor=stranger, code=code)
        assert isinstance(found, Rejected)
        if found.wait >= 64:
            return
        lobby.wait(found.wait)
    raise AssertionError("never closed")


async def test_guessing_is_slowed_for_strangers(lobby: Lobby, somebody: Person) -> None:
    """S1: the right password too waits, from a device that the account does not know."""
    await besiege(lobby, somebody)
    found = await lobby.knock(somebody, somebody.password)
    assert isinstance(found, Rejected) and found.wait > 0


async def test_a_known_device_still_passes(lobby: Lobby, somebody: Person) -> None:
    """S1: nobody can lock a victim out."""
    known = await lobby.enter(somebody)
    await besiege(lobby, somebody)
    home = Visitor(HOME, FIREFOX, known.device_secret)
    assert isinstance(await lobby.knock(somebody, somebody.password, visitor=home), SignedIn)


async def test_a_code_beside_the_password_is_no_way_around(lobby: Lobby, guarded: Person) -> None:
    """S11: the password is counted whatever else is sent; the ways that stay open are in
    `test_each_secret_is_counted`."""
    await besiege(lobby, guarded)
    assert isinstance(await lobby.knock(guarded, guarded.password), Rejected)
    assert isinstance(await lobby.knock(guarded, guarded.password, code=totp(at=lobby.now)), Rejected)


@ONE_STORE
async def test_a_known_device_has_an_end_of_patience_too(lobby: Lobby, somebody: Person) -> None:
    known = await lobby.enter(somebody)
    home = Visitor(HOME, FIREFOX, known.device_secret)
    waits = [await lobby.knock(somebody, "wrong", visitor=home) for _ in range(12)]
    assert isinstance(waits[-1], Rejected) and waits[-1].wait > 0
    fresh = Visitor(ELSEWHERE, FIREFOX)
    assert isinstance(await lobby.knock(somebody, somebody.password, visitor=fresh), SignedIn), (
        "nor does it close others"
    )


@ONE_STORE
async def test_a_device_of_one_account_is_a_stranger_to_another(
    lobby: Lobby, somebody: Person, guarded: Person
) -> None:
    known = await lobby.enter(somebody)
    await besiege(lobby, guarded)
    borrowed = Visitor(HOME, FIREFOX, known.device_secret)
    assert isinstance(await lobby.knock(guarded, guarded.password, visitor=borrowed), Rejected)


@ONE_STORE
async def test_a_network_is_slowed_whoever_it_asks_for(lobby: Lobby) -> None:
    """Spraying one password over many accounts."""
    verdicts = [await lobby.knock(f"nobody{n}@example.org", "Sommer-2026!!") for n in range(45)]
    assert [v.wait > 0 for v in verdicts if isinstance(v, Rejected)] == [False] * 40 + [True] * 5
    other = Visitor(ELSEWHERE, FIREFOX)
    assert await lobby.knock("nobody99@example.org", "x", visitor=other) == Rejected(0)


async def test_knowing_the_password_gives_no_more_guesses_at_the_code(lobby: Lobby, guarded: Person) -> None:
    """A right password does not forgive wrong codes; and 100 codes are not looked at (S10, S11)."""
    looked_at = 0
    first = await lobby.knock(guarded, guarded.password)
    for number in range(100):
        again = await lobby.knock(guarded, guarded.password)
        first = again if isinstance(again, SecondFactorRequired) else first
        assert isinstance(first, SecondFactorRequired)
        pending = await lobby.authentication.pending.find(first.secret, lobby.now)
        assert pending is not None
        verdict = await lobby.authentication.by_code(pending, f"{number:06}", lobby.visitor, lobby.now)
        looked_at += verdict == Rejected(0)
    assert looked_at == 5


async def test_an_attempt_and_its_neighbours_forgiveness_at_the_same_moment(store: Store) -> None:
    """A row that is forgiven away while another attempt is counted is no error."""
    counting = [AttemptLimiter(store), AttemptLimiter(store)]

    async def forgiven() -> None:
        async with store.write() as connection:
            await counting[0].reset(connection, MINE, START)

    for _ in range(10):
        await asyncio.gather(*(each.consume(MINE, START) for each in counting * 2), forgiven(), forgiven())
