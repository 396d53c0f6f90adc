"""A store of the release before is upgraded: blind indexes leave the data, with the key that would confirm them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from resolvers.customers.new_customer import NewCustomer
from store.crypto.blind_index import Lookup, blind_index
from store.crypto.key_tables import system_keys
from store.crypto.lookup_tables import lookups
from store.crypto.system_keys import FORMER_INDEX_KEY
from store.database.config import StoreConfig
from store.database.migrate import upgrade
from store.database.store import open_store
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.customers import customers
from store.upgrade import former_indexes, reindexing, reindexing_writing, rewriting
from store.upgrade import upgrade as upgrading
from store.upgrade.lacking_keys import KeysLackingError
from store.upgrade.upgrade import reindex_all, upgrade_all
from tests.promises.test_fingerprints_end import WHEN, person
from tests.store.former import former_release
from tests.store.test_lookups import owner
from tests.store.test_rewriting import bring_keys, take_keys
from tests.stores import opened

pytestmark = pytest.mark.anyio


def crowd(size: int) -> list[NewCustomer]:
    return [person(f"p{n}@example.com", f"K-{n}", f"login{n}", f"d{n}.example") for n in range(size)]


async def columns(config: StoreConfig) -> set[str]:
    engine = make_engine(config.database)
    async with engine.connect() as connection:
        found = await connection.run_sync(
            lambda each: {
                c["name"] for t in ("customers", "credentials", "domains") for c in inspect(each).get_columns(t)
            }
        )
    await engine.dispose()
    return set(found)


async def key_of_before(config: StoreConfig) -> list[Any]:
    engine = make_engine(config.key_store)
    async with transaction(engine) as connection:
        found = (await connection.execute(select(system_keys).where(system_keys.c.name == FORMER_INDEX_KEY))).all()
    await engine.dispose()
    return list(found)


async def test_everything_is_found_and_no_index_is_left(
    bare_config: StoreConfig, store_config: StoreConfig, store_kind: str
) -> None:
    ids = await former_release(bare_config, store_config, crowd(7), WHEN)
    async with opened(store_config) as store:
        key = await store.keys.system.named(FORMER_INDEX_KEY)
    index = blind_index(key, Lookup.EMAIL, "p3@example.com")
    assert {"email_index", "login_index"} <= await columns(bare_config)
    said = list[str]()
    assert await upgrade_all(bare_config, said.append) == (35, [])
    assert said[-2:] == [
        "28 look-ups were moved to the key store.", "7 rows are looked up by another form of their value now.",
    ], "names of services had no look-up before"  # fmt: skip
    assert not {each for each in await columns(bare_config) if each.endswith("_index")}
    assert await key_of_before(bare_config) == []
    async with opened(bare_config) as store:
        for number, id_ in enumerate(ids):
            assert await owner(store, f"p{number}@example.com") == id_
            for lookup, value, scope in (
                (Lookup.CUSTOMER_NUMBER, f"K-{number}", ""), (Lookup.LOGIN, f"login{number}", "CLIENT_AREA"),
                (Lookup.DOMAIN, f"d{number}.example", ""),
            ):  # fmt: skip
                held = await store.keys.lookups.find(lookup, store.keys.blind_index(lookup, value), scope)
                assert held.customer_id == id_
    assert await upgrade_all(bare_config) == (0, [])
    if store_kind == "sqlite":
        content = b"".join(each.read_bytes() for each in Path(bare_config.database.path).parent.glob("data.db*"))
        assert index not in content, "neither in the table nor in free space"


async def test_it_goes_on_where_it_was_killed_and_nobody_serves_meanwhile(
    bare_config: StoreConfig, store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await former_release(bare_config, store_config, crowd(10), WHEN)
    for module in (reindexing, reindexing_writing):
        monkeypatch.setattr(module, "PAGE", 3)
    written, write = {"left": 5}, former_indexes.write_refs

    async def dying(*arguments: Any) -> None:
        if not written["left"]:
            raise KeyboardInterrupt
        written["left"] -= 1
        await write(*arguments)

    monkeypatch.setattr(former_indexes, "write_refs", dying)
    with pytest.raises(KeyboardInterrupt):
        await upgrade_all(bare_config)
    with pytest.raises(StoreUnavailableError) as refused:
        await open_store(bare_config)
    assert refused.value.cause is OutageCause.NOT_REINDEXED
    assert await key_of_before(bare_config), "what is not moved yet is still compared with it"
    written["left"] = 1000
    changed, collided = await upgrade_all(bare_config)
    assert collided == [] and 0 < changed < 40
    async with opened(bare_config) as store:
        assert [await owner(store, f"p{number}@example.com") for number in range(10)] == ids
        async with transaction(store.keys.engine) as connection:
            assert len((await connection.execute(select(lookups))).all()) == 50


async def test_nothing_former_is_dropped_while_the_key_store_lacks_a_customer(
    bare_config: StoreConfig, store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its value cannot be opened, and so it has no other look-up: before the first row, and before the drop again."""
    ids = await former_release(bare_config, store_config, crowd(4), WHEN)
    taken = await take_keys(bare_config, ids[2:3])
    with pytest.raises(KeysLackingError, match="lacks 1 customers"):
        await upgrade_all(bare_config)
    looks, require = list[int](), upgrading.require_all_rows

    async def late(store: Any) -> None:
        looks.append(len(looks))
        if looks[-1]:
            await require(store)

    async def passing(*_: Any) -> None:
        """Somebody without a password, whose rows have nothing to lose."""

    with monkeypatch.context() as patched:
        patched.setattr(upgrading, "require_all_rows", late)
        patched.setattr(rewriting, "require_rows", passing)
        with pytest.raises(KeysLackingError):
            await upgrade_all(bare_config)
    assert {"email_index", "login_index"} <= await columns(bare_config) and await key_of_before(bare_config)
    await bring_keys(bare_config, taken)
    await reindex_all(bare_config)
    await upgrade_all(bare_config)
    assert not {each for each in await columns(bare_config) if each.endswith("_index")}
    async with opened(bare_config) as store:
        assert [await owner(store, f"p{number}@example.com") for number in range(4)] == ids


async def test_killed_before_the_tables_were_written_anew_it_does_that_the_next_time(
    bare_config: StoreConfig, store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever their size, since nobody serves then; and what was not moved is emptied before its column goes."""
    await former_release(bare_config, store_config, crowd(7), WHEN)
    monkeypatch.setattr(former_indexes, "PAGE", 3)
    dying, scrubbed, scrub, drop = True, list[tuple[str, bool]](), former_indexes.scrub, former_indexes._drop

    async def scrubbing(engine: Any, table: Any, *, whole: bool = False) -> None:
        if dying:
            raise KeyboardInterrupt
        scrubbed.append((table.name, whole))
        await scrub(engine, table, whole=whole)

    async def unmoved(*_: Any) -> list[Any]:
        return []

    async def dropping(address: Any) -> bool:
        if "email_index" in await columns(bare_config):
            async with transaction(engine := make_engine(address)) as connection:
                left = await connection.exec_driver_sql("SELECT count(email_index), count(id) FROM customers")
                assert left.one() == (0, 7)
            await engine.dispose()
        return await drop(address)

    monkeypatch.setattr(former_indexes, "scrub", scrubbing)
    monkeypatch.setattr(former_indexes, "_drop", dropping)
    monkeypatch.setattr(former_indexes, "write_refs", unmoved)
    with pytest.raises(KeyboardInterrupt):
        await upgrade_all(bare_config)
    assert not {each for each in await columns(bare_config) if each.endswith("_index")} and scrubbed == []
    dying = False
    await upgrade_all(bare_config)
    assert set(scrubbed) == {("customers", True), ("credentials", True), ("domains", True), ("system_keys", False)}
    assert await key_of_before(bare_config) == []
    scrubbed.clear()
    await upgrade_all(bare_config)
    assert scrubbed == [("system_keys", False)], "no table of the data is locked a second time"


async def test_replicas_share_the_work(
    bare_config: StoreConfig, store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = await former_release(bare_config, store_config, crowd(20), WHEN)
    for module in (reindexing, reindexing_writing):
        monkeypatch.setattr(module, "PAGE", 4)
    await upgrade(bare_config)
    done = await asyncio.gather(upgrade_all(bare_config), upgrade_all(bare_config))
    assert sum(changed for changed, _ in done) == 100 and not any(collided for _, collided in done)
    async with opened(bare_config) as store:
        assert [await owner(store, f"p{number}@example.com") for number in range(20)] == ids


async def test_a_look_up_that_a_restored_backup_lacks_is_made_again(store_config: StoreConfig) -> None:
    """The data are newer than the key store: `gateway db reindex` mends it."""
    people: Sequence[NewCustomer] = crowd(3)
    from resolvers.customers.registration import register

    async with opened(store_config) as store:
        ids = await register(store, people, now=WHEN)
        async with transaction(store.keys.engine) as connection:
            await connection.execute(lookups.delete().where(lookups.c.customer_id == ids[1]))
        assert await owner(store, "p1@example.com") == 0
    assert await reindex_all(store_config) == (6, [])
    async with opened(store_config) as store:
        assert [await owner(store, f"p{number}@example.com") for number in range(3)] == ids
        async with store.write() as connection:
            refs = (await connection.scalars(select(customers.c.email_ref))).all()
        assert len({bytes(ref) for ref in refs}) == 3
