"""Each secret that is checked is counted for its account, whatever else was sent (S11, S10, S1).

A password, a code, a recovery code, a passkey and the passwords that a new one is compared with have counts of their
own, and no success at one stage resets the counter that guards the next.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import count

import pytest

from resolvers.account import factors_enrolling as enrolling
from resolvers.account.passwords_changing import change
from resolvers.account.passwords_resets import Done
from resolvers.factors.factors import confirmed
from resolvers.factors.passkeys import Passkeys
from resolvers.signin.authentication import PasskeyAttempt
from resolvers.signin.verdicts import Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from store.database.store import Store
from tests.signin.authenticator import Authenticator
from tests.signin.lobby import FIREFOX, HOME, Lobby, link_in
from tests.signin.people import Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio

NEW = "Brombeerhecke-77!xy"
_host = count(1)


def anywhere() -> Visitor:
    """Somebody from a network that nobody came from before."""
    number = next(_host)
    return Visitor(f"100.{64 + number // 250}.{number % 250}.1", "curl")


def recovery(number: int) -> str:
    """What has the form of a recovery code."""
    return f"ZZZZ-ZZZZ-ZZZZ-{number:04}"


async def wrong_code(lobby: Lobby, person: Person, code: str, visitor: Visitor) -> Rejected:
    """The right password, then a wrong code."""
    first = await lobby.knock(person, person.password, visitor=visitor)
    if isinstance(first, Rejected):
        return first
    assert isinstance(first, SecondFactorRequired)
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    verdict = await lobby.authentication.by_code(pending, code, visitor, lobby.now)
    assert isinstance(verdict, Rejected)
    return verdict


@pytest.mark.parametrize("form", ["", "{:06}", "ZZZZ-ZZZZ-ZZZZ-{:04}", "{:040}", "x"])
async def test_no_field_beside_a_password_hides_the_guess(lobby: Lobby, guarded: Person, form: str) -> None:
    """S11: a long "recovery code" beside it once did."""
    verdicts = [await lobby.knock(guarded, f"wrong {n}", code=form.format(n), visitor=anywhere()) for n in range(20)]
    assert [v == Rejected(0) for v in verdicts].count(True) == 5


async def test_the_fields_share_one_count(lobby: Lobby, guarded: Person) -> None:
    """S11: alternating them gains nothing."""
    codes = ("", "123456", recovery(1), "x")
    verdicts = [await lobby.knock(guarded, f"wrong {n}", code=codes[n % 4], visitor=anywhere()) for n in range(20)]
    assert [v == Rejected(0) for v in verdicts].count(True) == 5


async def test_many_at_the_same_moment_gain_nothing(lobby: Lobby, guarded: Person) -> None:
    """S11, S10, F4: two replicas, forty guesses at once, each with something that looks like a recovery code."""
    replicas = [lobby, Lobby(lobby.store)]
    tries = (replicas[n % 2].knock(guarded, f"wrong {n}", code=recovery(n), visitor=anywhere()) for n in range(40))
    assert (await asyncio.gather(*tries)).count(Rejected(0)) == 5


@pytest.mark.parametrize("beside", [False, True])
async def test_a_right_password_forgives_no_wrong_code(lobby: Lobby, guarded: Person, beside: bool) -> None:
    """S11: from a known device 130 wrong codes in 37 s once went unslowed."""
    known = await lobby.enter(guarded)
    home = Visitor(HOME, FIREFOX, known.device_secret)
    looked_at = 0
    for n in range(40):
        if beside:
            verdict = await lobby.knock(guarded, guarded.password, code=f"{n:06}", visitor=home)
        else:
            verdict = await wrong_code(lobby, guarded, f"{n:06}", home)
        looked_at += verdict == Rejected(0)
    assert looked_at == 10


async def test_a_half_sign_in_forgives_no_wrong_password(lobby: Lobby, guarded: Person) -> None:
    """S11: nothing is forgiven before the whole sign-in is through."""
    for n in range(4):
        assert await lobby.knock(guarded, f"wrong {n}", visitor=anywhere()) == Rejected(0)
    first = await lobby.knock(guarded, guarded.password, visitor=anywhere())
    assert isinstance(first, SecondFactorRequired)
    assert await lobby.knock(guarded, "wrong", visitor=anywhere()) != Rejected(0)
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    through = await lobby.authentication.by_code(pending, totp(at=lobby.now), anywhere(), lobby.now)
    assert isinstance(through, SignedIn)
    assert await lobby.knock(guarded, "wrong", visitor=anywhere()) == Rejected(0), "now it is"


async def test_recovery_codes_are_counted_and_do_not_share_with_the_app(lobby: Lobby, guarded: Person) -> None:
    """S11, S1: guessing codes of the app leaves a real recovery code its way in, and is slowed itself."""
    actor = await lobby.actor(await lobby.enter(guarded))
    codes = (await enrolling.regenerate_recovery_codes(actor, None)).recovery_codes
    assert codes is not None
    lobby.wait(60)
    first = await lobby.knock(guarded, guarded.password, visitor=anywhere())
    assert isinstance(first, SecondFactorRequired)
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    by_code = lobby.authentication.by_code
    guessed = [await by_code(pending, f"{n:06}", anywhere(), lobby.now) for n in range(12)]
    assert guessed.count(Rejected(0)) == 5
    guessed = [await by_code(pending, recovery(n), anywhere(), lobby.now) for n in range(4)]
    assert guessed.count(Rejected(0)) == 4
    assert isinstance(await by_code(pending, codes[0], anywhere(), lobby.now), SignedIn)
    first = await lobby.knock(guarded, guarded.password, visitor=anywhere())
    assert isinstance(first, SecondFactorRequired)
    pending = await lobby.authentication.pending.find(first.secret, lobby.now)
    assert pending is not None
    guessed = [await by_code(pending, recovery(n), anywhere(), lobby.now) for n in range(12)]
    assert guessed.count(Rejected(0)) == 5


async def enrolled(lobby: Lobby, person: Person) -> Authenticator:
    """Register a passkey."""
    actor = await lobby.actor(await lobby.enter(person))
    begun = await enrolling.begin_passkey(actor, None)
    assert begun.options is not None
    device = Authenticator()
    assert not (await enrolling.finish_passkey(actor, None, device.create(begun.options), "x")).problems
    return device


async def test_passkeys_are_counted_for_their_account(lobby: Lobby, somebody: Person) -> None:
    """S11: whichever network a wrong answer comes from; and a right one still opens while passwords are guessed."""
    device = await enrolled(lobby, somebody)
    passkeys = Passkeys(lobby.store, lobby.means)
    for n in range(8):
        await lobby.knock(somebody, f"wrong {n}", visitor=anywhere())

    async def show(origin: str) -> object:
        options = await passkeys.request(None, lobby.now)
        shown = PasskeyAttempt("CLIENT_AREA", device.get(options, origin=origin))
        return await lobby.authentication.by_passkey(shown, anywhere(), lobby.now)

    assert isinstance(await show(lobby.means.site.passkey_origin), SignedIn)
    verdicts = [await show("https://elsewhere.example") for _ in range(30)]
    assert verdicts.count(Rejected(0)) == 10


async def test_a_right_password_inside_a_session_forgives_no_wrong_code(lobby: Lobby, guarded: Person) -> None:
    """S11, S10: who has a session and the password may not go on guessing the code that removes the factor."""
    actor = await lobby.actor(await lobby.enter(guarded))
    lobby.wait(301)
    looked_at = 0
    async with lobby.store.write() as connection:
        account = await actor.account(None)
        assert account is not None
        (factor, *_) = await confirmed(connection, account.credential.id)
    late = replace(actor, now=lobby.now)
    for n in range(30):
        await change(late, None, guarded.password, "short")
        (problem,) = (await enrolling.remove(late, factor.id, f"{n:06}")).problems
        looked_at += problem.code == "WRONG_CODE"
    assert looked_at == 5


async def test_what_a_new_password_is_compared_with_is_counted(lobby: Lobby, somebody: Person) -> None:
    """S11, R38: "you use this one elsewhere" tells another service's password to whoever guesses it."""
    actor = await lobby.actor(await lobby.enter(somebody))
    codes = []
    for n in range(30):
        result = await change(actor, None, somebody.password, f"guess of the webmail's {n}" if n else "x")
        codes += [problem.code for problem in result.problems] or ["CHANGED"]
        if not result.problems:
            break
    assert "CHANGED" in codes
    await lobby.resets.request("CLIENT_AREA", somebody.login, anywhere(), lobby.now)
    secret = link_in((await lobby.letters(somebody))[-1])
    webmail = somebody.passwords["WEBMAIL"]
    verdicts = [await lobby.resets.follow(secret, webmail, anywhere(), lobby.now) for _ in range(30)]
    assert sum(isinstance(each, tuple) for each in verdicts) <= 10
    assert isinstance(verdicts[-1], Rejected) and verdicts[-1].wait


async def test_nobody_is_locked_out(lobby: Lobby, guarded: Person) -> None:
    """S1: whatever strangers try, a known device and a letter open; each of these is limited, too."""
    known = await lobby.enter(guarded)
    lobby.wait(60)
    for n in range(30):
        await lobby.knock(guarded, f"wrong {n}", code=("", f"{n:06}", recovery(n))[n % 3], visitor=anywhere())
    home = Visitor(HOME, FIREFOX, known.device_secret)
    assert isinstance(await lobby.knock(guarded, guarded.password, visitor=anywhere()), Rejected)
    assert isinstance(await lobby.enter(guarded, visitor=home), SignedIn)
    await lobby.resets.request("CLIENT_AREA", guarded.login, anywhere(), lobby.now)
    secret = link_in((await lobby.letters(guarded))[-1])
    done = await lobby.resets.follow(secret, NEW, anywhere(), lobby.now)
    assert isinstance(done, Done)
    lobby.wait(60)
    fresh = Visitor(HOME, FIREFOX, done.device_secret)
    assert isinstance(await lobby.knock(guarded, NEW, code=totp(at=lobby.now), visitor=fresh), SignedIn)
    tries = [await lobby.knock(guarded, f"wrong {n}", visitor=fresh) for n in range(30)]
    assert tries.count(Rejected(0)) == 10, "a known device has an end of patience, too"


async def test_both_stores_count(store: Store, lobby: Lobby, guarded: Person) -> None:
    """F4: what one replica counted another one knows."""
    other = Lobby(store)
    for n in range(5):
        assert await lobby.knock(guarded, f"wrong {n}", code=recovery(n), visitor=anywhere()) == Rejected(0)
    assert await other.knock(guarded, guarded.password, visitor=anywhere()) == Rejected(1)
