"""A forgotten password: one link, half an hour, bound to what it was sent for, telling nobody anything (S8)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select, update

from resolvers.account.passwords_changing import change
from resolvers.account.passwords_resets import Done, ResetRequested
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor
from store.tables.customers import customers
from store.tables.outbox import outbox
from store.tables.signin import reset_links
from tests.signin.conftest import ONE_STORE
from tests.signin.lobby import ELSEWHERE, FIREFOX, HOME, Lobby, link_in
from tests.signin.people import Person, add_person

pytestmark = pytest.mark.anyio

NEW = "Brombeerhecke-77!x"


async def link(lobby: Lobby, person: Person, platform: str = "CLIENT_AREA") -> str:
    """The secret of the link that a request brings."""
    assert await lobby.resets.request(platform, person.login, lobby.visitor, lobby.now) == ResetRequested()
    return link_in((await lobby.letters(person))[-1])


async def test_a_link_sets_a_new_password(lobby: Lobby, guarded: Person) -> None:
    """S8, S6: and every session of the platform ends; the second factor is still asked for."""
    opened, mail = await lobby.enter(guarded), await lobby.enter(guarded, "WEBMAIL")
    done = await lobby.resets.follow(await link(lobby, guarded), NEW, lobby.visitor, lobby.now)
    assert isinstance(done, Done) and done.platform == "CLIENT_AREA"
    assert await lobby.session(opened) is None and await lobby.session(mail) is not None
    assert isinstance(await lobby.knock(guarded, guarded.password), Rejected)
    assert isinstance(await lobby.knock(guarded, NEW), SecondFactorRequired)


async def test_existing_or_not_the_answer_is_the_same(lobby: Lobby, somebody: Person) -> None:
    """S8."""
    for login in (somebody.login, "nobody@example.org", "", "\x00", "x" * 10_000):
        assert await lobby.resets.request("CLIENT_AREA", login, lobby.visitor, lobby.now) == ResetRequested()
    assert await lobby.count(outbox) == 1


async def test_a_link_works_once(lobby: Lobby, somebody: Person) -> None:
    """S8: also of two at the same moment."""
    secret = await link(lobby, somebody)
    passwords = [f"Brombeerhecke-{n}7!x" for n in range(3)]
    found = await asyncio.gather(*(lobby.resets.follow(secret, each, lobby.visitor, lobby.now) for each in passwords))
    assert sum(isinstance(each, Done) for each in found) == 1
    assert await lobby.resets.follow(secret, NEW, lobby.visitor, lobby.now) == Expired()


async def test_a_link_ends_after_half_an_hour(lobby: Lobby, somebody: Person) -> None:
    secret = await link(lobby, somebody)
    lobby.wait(1799)
    assert await lobby.resets.find(secret, lobby.now) is not None
    lobby.wait(1)
    assert await lobby.resets.find(secret, lobby.now) is None
    assert await lobby.resets.follow(secret, NEW, lobby.visitor, lobby.now) == Expired()


async def test_only_the_newest_link_works(lobby: Lobby, somebody: Person) -> None:
    first, second = await link(lobby, somebody), await link(lobby, somebody)
    assert await lobby.resets.find(first, lobby.now) is None and await lobby.resets.find(second, lobby.now) is not None


async def test_a_link_is_bound_to_the_password_and_the_address(lobby: Lobby, somebody: Person) -> None:
    """S8: whoever changes one of them makes it worthless."""
    secret = await link(lobby, somebody)
    opened = await lobby.enter(somebody)  # Hashed anew, so even that voids it.
    assert await lobby.resets.find(secret, lobby.now) is None
    secret = await link(lobby, somebody)
    async with lobby.store.write() as connection:
        await connection.execute(update(customers).values(email_ref=b"another "))
    assert await lobby.resets.find(secret, lobby.now) is None
    secret = await link(lobby, somebody)
    assert (await change(await lobby.actor(opened), None, somebody.password, NEW)).problems == ()
    assert await lobby.resets.find(secret, lobby.now) is None and await lobby.count(reset_links) == 0


@ONE_STORE
async def test_a_refused_password_uses_nothing_up(lobby: Lobby, somebody: Person) -> None:
    secret = await link(lobby, somebody)
    for weak in ("short", somebody.passwords["WEBMAIL"], somebody.password, "x" * 2000):
        problems = await lobby.resets.follow(secret, weak, lobby.visitor, lobby.now)
        assert isinstance(problems, tuple) and problems
    assert isinstance(await lobby.resets.follow(secret, NEW, lobby.visitor, lobby.now), Done)


async def test_a_link_of_one_platform_changes_that_one_only(lobby: Lobby, somebody: Person) -> None:
    """R38."""
    done = await lobby.resets.follow(await link(lobby, somebody, "WEBMAIL"), NEW, lobby.visitor, lobby.now)
    assert isinstance(done, Done) and done.platform == "WEBMAIL"
    assert isinstance(await lobby.knock(somebody, somebody.password), SignedIn)
    assert isinstance(await lobby.knock(somebody, NEW, "WEBMAIL"), SignedIn)


@ONE_STORE
async def test_links_rest_as_hashes(lobby: Lobby, somebody: Person) -> None:
    secret = await link(lobby, somebody)
    async with lobby.store.write() as connection:
        rows = (await connection.execute(select(reset_links, outbox.c.payload).join(outbox, outbox.c.id != 0))).all()
    assert secret not in repr(rows) and somebody.login not in repr(rows)


@ONE_STORE
async def test_nobodys_mailbox_is_filled(lobby: Lobby, somebody: Person) -> None:
    """The answer stays the same, so that nobody learns of it."""
    for n in range(10):
        stranger = Visitor(f"198.51.100.{n}", "curl")
        assert await lobby.resets.request("CLIENT_AREA", somebody.login, stranger, lobby.now) == ResetRequested()
    assert len(await lobby.letters(somebody)) == 3


@ONE_STORE
async def test_guessing_links_is_slowed(lobby: Lobby) -> None:
    found = [await lobby.resets.follow(f"guess {n}", NEW, lobby.visitor, lobby.now) for n in range(42)]
    assert found[0] == Expired() and isinstance(found[-1], Rejected)


async def test_a_reset_lets_a_besieged_owner_in(lobby: Lobby, somebody: Person) -> None:
    """S1: whoever reads the customer's mail is no stranger; the browser is known from then on."""
    stranger = Visitor(ELSEWHERE, "curl")
    while not (await lobby.knock(somebody, "wrong", visitor=stranger)).wait:  # type: ignore[union-attr]
        pass
    done = await lobby.resets.follow(await link(lobby, somebody), NEW, lobby.visitor, lobby.now)
    assert isinstance(done, Done)
    assert isinstance(await lobby.knock(somebody, NEW), Rejected)
    home = Visitor(HOME, FIREFOX, done.device_secret)
    assert isinstance(await lobby.knock(somebody, NEW, visitor=home), SignedIn)


@ONE_STORE
async def test_letters_are_in_the_customers_language(lobby: Lobby) -> None:
    person = await add_person(lobby.store, locale="fr-CH")
    await link(lobby, person)
    (letter,) = await lobby.letters(person)
    assert letter["language"] == "fr" and letter["subject"] == "Choisissez un nouveau mot de passe"
    assert "espace client" in letter["text"] and "30 minutes" in letter["text"]
