"""Unusual sign-ins are noticed here, told to the customer, and undone by a word of theirs (S9, R17, R18, A17)."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from resolvers.account import factors_enrolling as enrolling
from resolvers.account.passwords_resets import Done
from resolvers.commands.places import LOOKED_AT, NOWHERE, GeoLocation, Places, network_of
from resolvers.signin.verdicts import Rejected, SignedIn
from resolvers.signins.devices import UNKNOWN, described, device_of
from resolvers.signins.judgement import PastAccess, Unusual, unusual_reasons
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.tables.access import sign_ins
from store.tables.customers import customers
from tests.signin import mmdb
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import ELSEWHERE, FIREFOX, HOME, Lobby, link_in, means
from tests.signin.people import START, Person
from tests.signin.rfc6238 import totp

pytestmark = pytest.mark.anyio

ZURICH, TOKYO = GeoLocation("CH", 47.37, 8.54), GeoLocation("JP", 35.68, 139.69)
WORLD = {
    "192.0.2.0/24": {"country": {"iso_code": "CH"}, "location": {"latitude": 47.37, "longitude": 8.54}},
    "198.51.100.0/24": {"country": {"iso_code": "JP"}, "location": {"latitude": 35.68, "longitude": 139.69}},
    "203.0.113.0/24": {"country": "FR"},
    "2001:db8::/32": {"country_code": "se"},
}


@pytest.fixture
def world(tmp_path: Path) -> Places:
    return Places(mmdb.write(tmp_path / "world.mmdb", WORLD))


@pytest.fixture
def placed(store: Store, world: Places) -> Lobby:
    """A replica that knows places."""
    return Lobby(store, means(places=world))


@pytest.mark.parametrize(
    ("address", "country"),
    [
        (HOME, "CH"), ("::ffff:192.0.2.9", "CH"), (ELSEWHERE, "JP"), ("203.0.113.200", "FR"), ("2001:db8:1::1", "SE"),
        ("10.0.0.1", None), ("::1", None), ("nonsense", None), ("", None), (None, None),
    ],
)  # fmt: skip
def test_addresses_are_found_without_asking_anybody(world: Places, address: str | None, country: str | None) -> None:
    assert world.find(address).country == country


def test_distances() -> None:
    assert ZURICH.distance(TOKYO) == pytest.approx(9_570, rel=0.02)
    assert ZURICH.distance(GeoLocation("CH")) is None


def test_without_a_database_the_feature_explains_itself(tmp_path: Path) -> None:
    assert "GATEWAY_GEO_DATABASE" in (Places().why_not() or "") and Places().find(HOME) == NOWHERE
    assert "cannot be read" in (Places(tmp_path / "missing.mmdb").why_not() or "")
    (tmp_path / "broken.mmdb").write_bytes(b"nothing of the kind")
    assert "cannot be read" in (Places(tmp_path / "broken.mmdb").why_not() or "")


def test_the_database_may_be_replaced_while_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    time = 0.0
    monkeypatch.setattr("resolvers.commands.places.monotonic", lambda: time)
    path = mmdb.write(tmp_path / "world.mmdb", {"192.0.2.0/24": {"country": {"iso_code": "CH"}}})
    places = Places(path)
    assert places.find(HOME).country == "CH"
    os.replace(mmdb.write(tmp_path / "new", {"192.0.2.0/24": {"country": {"iso_code": "DE"}}, **WORLD}), path)
    time = LOOKED_AT + 1
    assert places.find(ELSEWHERE).country == "JP"
    path.write_bytes(b"half a file")
    time += LOOKED_AT + 1
    assert places.find(ELSEWHERE).country == "JP", "the old one goes on answering"
    path.unlink()
    time += LOOKED_AT + 1
    assert places.find(ELSEWHERE).country == "JP"


def seen(hours: float, place: GeoLocation = ZURICH, address: str = HOME, device: str = FIREFOX) -> PastAccess:
    return PastAccess(START + timedelta(hours=hours), address, place.country, device, place)


@pytest.mark.parametrize(
    ("now", "earlier", "found"),
    [
        (seen(0), [], ()),
        (seen(5), [seen(0)], ()),
        (seen(48, TOKYO), [seen(0)], (Unusual.COUNTRY,)),
        (seen(2, TOKYO), [seen(0)], (Unusual.COUNTRY, Unusual.TRAVEL)),
        (seen(2, TOKYO), [seen(0), seen(-90, TOKYO)], (Unusual.TRAVEL,)),
        (seen(12, TOKYO), [seen(0), seen(-90, TOKYO)], ()),
        (seen(1, address=ELSEWHERE), [seen(0)], ()),
        (seen(1, device="curl"), [seen(0)], ()),
        (seen(1, address=ELSEWHERE, device="curl"), [seen(0)], (Unusual.NETWORK_AND_DEVICE,)),
        (seen(1, address="192.0.2.200", device="curl"), [seen(0)], ()),
        (seen(1, NOWHERE), [seen(0)], ()),
        (seen(0, TOKYO), [seen(0, NOWHERE)], ()),
        (seen(-1, TOKYO), [seen(0, TOKYO), seen(-5)], ()),
    ],
)
def test_what_is_unusual(now: PastAccess, earlier: list[PastAccess], found: tuple[Unusual, ...]) -> None:
    """R18: a new country; impossible travel; network and device both new."""
    assert unusual_reasons(now, earlier) == found


def test_a_device_that_proves_to_be_known_is_not_new() -> None:
    assert unusual_reasons(seen(1, address=ELSEWHERE, device="curl"), [seen(0)], known_device=True) == ()


def test_a_browser_without_the_cookie_is_new_whatever_it_says_of_itself() -> None:
    """R18: "unusual" does not need both network and browser to be new; the very first sign-in is no news."""
    assert unusual_reasons(seen(1), [seen(0)], known_device=False) == (Unusual.DEVICE,)
    assert unusual_reasons(seen(48, TOKYO), [seen(0)], known_device=False) == (Unusual.COUNTRY, Unusual.DEVICE)
    assert unusual_reasons(seen(1), [], known_device=False) == ()


async def test_a_sign_in_without_the_customers_cookie_is_told_once_a_day_and_device(
    placed: Lobby, somebody: Person
) -> None:
    """R18, S9: the same network and the same kind of browser, and still another device; two replicas count together."""
    home = await placed.enter(somebody)
    known = Visitor(HOME, FIREFOX, home.device_secret)
    await placed.enter(somebody, visitor=known)
    await placed.enter(somebody, "WEBMAIL", visitor=known)
    assert await placed.letters(somebody) == [], "the cookie is this customer's, whatever they sign in to"
    other = Lobby(placed.store, placed.means, placed.now)
    for lobby in (placed, other, placed):
        await lobby.enter(somebody)
    (letter,) = await placed.letters(somebody)
    assert letter["subject"] == "An unusual sign-in" and "/not-me?t=" in letter["text"]
    await placed.enter(somebody, visitor=Visitor(HOME, "Chrome on Windows"))
    assert len(await placed.letters(somebody)) == 2, "another device, the same day"
    placed.wait(86_400)
    await placed.enter(somebody)
    assert len(await placed.letters(somebody)) == 3


async def test_two_sign_ins_at_once_are_one_letter(placed: Lobby, somebody: Person) -> None:
    """R18, F4."""
    await placed.enter(somebody)
    other = Lobby(placed.store, placed.means, placed.now)
    await asyncio.gather(*(lobby.enter(somebody) for lobby in (placed, other, placed, other)))
    assert len(await placed.letters(somebody)) == 1


async def test_who_renews_a_session_is_known_by_it(placed: Lobby, somebody: Person) -> None:
    """R18: at a shared computer, too, which keeps no other cookie."""
    opened = await placed.enter(somebody, shared=True)
    await placed.enter(somebody, renews=await placed.session(opened))
    assert await placed.letters(somebody) == []


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) … Version/19.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) … Chrome/142.0.0.0 Safari/537.36 Edg/142.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 16) … Chrome/142.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", UNKNOWN),
        (None, UNKNOWN),
        ("x" * 100_000, UNKNOWN),
    ],
)  # fmt: skip
def test_devices_in_a_few_words(agent: str | None, device: str) -> None:
    assert device_of(agent) == device


def test_what_others_say_of_a_device_is_one_line() -> None:
    assert described(" A\n\x00\u202e phone  of\tmine ") == "A phone ofmine"
    assert len(described("x" * 500)) == 100 and described("\u200b") == UNKNOWN
    assert network_of("2001:db8:1:2::3") == "2001:db8:1::/48" and network_of("nonsense") == ""


async def test_an_unusual_sign_in_is_told_to_the_customer(placed: Lobby, somebody: Person) -> None:
    """S9: what, when, where, and a way to undo it; the subject is everybody's (D1)."""
    await placed.enter(somebody)
    assert await placed.letters(somebody) == []
    placed.wait(7200)
    await placed.enter(somebody, visitor=Visitor(ELSEWHERE, "Chrome on Windows"))
    (letter,) = await placed.letters(somebody)
    assert letter["to"] == somebody.login and letter["subject"] == "An unusual sign-in"
    assert "Chrome on Windows" in letter["text"] and "Japan" in letter["text"] and "23 November 2026" in letter["text"]
    assert "https://data.example/not-me?t=" in letter["text"] and ELSEWHERE not in letter["text"]
    async with placed.store.write() as connection:
        rows = (await connection.execute(select(sign_ins.c.unusual).order_by(sign_ins.c.id))).scalars()
    assert list(rows) == [False, True]


async def test_it_was_not_me(placed: Lobby, somebody: Person) -> None:
    """S9: everybody is out, the old password opens nothing, what the stranger added is gone, a new one is chosen."""
    home = await placed.enter(somebody)
    mail = await placed.enter(somebody, "WEBMAIL")
    placed.wait(7200)
    thief = Visitor(ELSEWHERE, "Chrome on Windows")
    stolen = await placed.enter(somebody, visitor=thief)
    actor = await placed.actor(stolen)
    begun = await enrolling.begin_totp(actor, None)
    await enrolling.confirm_totp(actor, None, totp(begun.secret or "", at=placed.now))
    alarm = await placed.alarms.find(link_in((await placed.letters(somebody))[1]), placed.now)
    assert alarm is not None and (alarm.device, alarm.country) == ("Chrome on Windows", "JP")
    placed.wait(60)
    assert await placed.alarms.raise_(alarm, placed.now)

    assert [await placed.session(each) for each in (home, mail, stolen)] == [None, None, None]
    back = replace(thief, device_secret=stolen.device_secret)
    assert await placed.knock(somebody, somebody.password, visitor=back) == Rejected(0)
    letter = (await placed.letters(somebody))[-1]
    assert letter["subject"] == "Everybody was signed out"
    owner = Visitor(HOME, FIREFOX)
    done = await placed.resets.follow(link_in(letter), "Brombeerhecke-77!x", owner, placed.now)
    assert isinstance(done, Done)
    assert isinstance(await placed.knock(somebody, "Brombeerhecke-77!x", visitor=owner), SignedIn), "no stranger's app"


async def test_an_alarm_is_raised_once_and_within_a_week(placed: Lobby, somebody: Person) -> None:
    """S9: also of two at the same moment."""
    await placed.enter(somebody)
    placed.wait(7200)
    await placed.enter(somebody, visitor=Visitor(ELSEWHERE, "curl"))
    secret = link_in((await placed.letters(somebody))[0])
    alarm = await placed.alarms.find(secret, placed.now)
    assert alarm is not None
    assert sorted(await asyncio.gather(*(placed.alarms.raise_(alarm, placed.now) for _ in range(3)))) == [0, 0, 1]
    assert await placed.alarms.find(secret, placed.now) is None
    assert await placed.alarms.find("made up", placed.now) is None


@ONE_STORE
async def test_an_alarm_link_ends(placed: Lobby, somebody: Person) -> None:
    await placed.enter(somebody)
    placed.wait(7200)
    await placed.enter(somebody, visitor=Visitor(ELSEWHERE, "curl"))
    secret = link_in((await placed.letters(somebody))[0])
    placed.wait(7 * 86_400)
    assert await placed.alarms.find(secret, placed.now) is None


@ONE_STORE
async def test_a_customer_without_an_address_is_written_nothing(placed: Lobby, somebody: Person) -> None:
    await placed.enter(somebody)
    async with placed.store.write() as connection:
        await connection.execute(customers.update().values(email=None, email_ref=None))
    placed.wait(7200)
    await placed.enter(somebody, visitor=Visitor(ELSEWHERE, "curl"))
    assert await placed.letters(somebody) == []
