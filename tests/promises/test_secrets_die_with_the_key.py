"""D5, D10: who has a copy of the data from before, and all keys that are left, confirms no guess about the erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from policy.cards import card_number
from policy.wordings import VERSION
from resolvers.account.passwords_resets import ResetRequested
from resolvers.commands.idempotency import _text
from resolvers.commands.places import network_of
from resolvers.customers.new_customer import NewCredential
from resolvers.customers.registration import register
from resolvers.emails.limits import EmailKind
from resolvers.signin.attempts import AttemptPace
from resolvers.signin.buckets import subject
from resolvers.signin.verdicts import Rejected
from resolvers.signins.contexts import NETWORK
from resolvers.signins.signins import Visitor
from schema.documents.requests import Request
from store.crypto.blind_index import Lookup
from tests.payments.conftest import ADD, GENUINE
from tests.profile.test_email import ASK
from tests.promises.guessing import Copy, Keys
from tests.signin.lobby import ELSEWHERE, HOME, Lobby
from tests.signin.people import START, Person, add_person, newcomer

pytestmark = pytest.mark.anyio

STRANGER = Visitor(ELSEWHERE, "Edge on Windows")
CARD = {
    "number": GENUINE,
    "expMonth": 3,
    "expYear": 2029,
    "consent": {"agreed": True, "wordingVersion": VERSION, "language": "en"},
}
NEW, BARE = "yolanda@elsewhere.example", "somebody@without.example"


async def lived(lobby: Lobby, person: Person) -> None:
    """Everything that leaves a hash of what can be guessed: a sign-in, wrong ones, a card, links to elsewhere."""
    granted = await lobby.grant(await lobby.enter(person))
    assert await lobby.knock(person, "kX9-vT2.qLm4", visitor=STRANGER) == Rejected(0)
    assert await lobby.resets.request("CLIENT_AREA", person.login, STRANGER, lobby.now) == ResetRequested()
    for query, variables in ((ADD, {"in": CARD}), (ASK, {"e": NEW})):
        request = Request(query=query, variables=variables, idempotency_key="1")
        answer = (await lobby.api.execute(request, granted)).body
        assert b'"userErrors":[]' in answer, answer


def guesses(lobby: Lobby, copy: Copy, login: str) -> dict[str, list[bytes]]:
    """What is hashed somewhere, in every form that it is or was hashed in."""
    keys, digits = lobby.store.keys, "".join(filter(str.isdecimal, GENUINE))
    sessions = [row["session_id"] for row in copy.rows["session_proofs"]]
    mailbox = keys.blind_index(Lookup.EMAIL, login)
    account = subject("CLIENT_AREA", keys.blind_index(Lookup.LOGIN, login))
    texts = {
        "a card": [digits, f"card\0{digits}"],
        "a marked request": [f"command\0{_text(CARD)}", _asked(copy, lobby)],
        "the network of a session": [NETWORK + f"{id_}\0{network_of(HOME)}".encode() for id_ in sessions],
        "the network of a stranger": [b"network\0" + network_of(ELSEWHERE, 32, 56).encode()],
        "a name that was tried": [AttemptPace.PASSWORD.word.encode() + b"\0" + account],
        "a name that was asked for": [AttemptPace.RESET.word.encode() + b"\0" + account],
        "a mailbox that was written to": [f"letters\0{EmailKind.PASSWORD_RESET.name}\0{mailbox.hex()}"],
        "a new mailbox": [f"letters\0{keys.blind_index(Lookup.EMAIL, NEW).hex()}"],
    }
    return {word: [each if isinstance(each, bytes) else each.encode() for each in some] for word, some in texts.items()}


def _asked(copy: Copy, lobby: Lobby) -> str:
    return f"tests\0{copy.rows['card_vault'][0]['customer_id']}\x001\0addCard\0addCard\0{_text(CARD)}"


async def test_no_guess_is_confirmed_once_the_customer_is_erased(lobby: Lobby) -> None:
    """The card's number, the password, where they signed in from, and the names they go by."""
    person, other = await add_person(lobby.store), await add_person(lobby.store)
    bare = newcomer(4711)
    bare = replace(bare, email=BARE, credentials=(NewCredential("CLIENT_AREA", BARE, None, START, None),))
    (nameless,) = await register(lobby.store, [bare], now=START)
    await lived(lobby, person)
    assert await lobby.resets.request("CLIENT_AREA", BARE, STRANGER, lobby.now) == ResetRequested()
    copy, keys = await Copy.of(lobby.store), await Keys.of(lobby.store)
    about = guesses(lobby, copy, person.login)

    def confirmed(keys: Keys) -> set[str]:
        return {word for word, texts in about.items() if copy.confirms(keys, texts)}

    assert confirmed(keys) == about.keys(), "with the customers' keys, and in the same week, each is found"
    assert {person.id, nameless} <= {owner for _, owner, _ in copy.opened(keys)}

    for each in (person.id, nameless):
        await lobby.store.keys.destroy(each)
    lobby.now += timedelta(weeks=2)
    nobody = replace(STRANGER, address="203.0.113.7")
    assert await lobby.resets.request("CLIENT_AREA", "nobody@example.org", nobody, lobby.now) == ResetRequested()

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
