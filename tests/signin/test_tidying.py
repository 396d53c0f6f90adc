"""What is over is deleted, and nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from resolvers.account import factors_enrolling as enrolling
from resolvers.account.signins_tidying import tidy
from resolvers.factors.passkeys import Passkeys
from store.sql.ids import EPOCH_MS, new_id
from store.tables.credentials import second_factors
from store.tables.signin import (
    guesses,
    known_devices,
    passkey_challenges,
    pending_sign_ins,
    reset_links,
    session_proofs,
)
from tests.signin.lobby import Lobby
from tests.signin.people import Person

pytestmark = pytest.mark.anyio

TABLES = (guesses, passkey_challenges, pending_sign_ins, reset_links, session_proofs, known_devices, second_factors)


async def test_what_is_over_goes(lobby: Lobby, guarded: Person) -> None:
    actor = await lobby.actor(await lobby.enter(guarded))
    await enrolling.begin_totp(actor, None)
    session = await actor.session()
    assert session is not None
    account = await lobby.authentication.credentials.by_id(session.credential_id)
    await Passkeys(lobby.store, lobby.means).request(account, lobby.now)
    await lobby.resets.request("CLIENT_AREA", guarded.login, lobby.visitor, lobby.now)
    await lobby.knock(guarded, guarded.password)
    kept = [await lobby.count(table) for table in TABLES]
    assert all(kept)
    async with lobby.store.write() as connection:
        await tidy(connection, lobby.now)
    assert [await lobby.count(table) for table in TABLES] == kept, "nothing is over yet"

    made_at = timedelta(milliseconds=(new_id() >> 22) + EPOCH_MS)
    later = lobby.now.fromtimestamp(made_at.total_seconds(), lobby.now.tzinfo) + timedelta(days=200)
    async with lobby.store.write() as connection:
        await tidy(connection, later)
    assert [await lobby.count(table) for table in TABLES] == [0, 0, 0, 0, 0, 0, 2], "confirmed factors stay"
