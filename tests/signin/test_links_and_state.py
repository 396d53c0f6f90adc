"""Links are bound to the address they were sent to and to the account's state (S8); nothing tells who exists (G7)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from resolvers.account.passwords_changing import NewPasswords, change
from resolvers.account.passwords_resets import Done, ResetRequested
from resolvers.signin.verdicts import Expired, Rejected
from resolvers.signins.signins import Visitor
from store.database.store import Store
from store.tables.customers import customers
from store.tables.signin import email_links, reset_links
from tests.signin.lobby import FIREFOX, HOME, Lobby, link_in
from tests.signin.people import Person, add_person

pytestmark = pytest.mark.anyio

NEW = "Brombeerhecke-77!x"
ASK = "mutation ($e: EmailAddress!) { requestEmailChange(input: {email: $e}) { userErrors { code } } }"
CONFIRM = "mutation ($t: String!) { confirmEmailChange(input: {token: $t}) { userErrors { code } } }"


async def reset_link(lobby: Lobby, person: Person) -> str:
    """The secret of a link to a new password."""
    assert await lobby.resets.request("CLIENT_AREA", person.login, lobby.visitor, lobby.now) == ResetRequested()
    letters = [each for each in await lobby.letters(person) if "/password/reset?t=" in each["text"]]
    return link_in(letters[-1])


async def email_link(lobby: Lobby, person: Person, email: str) -> str:
    """The secret of a link to a new e-mail address."""
    token = await lobby.grant(await lobby.enter(person))
    answer = await lobby.ask(token, ASK, e=email)
    assert answer["data"]["requestEmailChange"]["userErrors"] == [], answer
    letters = [each for each in await lobby.letters(person) if "/email/confirm?t=" in each["text"]]
    assert letters[-1]["to"] == email
    return link_in(letters[-1])


async def confirm(lobby: Lobby, person: Person, secret: str) -> list[str]:
    """The codes of what is wrong with a link to a new e-mail address."""
    token = await lobby.grant(await lobby.enter(person))
    answer = await lobby.ask(token, CONFIRM, t=secret)
    return [each["code"] for each in answer["data"]["confirmEmailChange"]["userErrors"]]


async def test_a_reset_link_dies_with_the_address_it_was_sent_to(lobby: Lobby, somebody: Person) -> None:
    """S8: also when the address comes back."""
    await lobby.enter(somebody)  # Hashed anew, which voids links as well.
    there = await email_link(lobby, somebody, "elsewhere@example.net")
    secret = await reset_link(lobby, somebody)
    assert await lobby.resets.find(secret, lobby.now) is not None
    assert await confirm(lobby, somebody, there) == []
    assert await lobby.resets.find(secret, lobby.now) is None and await lobby.count(reset_links) == 0
    moved = Person(somebody.id, "elsewhere@example.net", somebody.passwords, somebody.family)
    back = await email_link(lobby, moved, somebody.login)
    assert await confirm(lobby, moved, back) == []
    assert await lobby.resets.find(secret, lobby.now) is None
    assert await lobby.resets.follow(secret, NEW, lobby.visitor, lobby.now) == Expired()


async def test_an_address_that_changes_while_the_link_is_followed(
    lobby: Lobby, somebody: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S8: what was found before the change is judged again in the transaction that sets the password."""
    await lobby.enter(somebody)
    there = await email_link(lobby, somebody, "elsewhere@example.net")
    secret = await reset_link(lobby, somebody)
    judged = NewPasswords.prepared

    async def slowly(self: NewPasswords, *given: Any) -> Any:
        found = await judged(self, *given)
        assert await confirm(lobby, somebody, there) == []
        return found

    monkeypatch.setattr(NewPasswords, "prepared", slowly)
    assert await lobby.resets.follow(secret, NEW, lobby.visitor, lobby.now) == Expired()


async def test_both_links_followed_at_the_same_moment(lobby: Lobby, somebody: Person) -> None:
    """S8, F4: at two replicas, in either order; nothing waits for ever, and nobody gets in by the old mailbox later."""
    other = Lobby(lobby.store)
    await lobby.enter(somebody)
    for round_ in range(3):
        person = Person(somebody.id, somebody.login, somebody.passwords, somebody.family)
        there = await email_link(lobby, person, f"elsewhere{round_}@example.net")
        secret = await reset_link(lobby, person)
        token = await lobby.grant(await lobby.enter(person))
        done, answer = await asyncio.gather(
            other.resets.follow(secret, f"{NEW} {round_}", other.visitor, other.now), lobby.ask(token, CONFIRM, t=there)
        )
        changed = not answer["data"]["confirmEmailChange"]["userErrors"] if "data" in answer else False
        assert isinstance(done, Done) != changed, (done, answer)
        lobby.wait(3_700)
        other.wait(3_700)
        login = f"elsewhere{round_}@example.net" if changed else person.login
        password = f"{NEW} {round_}" if isinstance(done, Done) else person.password
        somebody = Person(person.id, login, person.passwords | {"CLIENT_AREA": password}, person.family)


@pytest.mark.parametrize("how", ["change", "reset", "alarm"])
async def test_a_link_to_a_new_address_dies_with_the_password(lobby: Lobby, somebody: Person, how: str) -> None:
    """S8: a thief's link to their own mailbox does not outlive what the owner does against the thief."""
    await lobby.enter(somebody)
    secret = await email_link(lobby, somebody, "thief@example.net")
    home = await lobby.enter(somebody)
    if how == "change":
        assert not (await change(await lobby.actor(home), None, somebody.password, NEW)).problems
    elif how == "reset":
        link = await reset_link(lobby, somebody)
        assert isinstance(await lobby.resets.follow(link, NEW, lobby.visitor, lobby.now), Done)
    else:
        stranger = Visitor("203.0.113.9", "curl")
        await lobby.enter(somebody, visitor=stranger)
        letter = next(each for each in await lobby.letters(somebody) if "/not-me?t=" in each["text"])
        alarm = await lobby.alarms.find(link_in(letter), lobby.now)
        assert alarm is not None and await lobby.alarms.raise_(alarm, lobby.now)
    assert await lobby.count(email_links) == 0
    owner = await add_person(lobby.store)
    assert await confirm(lobby, owner, secret) == ["LINK_VOID"]


async def test_whose_key_is_gone_has_no_session_sign_in_or_link_left(lobby: Lobby, somebody: Person) -> None:
    """S8, D5: between the destruction of the key and the last row, nothing of the account half works."""
    opened = await lobby.enter(somebody)
    secret = await reset_link(lobby, somebody)
    await lobby.store.keys.destroy(somebody.id)
    assert await lobby.session(opened) is None
    assert await lobby.knock(somebody, somebody.password) == Rejected(0)
    assert await lobby.resets.find(secret, lobby.now) is None
    assert await lobby.resets.follow(secret, NEW, lobby.visitor, lobby.now) == Expired()
    assert await lobby.resets.request("CLIENT_AREA", somebody.login, lobby.visitor, lobby.now) == ResetRequested()


@contextmanager
def statements(store: Store) -> Iterator[list[str]]:
    """Every statement on the main database and the key store, reading and writing, without its values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        seen.append(statement)

    readers = [store.reader, store.keys._reader]
    event.listen(Engine, "before_cursor_execute", note)
    for reader in readers:
        reader.listeners.append(seen.append)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        for reader in readers:
            reader.listeners.remove(seen.append)


async def test_unknown_accounts_are_asked_for_by_the_same_statements(lobby: Lobby, somebody: Person) -> None:
    """G7, S1, S8: at the sign-in and at "forgot your password?", the first time and again."""
    known = await lobby.enter(somebody)
    homes = [Visitor(HOME, FIREFOX, known.device_secret), Visitor("198.51.100.77", FIREFOX)]
    strangers = [Visitor(HOME, FIREFOX, "x" * 43), Visitor("198.51.100.78", FIREFOX)]
    first = Visitor("198.51.100.81", FIREFOX)
    await lobby.resets.request("WEBMAIL", "first@example.org", first, lobby.now)  # Makes the key of the counts.
    for home, stranger in zip(homes, strangers, strict=True):
        for _ in range(2):
            asked = []
            for login, visitor in ((somebody.login, home), ("nobody@example.org", stranger)):
                with statements(lobby.store) as seen:
                    assert await lobby.resets.request("CLIENT_AREA", login, visitor, lobby.now) == ResetRequested()
                asked.append(seen)
            assert asked[0] == asked[1] and len(asked[0]) > 5
    for round_ in range(3):
        asked = []
        for login, address in ((somebody.login, "198.51.100.79"), (f"nobody{round_}@example.org", "198.51.100.80")):
            with statements(lobby.store) as seen:
                verdict = await lobby.knock(login, "wrong", visitor=Visitor(address, FIREFOX, "x" * 43))
                assert verdict == Rejected(0)
            asked.append(seen)
        assert asked[0] == asked[1] and len(asked[0]) > 5
    async with lobby.store.write() as connection:
        assert len((await connection.execute(select(customers.c.id))).all()) == 1
