"""Signing keys: made once, kept wrapped, rotated while tokens go on being accepted by every replica (O8)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import delete

from gateway.tokens.signing_keys import ANNOUNCED, KNOWN_SECONDS
from gateway.tokens.tokens import TokenError, TokenFault
from store.crypto.key_tables import signing_keys
from store.database.config import StoreConfig
from store.database.store import Store
from store.sql.engines import transaction
from tests.gateway.desk import LIFE, Desk
from tests.stores import opened

pytestmark = pytest.mark.anyio

ANNOUNCEMENT = ANNOUNCED.total_seconds()


async def kids(desk: Desk) -> list[str]:
    return [key["kid"] for key in (await desk.keys.public())["keys"]]


async def test_the_first_key_is_made_at_the_first_run_and_found_again(store: Store) -> None:
    first, later = Desk(store), Desk(store)
    token = await first.token()
    assert len(await kids(first)) == 1
    assert await kids(later) == await kids(first)
    assert (await later.tokens.verify(token)).client_id == "billing"


async def test_replicas_that_start_together_accept_one_another(store: Store) -> None:
    replicas = [Desk(store) for _ in range(4)]
    await asyncio.gather(*(replica.keys.open() for replica in replicas))
    tokens = [await replica.token() for replica in replicas]
    for replica in replicas:
        replica.clock.time += 3
        for token in tokens:
            await replica.tokens.verify(token)


async def test_a_private_key_rests_wrapped_and_is_never_printed(store: Store) -> None:
    desk = Desk(store)
    await desk.keys.open()
    (kept,) = await desk.house.signing_keys()
    assert kept.private not in repr(kept).encode()
    assert repr(kept.private) not in repr(kept)
    (public,) = (await desk.keys.public())["keys"]
    assert public.keys() == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    rows = await desk.house._reader.fetch(desk.house._all_signing, {})
    assert all(kept.private not in value for row in rows for value in row if isinstance(value, bytes))


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_no_file_holds_a_private_key_in_the_clear(store: Store, store_config: StoreConfig) -> None:
    desk = Desk(store)
    await desk.keys.open()
    (kept,) = await desk.house.signing_keys()
    files = [file for file in store_config.root_key_path.parent.iterdir() if file.is_file()]
    assert any(b"signing_keys" in file.read_bytes() for file in files)
    number = desk.keys._known[kept.kid][1].as_dict(private=True)["d"]
    for file in files:
        assert kept.private not in file.read_bytes()
        assert number.encode() not in file.read_bytes()


async def test_rotation_refuses_no_token_on_any_replica(store_config: StoreConfig) -> None:
    """At every half minute of two rotations, each replica accepts what each of them has signed and is not expired."""
    async with opened(store_config) as one, opened(store_config) as two:
        first, second = Desk(one), Desk(two)
        second.clock = first.clock
        second.__post_init__()
        minted: list[tuple[float, bytes]] = []
        signers = set()
        await first.keys.open()
        for step in range(60):
            if step in (10, 30):
                await first.keys.rotate()
            for desk in (first, second):
                minted.append((first.clock(), await desk.token()))
                signers.add((await desk.keys.signing())[0])
            for at, token in minted:
                for desk in (first, second):
                    if at + LIFE > first.clock():
                        await desk.tokens.verify(token)
            minted = [(at, token) for at, token in minted if at + LIFE > first.clock()]
            first.clock.time += 30
        assert len(signers) == 3
        assert len(await kids(first)) == 2, "the first key is gone once nothing that it signed is valid"


async def test_a_new_key_is_known_before_it_signs(store: Store) -> None:
    desk = Desk(store)
    await desk.keys.open()
    (old,) = await kids(desk)
    desk.clock.time += 1
    new = await desk.keys.rotate()
    assert set(await kids(desk)) == {old, new}
    assert (await desk.keys.signing())[0] == old
    desk.clock.time += ANNOUNCEMENT
    assert (await desk.keys.signing())[0] == new


async def test_a_key_that_was_taken_away_verifies_nothing_any_more(store: Store) -> None:
    """A key that got out is deleted: also tokens that this process has verified before are refused within a minute."""
    desk = Desk(store)
    await desk.register()
    token = await desk.token()
    await desk.authenticator.authenticate(token)
    async with transaction(desk.house._engine) as connection:
        await connection.execute(delete(signing_keys))
    desk.clock.time += KNOWN_SECONDS
    assert await kids(desk) == []
    with pytest.raises(TokenError) as caught:
        await desk.authenticator.authenticate(token)
    assert caught.value.fault is TokenFault.KEY
    await desk.authenticator.authenticate(await desk.token())
    assert len(await kids(desk)) == 1, "a new key was made, since there was none to sign with"
