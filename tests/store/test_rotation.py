"""D3: the root key is replaced while everything runs, and a replacement that was interrupted goes on."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from store.crypto.key_tables import signing_keys, subject_keys, system_keys
from store.crypto.root_key import RootKeyMissingError
from store.database.config import StoreConfig
from store.database.store import Store, open_store
from store.sql.ids import new_id
from tests.store import elsewhere
from tests.stores import opened

pytestmark = pytest.mark.anyio


async def versions(store: Store) -> set[int]:
    reader = store._parts.key_reader
    tables = (subject_keys, system_keys, signing_keys)
    rows = [await reader.fetch(reader.prepare(select(table.c.root_version)), {}) for table in tables]
    return {version for found in rows for (version,) in found}


async def test_after_a_rotation_the_old_root_key_is_not_needed(store_config: StoreConfig) -> None:
    ids = [new_id() for _ in range(20)]
    async with opened(store_config) as store:
        before = [key.pseudonym for key in await store.keys.create(ids)]
        index = store.keys.blind_index("email", "a@example.com")
        await store.keys.system.add_signing_key("k1", b"private", "{}")
        assert await store.keys.rotate(batch=7) == 24
        assert await versions(store) == {2}
    store_config.root_key_path.unlink()
    async with opened(store_config) as store:
        assert [key and key.pseudonym for key in await store.keys.subjects(ids)] == before
        assert store.keys.blind_index("email", "a@example.com") == index
        ((key),) = await store.keys.system.signing_keys()
        assert key.private == b"private"
        await store.keys.rotate()
        assert await versions(store) == {3}
    store_config.root_key_path.with_name("root.key.3").unlink()
    with pytest.raises(RootKeyMissingError, match=r"root\.key\.3"):
        await open_store(store_config)


async def test_what_other_replicas_do_meanwhile_goes_well(store_config: StoreConfig) -> None:
    async with opened(store_config) as one, opened(store_config) as other:
        ids = [new_id() for _ in range(60)]
        await one.keys.create(ids)
        destroyed = ids[:20]

        async def work() -> None:
            for id_ in destroyed:
                assert await other.keys.destroy(id_)
                fresh = new_id()
                ids.append(fresh)
                await other.keys.create([fresh])
                other.keys._kept.clear()
                assert (await other.keys.subjects([ids[30]]))[0] is not None

        await asyncio.gather(one.keys.rotate(batch=2), work())
        one.keys._kept.clear()
        found = await one.keys.subjects(ids)
        assert [id_ for id_, key in zip(ids, found, strict=True) if key is None] == destroyed
        await other.keys.create([new_id()])
        await one.keys.rotate()
        assert None not in await other.keys.subjects(ids[20:])


async def test_a_rotation_that_was_killed_is_finished_by_the_next(store_config: StoreConfig) -> None:
    ids = [new_id() for _ in range(30)]
    async with opened(store_config) as store:
        before = [key.pseudonym for key in await store.keys.create(ids)]
    process = elsewhere.start("rotating", store_config)
    assert process.stdout is not None
    for _ in range(3):
        process.stdout.readline()
    process.kill()
    process.wait()
    process.stdout.close()
    async with opened(store_config) as store:
        assert await versions(store) == {1, 2}
        assert [key and key.pseudonym for key in await store.keys.subjects(ids)] == before
        await store.keys.rotate()
        assert await versions(store) == {2}
        assert not store_config.root_key_path.with_name("root.key.3").exists()
