"""D5, A20: after destructions the root key is replaced in time, and no old key store reads anything any more."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from store.crypto.key_tables import signing_keys, subject_keys, system_keys
from store.crypto.root_key import RootKeyMissingError, RootKeys
from store.database.config import StoreConfig
from store.database.store import Store, open_store
from store.tables.customers import customers
from tests.gateway.servers import typed
from tests.store.people import add_customers
from tests.stores import opened
from workers.keys.rotation import OVERLAP, RootKeyRotation

pytestmark = pytest.mark.anyio

TABLES = subject_keys, system_keys, signing_keys


class Clock:
    """Of the keys' destructions and of the rotation; the files of root keys follow it."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


async def backup(store: Store) -> dict[str, list[Any]]:
    """Every row of the key store."""
    async with store._parts.key_engine.connect() as connection:
        return {table.name: list((await connection.execute(select(table))).mappings()) for table in TABLES}


async def restored(store: Store, rows: dict[str, list[Any]]) -> None:
    """The key store as it was."""
    async with store._parts.key_engine.begin() as connection:
        for table in TABLES:
            await connection.execute(table.delete())
            if rows[table.name]:
                await connection.execute(table.insert(), [dict(row) for row in rows[table.name]])


def aged(config: StoreConfig, version: int, moment: datetime) -> None:
    """Have the file of a version been written at a moment."""
    os.utime(RootKeys(config.root_key_path).file(version), (moment.timestamp(),) * 2)


async def test_an_old_key_store_beside_the_present_root_key_reads_nothing(store_config: StoreConfig) -> None:
    """D5: the data were never changed, the key store is from before the erasure, the root key is today's."""
    clock = Clock()
    async with opened(store_config) as store:
        store.keys._clock = clock
        rotation = RootKeyRotation(store, 25, clock=clock)
        gone, stays = await add_customers(store, 2)
        old = await backup(store)
        await rotation.step()
        assert RootKeys(store_config.root_key_path).current() == 1, "nothing was destroyed, so nothing is replaced"
        await store.keys.destroy(gone)
        clock.now += timedelta(days=22)
        await rotation.step()
        assert store.keys.root_version() == 1
        clock.now += timedelta(days=1)
        await rotation.step()
        aged(store_config, 2, clock.now)
        await rotation.step()
        assert store.keys.root_version() == 2 and await store.keys.pending() == 0
        assert store_config.root_key_path.exists(), "for two days a backup of before can still be restored"
        clock.now += OVERLAP
        content = store_config.root_key_path.read_bytes()
        await rotation.step()
        assert not store_config.root_key_path.exists(), "the 25th day"
        assert not [f for f in store_config.root_key_path.parent.iterdir() if f.is_file() and f.read_bytes() == content]
        assert await store.keys.first_destroyed() is None
        store.keys._kept.clear()
        assert [key is not None for key in await store.keys.subjects([gone, stays])] == [False, True]
        await rotation.step()
        assert store.keys.root_version() == 2
        await restored(store, old)
        store.keys._kept.clear()
        for each in (gone, stays):
            with pytest.raises(RootKeyMissingError):
                await store.keys.subjects([each])
        async with store.write() as connection:
            assert len((await connection.execute(select(customers.c.email))).all()) == 2
    with pytest.raises(RootKeyMissingError):
        await open_store(store_config)


async def test_a_replica_finds_the_new_version_and_gives_up_the_old_one(store_config: StoreConfig) -> None:
    """Two that share the folder: one does the work, the other only serves."""
    clock = Clock()
    async with opened(store_config) as one, opened(store_config) as other:
        one.keys._clock = clock
        first, second = await add_customers(one, 2)
        assert None not in await other.keys.subjects([first, second])
        await one.keys.destroy(first)
        clock.now += timedelta(days=24)
        await RootKeyRotation(other, 25, background=False, clock=clock).step()
        assert one.keys.root_version() == 1, "who only serves makes none"
        await RootKeyRotation(one, 25, clock=clock).step()
        other.keys._kept.clear()
        assert None not in await other.keys.subjects([second])
        aged(store_config, 2, clock.now)
        clock.now += OVERLAP
        await RootKeyRotation(other, 25, background=False, clock=clock).step()
        other.keys._kept.clear()
        one.keys._kept.clear()
        assert not store_config.root_key_path.exists()
        for each in (one, other):
            assert None not in await each.keys.subjects([second])


async def test_a_version_that_something_is_wrapped_under_is_not_destroyed(store_config: StoreConfig) -> None:
    """An operator made a new version, and nothing is wrapped under it yet: the round wraps first."""
    clock = Clock()
    async with opened(store_config) as store:
        (only,) = await add_customers(store, 1)
        store._parts.root.create()
        clock.now += timedelta(days=90)
        assert await store.keys.destroy_old_roots() == []
        await RootKeyRotation(store, 0, clock=clock).step()
        assert await store.keys.pending() > 0, "with 0 it is left to the operator"
        await RootKeyRotation(store, 25, clock=clock).step()
        store.keys._kept.clear()
        assert await store.keys.pending() == 0 and None not in await store.keys.subjects([only])
        with pytest.raises(ValueError, match="in use"):
            store._parts.root.destroy(2)


def test_by_hand_where_each_replica_has_a_copy(tmp_path: Path) -> None:
    """D5: in the order of docs/erasure.md."""
    typed(("db", "upgrade"), tmp_path)
    assert typed(("keys", "rotate"), tmp_path).returncode == 0
    root = next(tmp_path.rglob("root.key"))
    new = root.with_name("new-root.key.2")
    assert typed(("keys", "make-root", str(new)), tmp_path).returncode == 0
    assert typed(("keys", "make-root", str(new)), tmp_path).returncode == 2, "no key is ever overwritten"
    new.rename(root.with_name("root.key.2"))
    refused = typed(("keys", "destroy-old-root"), tmp_path)
    assert refused.returncode == 1 and root.exists() and "rotate-root" in refused.stderr
    assert typed(("keys", "rotate-root"), tmp_path).returncode == 0
    assert not root.with_name("root.key.3").exists()
    done = typed(("keys", "destroy-old-root"), tmp_path)
    assert done.returncode == 0 and not root.exists()
    assert typed(("keys", "list"), tmp_path).returncode == 0
