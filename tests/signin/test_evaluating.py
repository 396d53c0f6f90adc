"""A session's cookie is judged wherever it turns up: noticed, told, refused or ended (S12, R17, R18)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from resolvers.account.signins_evaluating import Evaluator
from resolvers.commands.places import Places
from resolvers.signin.verdicts import SignedIn
from resolvers.signins.contexts import LENGTH, MOST, SignInContext, Verdict
from resolvers.signins.signins import Visitor
from store.crypto.subject_key import SubjectKey, nobodys_key
from store.database.store import Store
from store.tables.access import sessions, sign_ins
from store.tables.signin import session_proofs
from tests.signin import mmdb
from tests.signin.lobby import FIREFOX, HOME, Lobby, means
from tests.signin.people import Person
from tests.signin.test_unusual import WORLD
from tests.signin.web import Browser, Web, serving
from tests.stores import KINDS, Databases

pytestmark = pytest.mark.anyio

CHROME = "Chrome on Windows"
AWAY, MOBILE = "203.0.113.5", "192.0.3.8"
"""In France; and another network of Switzerland."""
NEAR = WORLD | {"192.0.3.0/24": {"country": "CH", "location": {"latitude": 46.2, "longitude": 6.14}}}


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(mmdb.write(tmp_path / "world.mmdb", NEAR))


@pytest.fixture
def placed(store: Store, places: Places) -> Lobby:
    return Lobby(store, means(places=places))


async def turns_up(lobby: Lobby, opened: SignedIn, address: str, device: str = FIREFOX) -> bool | None:
    """Whether the cookie opens something there; None when its session is over."""
    session = await lobby.session(opened)
    if session is None:
        return None
    return await Evaluator(lobby.store, lobby.means).admits(session, Visitor(address, device), lobby.now)


async def accesses(lobby: Lobby) -> list[tuple[str, bool]]:
    query = select(sign_ins.c.outcome, sign_ins.c.unusual).order_by(sign_ins.c.id)
    async with lobby.store.write() as connection:
        return [(outcome, bool(unusual)) for outcome, unusual in await connection.execute(query)]


async def test_the_marks_tell_nothing_and_are_bounded() -> None:
    """D10: keyed, and others in every row; countries are never forgotten, however many networks come."""
    one, other = (SubjectKey(1, letter * 32, 0, nobodys_key()._ids) for letter in (b"k", b"j"))
    home = SignInContext(one, HOME, FIREFOX)
    held = home.proven(1)
    assert home.proven(2) != held and SignInContext(other, HOME, FIREFOX).proven(1) != held
    assert b"Firefox" not in held and b"192" not in held
    for number in range(2 * MOST):
        finding = SignInContext(one, f"10.1.{number}.1", FIREFOX).compare(1, held)
        held = finding.held
    assert len(held) == LENGTH * MOST
    assert home.compare(1, held).verdict is Verdict.PROOF, "what was dropped is new again"


async def test_nothing_is_asked_or_written_while_nothing_changes(
    placed: Lobby, somebody: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S12: a request costs four hashes; also from another address of the same network."""
    opened = await placed.enter(somebody)
    session = await placed.session(opened)
    assert session is not None
    evaluator = Evaluator(placed.store, placed.means)
    assert await evaluator.admits(session, Visitor(HOME, FIREFOX), placed.now)
    asked: list[str] = []
    placed.store.reader.listeners.append(asked.append)
    monkeypatch.setattr(placed.store, "write", lambda: pytest.fail("something was written"))
    for address in (HOME, "192.0.2.99"):
        assert await evaluator.admits(session, Visitor(address, FIREFOX), placed.now)
    assert asked == []


async def test_a_telephone_moves_between_networks_of_one_country(placed: Lobby, somebody: Person) -> None:
    """S12: each new network is an access (R17), none is unusual, though it seems to travel 200 km in a second."""
    opened = await placed.enter(somebody)
    for address in (MOBILE, HOME, MOBILE, HOME):
        assert await turns_up(placed, opened, address)
    assert await accesses(placed) == [("SUCCEEDED", False)] * 2
    assert await placed.letters(somebody) == []


async def test_a_new_device_in_the_same_country_is_noticed(placed: Lobby, somebody: Person) -> None:
    """S12, R18: on another network and another device it goes on, and its customer hears of it."""
    opened = await placed.enter(somebody)
    assert await turns_up(placed, opened, MOBILE, CHROME)
    assert await accesses(placed) == [("SUCCEEDED", False), ("SUCCEEDED", True)]
    (letter,) = await placed.letters(somebody)
    assert letter["subject"] == "An unusual sign-in" and "/not-me?t=" in letter["text"]


async def test_a_new_country_asks_for_a_fresh_proof(placed: Lobby, somebody: Person) -> None:
    """S12: the cookie opens nothing there until its customer signs in; at home it goes on; it is told once."""
    opened = await placed.enter(somebody)
    for _ in range(3):
        assert await turns_up(placed, opened, AWAY) is False
    assert await turns_up(placed, opened, HOME)
    assert await accesses(placed) == [("SUCCEEDED", False), ("FAILED", True)]
    (letter,) = await placed.letters(somebody)
    assert "France" in letter["text"] and "/not-me?t=" in letter["text"]
    renewed = await placed.enter(somebody, renews=await placed.session(opened), visitor=Visitor(AWAY, FIREFOX))
    assert await turns_up(placed, renewed, AWAY) and await turns_up(placed, renewed, HOME)


async def test_who_hides_their_address_hides_no_country(placed: Lobby, somebody: Person) -> None:
    """S12, H8: what the headers leave untold is never taken for the country that the session belongs to."""
    opened = await placed.enter(somebody)
    session = await placed.session(opened)
    assert session is not None
    evaluator = Evaluator(placed.store, placed.means)
    for _ in range(3):
        assert not await evaluator.admits(session, Visitor(None, FIREFOX), placed.now)
        session = await placed.session(opened)
        assert session is not None
    assert await turns_up(placed, opened, HOME)
    assert await accesses(placed) == [("SUCCEEDED", False), ("FAILED", True)]
    assert len(await placed.letters(somebody)) == 1


async def test_everything_new_at_once_ends_the_session(placed: Lobby, somebody: Person) -> None:
    """S12: country, network and device; its tokens end with it, and it is told."""
    opened, other = await placed.enter(somebody), await placed.enter(somebody, "WEBMAIL")
    told = len(await placed.letters(somebody))
    assert await turns_up(placed, opened, AWAY, CHROME) is False
    assert await turns_up(placed, opened, HOME) is None and await turns_up(placed, other, HOME)
    assert len(await placed.letters(somebody)) == told + 1
    assert await placed.count(sessions, sessions.c.ended_at.is_not(None)) == 1


async def test_without_a_database_of_places_both_new_ask_for_a_proof(store: Store, somebody: Person) -> None:
    """S12: nobody can say that it is the same country."""
    lobby = Lobby(store)
    opened = await lobby.enter(somebody)
    assert await turns_up(lobby, opened, MOBILE)
    assert await turns_up(lobby, opened, AWAY, CHROME) is False
    assert await turns_up(lobby, opened, HOME)


async def test_of_two_replicas_one_writes_it_down(placed: Lobby, somebody: Person, places: Places) -> None:
    """S12, F4: both have read the same row."""
    opened = await placed.enter(somebody)
    session = await placed.session(opened)
    assert session is not None
    replicas = [Evaluator(placed.store, means(places=places)) for _ in range(2)]
    thief = Visitor(AWAY, FIREFOX)
    assert [await each.admits(session, thief, placed.now) for each in replicas] == [False, False]
    assert await accesses(placed) == [("SUCCEEDED", False), ("FAILED", True)]


async def test_a_session_of_before_learns_where_it_is(placed: Lobby, somebody: Person) -> None:
    opened = await placed.enter(somebody)
    async with placed.store.write() as connection:
        await connection.execute(update(session_proofs).values(contexts=None))
    assert await turns_up(placed, opened, HOME)
    assert await turns_up(placed, opened, AWAY) is False
    assert len(await accesses(placed)) == 2


@pytest.fixture(params=KINDS)
def web(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path) -> Iterator[Web]:
    world = mmdb.write(tmp_path / "world.mmdb", NEAR)
    with serving(str(request.param), databases, tmp_path, GATEWAY_GEO_DATABASE=str(world)) as found:
        yield found


def test_a_stolen_cookie_opens_no_page_of_any_replica(web: Web) -> None:
    """S12, F4: the whole of it, through the pages: refused abroad, ended where everything is new."""
    (person,) = web.add(1)
    owner = Browser(web.replicas[0].url)
    owner.sign_in(person)
    assert owner.get("/security").status_code == 200
    for replica in web.replicas:
        thief = Browser(replica.url, AWAY, dict(owner.cookies))
        for path in ("/security", "/password", "/oauth/authorize?client_id=client-area"):
            assert thief.get(path).status_code != 200, path
    moved = Browser(web.replicas[1].url, MOBILE, dict(owner.cookies))
    assert moved.get("/security").status_code == owner.get("/security").status_code == 200
    thief = Browser(web.replicas[1].url, "198.51.100.77", dict(owner.cookies))
    assert thief.get("/security", user_agent="curl/8").status_code == 303
    assert owner.get("/security").status_code == 303, "it has ended"
    again = Browser(web.replicas[0].url, AWAY)
    assert again.sign_in(person).status_code == 303
    assert again.get("/security").status_code == 200, "who proves who they are is let in, wherever they are"
