"""F5, D10: what a release before left gets this one's form, whoever is killed meanwhile, and leaves the files."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import delete, insert, select, update

from gateway.demo.population import population
from resolvers.customers.registration import register
from store.crypto.key_tables import subject_keys, system_keys
from store.database.config import StoreConfig
from store.database.migrate import alembic_config, create_file, upgrade
from store.database.schemas import MAIN
from store.database.store import Store, open_store
from store.operations.value_rewrites import value_rewrites
from store.sql import scrubbing
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.payments import card_fingerprint, card_vault
from store.upgrade import lacking_keys, rewriting
from store.upgrade import upgrade as upgrading
from store.upgrade.lacking_keys import KeysLackingError
from store.upgrade.rewriting import FORMER_KEYS, REWRITES
from store.upgrade.upgrade import upgrade_all
from tests.erasure.test_data_folder import in_files
from tests.store import elsewhere
from tests.store.former_secrets import Former, bring_back
from tests.stores import Databases, opened

pytestmark = pytest.mark.anyio

WHEN = datetime(2026, 11, 23, 12, tzinfo=UTC)
K, V = credentials.c, card_vault.c


async def filled(config: StoreConfig, size: int = 16) -> list[int]:
    """Customers of the demo."""
    async with opened(config) as store:
        return await register(store, population(WHEN, size=size), now=WHEN)


async def rows(store: Store, *columns: Any) -> list[Any]:
    async with store.write() as connection:
        return list((await connection.execute(select(*columns))).all())


async def are_written_anew(config: StoreConfig, former: Former) -> None:
    """Every hash opens to what it was, and every card is found by the customer's own key."""
    async with opened(config) as store:
        assert await rows(store, value_rewrites) == []
        for id_, owner, resting in await rows(store, K.id, K.customer_id, K.password_hash):
            (key,) = await store.keys.subjects([owner])
            assert key is not None and key.open(K.password_hash, id_, bytes(resting)) == former.hashes[id_]
        for id_, owner, number, mark in await rows(store, V.id, V.customer_id, V.number, V.fingerprint):
            (key,) = await store.keys.subjects([owner])
            assert key is not None and bytes(mark) != former.fingerprints[id_]
            assert bytes(mark) == card_fingerprint(key, key.open(V.number, id_, bytes(number)).decode())
        names = await store.keys._reader.fetch(store.keys._reader.prepare(select(system_keys.c.name)), {})
        assert not {name for (name,) in names} & set(FORMER_KEYS), "what is left makes no hash of then"


async def test_values_of_the_release_before_are_written_anew(store_config: StoreConfig) -> None:
    """Nobody is served before; told with their number, and once."""
    await filled(store_config)
    former = await bring_back(store_config)
    assert len(former.hashes) > 16 and former.fingerprints
    with pytest.raises(StoreUnavailableError, match="gateway db upgrade") as refused:
        await open_store(store_config)
    assert refused.value.cause is OutageCause.NOT_MIGRATED
    said = list[str]()
    assert await upgrade_all(store_config, said.append) == (0, [])
    assert f"credentials.password_hash: {len(former.hashes)} values have this release's form." in said
    assert f"card_vault.fingerprint: {len(former.fingerprints)} values have this release's form." in said
    await are_written_anew(store_config, former)
    said.clear()
    assert await upgrade_all(store_config, said.append) == (0, []) and said == []


async def test_whoever_is_killed_in_the_middle_leaves_the_rest_to_the_next(store_config: StoreConfig) -> None:
    """F1, F5: each page is written once, also by replicas at the same moment (F4)."""
    await filled(store_config)
    former = await bring_back(store_config)
    victim = elsewhere.start("rewriting", store_config, "2")
    assert victim.stdout is not None
    assert [victim.stdout.readline() for _ in range(2)] == ["begins\n", "in the middle\n"]
    victim.kill()
    victim.wait()
    victim.stdout.close()
    with pytest.raises(StoreUnavailableError, match="gateway db upgrade"):
        await open_store(store_config)
    replicas = [elsewhere.start("rewriting", store_config) for _ in range(2)]
    assert [replica.communicate(timeout=90)[0] for replica in replicas] == ["begins\ndone\n"] * 2
    await are_written_anew(store_config, former)


async def test_it_goes_on_behind_the_page_that_was_written_last(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In pages of a bounded size; and the number that is told counts those of before."""
    await filled(store_config)
    former = await bring_back(store_config)
    monkeypatch.setattr(rewriting, "PAGE", 5)
    looked, write = list[int](), rewriting._write
    left = 3

    async def writing(connection: Any, rewrite: Any, changes: Any) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        assert len(changes) <= 5
        await write(connection, rewrite, changes)
        looked.extend(each["which"] for each in changes)

    monkeypatch.setattr(rewriting, "_write", writing)
    with pytest.raises(KeyboardInterrupt):
        await upgrade_all(store_config)
    left, said = 1000, list[str]()
    await upgrade_all(store_config, said.append)
    assert len(looked) == len(set(looked)) == len(former.hashes) + len(former.fingerprints)
    assert f"credentials.password_hash: {len(former.hashes)} values have this release's form." in said
    await are_written_anew(store_config, former)


async def test_of_whom_nothing_can_be_made_nothing_is_left(store_config: StoreConfig) -> None:
    """Somebody erased whose rows a restored backup brought back, and a number that does not open: counted, emptied."""
    ids = await filled(store_config)
    former = await bring_back(store_config)
    async with transaction(engine := make_engine(store_config.database)) as connection:
        cards = (await connection.execute(select(V.id, V.customer_id))).all()
        gone = next(id_ for id_ in ids if id_ not in {row.customer_id for row in cards})
        mine = update(card_vault).where(V.id == cards[0].id)
        await connection.execute(mine.values(number=b"\x01" + b"x" * 60))
    await engine.dispose()
    store = await open_store(store_config, reindexing=True)
    await store.keys.destroy(gone)
    await store.close()
    said = list[str]()
    await upgrade_all(store_config, said.append)
    assert "card_vault.fingerprint" in said[0] and "1 were emptied" in said[0], said
    async with opened(store_config) as store:
        hashes = {id_: (owner, value) for id_, owner, value in await rows(store, K.id, K.customer_id, K.password_hash)}
        theirs = [value for owner, value in hashes.values() if owner == gone]
        assert theirs and theirs == [None] * len(theirs)
        assert f"{len(theirs)} were emptied" in said[1]
        marks = {id_: bytes(mark) for id_, mark in await rows(store, V.id, V.fingerprint)}
    assert not set(marks.values()) & former.values


async def test_a_key_store_that_lacks_customers_stops_it_before_anything_is_changed(
    store_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An older copy of the key store: no row at all is not the row of a destroyed key. Named by few outside ids."""
    ids = sorted(await filled(store_config))
    former = await bring_back(store_config)
    monkeypatch.setattr(lacking_keys, "PAGE", 3)
    monkeypatch.setattr(rewriting, "PAGE", 5)
    store = await open_store(store_config, reindexing=True)
    await store.keys.destroy(ids[0])
    outside = [store.keys.system.ids("Customer", each, each) for each in ids]
    await store.close()
    taken = await take_keys(store_config, ids[-7:])
    with pytest.raises(KeysLackingError, match="lacks 7 customers") as refused:
        await upgrade_all(store_config)
    assert [each in str(refused.value) for each in outside] == [False] * (len(ids) - 7) + [True] * 5 + [False] * 2
    assert not any(str(each) in str(refused.value) for each in ids) and "--accept-loss" in str(refused.value)
    assert await as_before(store_config, former)

    async def passes(_: Store) -> None:
        """A customer whose row is lost after the first look."""

    with monkeypatch.context() as patched:
        patched.setattr(upgrading, "require_all_rows", passes)
        with pytest.raises(KeysLackingError):
            await upgrade_all(store_config)
    await bring_keys(store_config, taken)
    said = list[str]()
    assert await upgrade_all(store_config, said.append) == (0, [])
    async with opened(store_config) as store:
        hashes = await rows(store, K.customer_id, K.password_hash)
        assert {owner for owner, value in hashes if value is None} == {ids[0]}


async def test_the_loss_is_accepted_only_by_saying_so(store_config: StoreConfig) -> None:
    ids = await filled(store_config)
    former = await bring_back(store_config)
    await take_keys(store_config, ids[-2:])
    said = list[str]()
    await upgrade_all(store_config, said.append, accept_loss=True)
    assert any("were emptied" in each for each in said)
    async with opened(store_config) as store:
        left = await rows(store, K.customer_id, K.password_hash)
        assert {owner for owner, value in left if value is None} == set(ids[-2:])
        assert not {bytes(value) for _, value in left if value is not None} & former.values


async def take_keys(config: StoreConfig, ids: list[int]) -> list[dict[str, Any]]:
    """Make the key store one from before these customers; the rows that it lost."""
    mine = subject_keys.c.customer_id.in_(ids)
    async with transaction(engine := make_engine(config.maintained(config.key_store))) as connection:
        taken = [dict(row) for row in (await connection.execute(select(subject_keys).where(mine))).mappings()]
        await connection.execute(delete(subject_keys).where(mine))
    await engine.dispose()
    assert len(taken) == len(ids)
    return taken


async def bring_keys(config: StoreConfig, taken: list[dict[str, Any]]) -> None:
    """Restore them."""
    async with transaction(engine := make_engine(config.maintained(config.key_store))) as connection:
        await connection.execute(insert(subject_keys), taken)
    await engine.dispose()


async def as_before(config: StoreConfig, former: Former) -> bool:
    """Whether every hash and fingerprint rests as it did."""
    async with transaction(engine := make_engine(config.database)) as connection:
        hashes = {id_: bytes(value) for id_, value in await connection.execute(select(K.id, K.password_hash))}
        marks = {id_: bytes(value) for id_, value in await connection.execute(select(V.id, V.fingerprint))}
        begun = (await connection.execute(select(value_rewrites.c.after))).all()
    await engine.dispose()
    return hashes == former.hashes and marks == former.fingerprints and {after for (after,) in begun} == {0}


async def test_the_former_values_leave_the_files(
    store_config: StoreConfig, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8: dead rows, free space and statistics; also of a table that is too large to be written anew beside others."""
    await filled(store_config)
    former = await bring_back(store_config)
    monkeypatch.setattr(scrubbing, "REWRITTEN", 0)

    async def found() -> list[str]:
        if not store_config.database.is_sqlite:
            where: Any = SimpleNamespace(store=SimpleNamespace(_parts=SimpleNamespace(config=store_config)))
            return await in_files(where, databases, former.values)
        path = store_config.database.path
        files = [path, path.with_name(f"{path.name}-wal")]
        return [each.name for each in files if each.exists() for value in former.values if value in each.read_bytes()]

    if not store_config.database.is_sqlite:
        engine = make_engine(store_config.database)
        async with transaction(engine) as connection:
            await connection.exec_driver_sql("ALTER TABLE credentials ALTER password_hash SET STATISTICS -1")
            await connection.exec_driver_sql("ANALYZE credentials")
        await engine.dispose()
    assert await found(), "the search finds what is there"
    await upgrade_all(store_config)
    assert await found() == []


@pytest.mark.parametrize("store_kind", ["sqlite", "postgresql"], indirect=True)
async def test_the_migration_keeps_hashes_and_asks_for_all_to_be_written_anew(
    bare_config: StoreConfig, databases: Databases, store_kind: str
) -> None:
    """From the tables of the release before, with rows of today's making."""
    script = ScriptDirectory.from_config(alembic_config(MAIN))
    before = script.get_revision("main_0023").down_revision
    async with databases.fresh(store_kind) as today:
        await filled(today, 3)
        former = await bring_back(today)
        async with transaction(engine := make_engine(today.database)) as connection:
            people = [dict(row) for row in (await connection.execute(select(customers))).mappings()]
            logins = [dict(row) for row in (await connection.execute(select(credentials))).mappings()]
        await engine.dispose()
    if bare_config.database.is_sqlite:
        create_file(bare_config.database.path)
    engine = make_engine(bare_config.database)
    async with transaction(engine) as connection:
        await connection.run_sync(_migrated, before, people, [_in_text(row) for row in logins])
    await engine.dispose()
    await upgrade(bare_config)
    engine = make_engine(bare_config.database)
    async with transaction(engine) as connection:
        kept = {id_: bytes(value) for id_, value in await connection.execute(select(K.id, K.password_hash))}
        assert kept == former.hashes
        waiting = (await connection.execute(select(value_rewrites.c.value, value_rewrites.c.done))).all()
    await engine.dispose()
    assert {(value, done) for value, done in waiting} == {(each, False) for each in REWRITES}


def _in_text(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"password_hash": None if row["password_hash"] is None else bytes(row["password_hash"]).decode()}


def _migrated(connection: Any, revision: str, people: list[Any], logins: list[Any]) -> None:
    """The tables as they were, with these rows; columns that are no more get something."""
    from alembic import command
    from sqlalchemy import MetaData, Table

    command.upgrade(alembic_config(MAIN, connection=connection), revision)
    for name, rows_ in (("customers", people), ("credentials", logins)):
        table = Table(name, MetaData(), autoload_with=connection)
        lacking = [each.name for each in table.c if each.name not in rows_[0]]
        values = [
            {name: value for name, value in row.items() if name in table.c} | {each: os.urandom(16) for each in lacking}
            for row in rows_
        ]
        connection.execute(insert(table), values)
