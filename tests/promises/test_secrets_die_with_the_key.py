"""D5, D10: who has a copy of the data from before, and all keys that are left, confirms no guess about the erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from policy.cards import card_number
from policy.wordings import VERSION
from resolvers.authentication_buckets import subject
from resolvers.authentication_guesses import Pace
from resolvers.authentication_verdicts import Denied
from resolvers.letters_limits import Kind
from resolvers.once import _text
from resolvers.passwords_resets import Sent
from resolvers.signins import Visitor
from resolvers.signins_contexts import NETWORK
from resolvers.signins_places import network_of
from schema.requests import Request
from store.blindindex import Lookup
from store.metadata import instant
from tests.payments.conftest import ADD, GENUINE
from tests.profile.test_email import ASK
from tests.promises.guessing import Copy, Keys
from tests.signin.lobby import ELSEWHERE, HOME, Lobby
from tests.signin.people import Person, add_person

pytestmark = pytest.mark.anyio

STRANGER = Visitor(ELSEWHERE, "Edge on Windows")
CARD = {
    "number": GENUINE,
    "expMonth": 3,
    "expYear": 2029,
    "consent": {"agreed": True, "wordingVersion": VERSION, "language": "en"},
}
NEW = "yolanda@elsewhere.example"


async def lived(lobby: Lobby, person: Person) -> None:
    """Everything that leaves a hash of what can be guessed: a sign-in, wrong ones, a card, links to elsewhere."""
    granted = await lobby.grant(await lobby.enter(person))
    assert await lobby.knock(person, "kX9-vT2.qLm4", visitor=STRANGER) == Denied(0)
    assert await lobby.resets.request("CLIENT_AREA", person.login, STRANGER, lobby.now) == Sent()
    for query, variables in ((ADD, {"in": CARD}), (ASK, {"e": NEW})):
        request = Request(query=query, variables=variables, idempotency_key="1")
        answer = (await lobby.api.execute(request, granted)).body
        assert b'"userErrors":[]' in answer, answer


def guesses_at_the_card(number: str) -> list[bytes]:
    """Under whatever key: alone, by its kind, and as it stood in a marked request."""
    digits = "".join(filter(str.isdecimal, number))
    asked = _text({"input": CARD | {"number": number}}), _text(CARD | {"number": number})
    return [digits.encode(), f"card\0{digits}".encode(), *(f"command\0{each}".encode() for each in asked)]


def guesses_at_the_network(copy: Copy, address: str) -> list[bytes]:
    """As it is remembered of a session, and as strangers' attempts are counted."""
    sessions = [row["session_id"] for row in copy.rows["session_proofs"]]
    seen = [NETWORK + f"{id_}\0{network_of(address)}".encode() for id_ in sessions]
    return [*seen, Pace.NETWORK.word.encode() + b"\0" + network_of(address, 32, 56).encode()]


def guesses_at_the_name(lobby: Lobby, copy: Copy, login: str) -> list[bytes]:
    """As attempts and letters are counted by it, and links are bound to it."""
    keys = lobby.store.keys
    index, mailbox = keys.blind_index(Lookup.LOGIN, login), keys.blind_index(Lookup.EMAIL, login)
    found = [Pace[each].word.encode() + b"\0" + subject("CLIENT_AREA", index) for each in ("PASSWORD", "RESET")]
    kinds = (f"letters\0{Kind.PASSWORD_RESET.name}\0{mailbox.hex()}", f"letters\0{mailbox.hex()}")
    changed = {int(instant(row["changed_at"]).timestamp()) for row in copy.rows["credentials"]}
    bound = [f"\0{moment}\0{mailbox.hex()}" for moment in changed]
    return [*found, *(each.encode() for each in (*kinds, *bound)), mailbox]


async def test_no_guess_is_confirmed_once_the_customer_is_erased(lobby: Lobby) -> None:
    """The card's number, the password, where they signed in from, and the name they did it by."""
    person, other = await add_person(lobby.store), await add_person(lobby.store)
    await lived(lobby, person)
    copy, keys = await Copy.of(lobby.store), await Keys.of(lobby.store)

    def confirmed(keys: Keys) -> set[str]:
        about = {
            "card": guesses_at_the_card(GENUINE),
            "home": guesses_at_the_network(copy, HOME),
            "elsewhere": guesses_at_the_network(copy, ELSEWHERE),
            "name": guesses_at_the_name(lobby, copy, person.login),
            "new address": guesses_at_the_name(lobby, copy, NEW),
        }
        return {word for word, texts in about.items() if copy.confirms(keys, texts)}

    assert confirmed(keys) == {"card", "home", "elsewhere", "name", "new address"}, "with all keys this finds them"
    assert person.id in {owner for _, owner, _ in copy.opened(keys)}

    await lobby.store.keys.destroy(person.id)
    lobby.now += timedelta(weeks=2)
    nobody = replace(STRANGER, address="203.0.113.7")
    assert await lobby.resets.request("CLIENT_AREA", "nobody@example.org", nobody, lobby.now) == Sent()

    left = await Keys.of(lobby.store)
    assert left.house and left.subjects.keys() == {other.id}
    assert confirmed(left) == set()
    assert not copy.is_password(person.password)
    assert {owner for _, owner, _ in copy.opened(left)} == {other.id}


async def test_a_copy_without_the_key_store_confirms_no_password_of_anybody(lobby: Lobby) -> None:
    """S2: hashes rest sealed, and are hashes for who has the key."""
    person = await add_person(lobby.store)
    copy = await Copy.of(lobby.store)
    assert b"$argon2" not in copy.content and not copy.is_password(person.password)
    opened = {column: value for column, _, value in copy.opened(await Keys.of(lobby.store))}
    hashes = [opened["credentials.password_hash"].decode()]
    assert any(PasswordHasher().verify(each, person.passwords["WEBMAIL"]) for each in hashes)


def test_the_card_is_one() -> None:
    """What is guessed at is a number that the gateway keeps."""
    assert getattr(card_number(GENUINE, tests=False), "digits", None) == "4539578763621486"
