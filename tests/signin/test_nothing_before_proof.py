"""G14: whoever has proven nothing fills no table: challenges say themselves until when they are good, counters end."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from resolvers.signin.attempts import AttemptBucket, AttemptLimiter, AttemptPace
from resolvers.signin.verdicts import Rejected, SignedIn
from store.database.schemas import MAIN
from store.database.store import Store
from store.tables.signin import guesses
from tests.signin.lobby import Lobby
from tests.signin.people import START, Person
from tests.signin.test_passkeys import asked, registered, show

pytestmark = pytest.mark.anyio


async def rows(store: Store) -> dict[str, int]:
    found = {}
    async with store.write() as connection:
        for table in MAIN.tables.sorted_tables:
            found[table.name] = await connection.scalar(select(func.count()).select_from(table)) or 0
    return found


async def test_g14_asking_for_a_challenge_writes_nothing(lobby: Lobby, somebody: Person) -> None:
    await registered(lobby, somebody)
    before = await rows(lobby.store)
    challenges = {json.loads(await asked(lobby))["challenge"] for _ in range(20)}
    assert len(challenges) == 20 and await rows(lobby.store) == before


async def test_s5_a_challenge_for_anybody_works_once_and_in_time(lobby: Lobby, somebody: Person) -> None:
    """At any replica, and at the same moment; one of an authenticator's own making never."""
    key = await registered(lobby, somebody)
    answer = key.get(await asked(lobby))
    verdicts = await asyncio.gather(*(show(lobby, answer) for _ in range(4)))
    assert sorted(type(each).__name__ for each in verdicts) == ["Rejected", "Rejected", "Rejected", "SignedIn"]
    assert await show(lobby, answer) == Rejected(0)
    options = json.loads(await asked(lobby))
    changed = bytearray(base64url_to_bytes(options["challenge"]))
    changed[-1] ^= 1
    options["challenge"] = bytes_to_base64url(bytes(changed))
    assert await show(lobby, key.get(json.dumps(options))) == Rejected(0)
    late = key.get(await asked(lobby))
    lobby.now += lobby.means.times.challenge + timedelta(seconds=1)
    assert await show(lobby, late) == Rejected(0)
    assert isinstance(await show(lobby, key.get(await asked(lobby))), SignedIn)


async def test_g14_whoever_is_to_wait_leaves_no_counters_of_names_they_made_up(store: Store) -> None:
    counting, network = AttemptLimiter(store), AttemptBucket(AttemptPace.NETWORK, "192.0.2.7/32")
    for number in range(60):
        await counting.consume([network, AttemptBucket(AttemptPace.PASSWORD, f"nobody {number}")], START)
    async with store.write() as connection:
        count = await connection.scalar(select(func.count()).select_from(guesses))
    assert count == 1 + AttemptPace.NETWORK.free
