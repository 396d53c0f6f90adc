"""F5: migrations give what the tables say, from several replicas at once, also after one was killed in the middle."""

from __future__ import annotations

import asyncio
import stat
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect
from sqlalchemy.ext.asyncio import AsyncEngine

from store.database import migrate
from store.database.config import StoreConfig
from store.database.migrate import alembic_config, places, upgrade
from store.database.schemas import SCHEMAS, Schema
from store.database.store import open_store
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from tests.store import elsewhere
from tests.stores import opened

pytestmark = pytest.mark.anyio


async def on(engine: AsyncEngine, work: Any) -> Any:
    try:
        async with transaction(engine) as connection:
            return await connection.run_sync(work)
    finally:
        await engine.dispose()


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_the_versions_named_in_the_code_are_those_of_the_migrations(schema: Schema) -> None:
    script = ScriptDirectory.from_config(alembic_config(schema))
    assert tuple(revision.revision for revision in script.walk_revisions())[::-1] == schema.versions
    assert script.get_current_head() == schema.versions[-1]


@pytest.mark.parametrize("place", range(3), ids=["main", "ledger", "keys"])
async def test_the_migrations_give_what_the_tables_say(store_config: StoreConfig, place: int) -> None:
    schema, address = places(store_config)[place]
    others = {table for other, where in places(store_config) if where == address for table in other.tables.tables}
    kept = {other.version_table for other in SCHEMAS}

    def differences(connection: Any) -> list[Any]:
        def ours(name: str | None, kind: str, parents: Any) -> bool:
            return kind != "table" or (name not in kept and name not in others - set(schema.tables.tables))

        options = {"compare_type": True, "compare_server_default": True, "include_name": ours}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, schema.tables))

    assert await on(make_engine(address), differences) == []


@pytest.mark.parametrize("place", range(3), ids=["main", "ledger", "keys"])
async def test_the_checks_of_closed_lists_are_in_the_database(store_config: StoreConfig, place: int) -> None:
    schema, address = places(store_config)[place]  # Alembic does not compare checks.

    def names(connection: Any) -> set[str | None]:
        inspector = inspect(connection)
        return {check["name"] for table in schema.tables.tables for check in inspector.get_check_constraints(table)}

    said = {
        str(check.name)
        for table in schema.tables.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert await on(make_engine(address), names) == said


async def test_an_upgraded_store_opens_and_upgrading_again_changes_nothing(bare_config: StoreConfig) -> None:
    await upgrade(bare_config)
    await upgrade(bare_config)
    async with opened(bare_config) as store:
        await store.ready()


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_database_files_are_for_their_owner_only(bare_config: StoreConfig) -> None:
    await upgrade(bare_config)
    for _, address in places(bare_config):
        assert stat.S_IMODE(address.path.stat().st_mode) == 0o600


async def test_a_store_without_tables_says_what_to_run(bare_config: StoreConfig) -> None:
    with pytest.raises(StoreUnavailableError, match="gateway db upgrade") as refused:
        await open_store(bare_config)
    assert refused.value.cause is OutageCause.NOT_MIGRATED
    assert not bare_config.root_key_path.exists(), "nothing is made for a store that is not there"


async def test_an_older_version_is_refused_and_a_newer_one_accepted(
    store_config: StoreConfig, caplog: pytest.LogCaptureFixture
) -> None:
    async def note(version: str) -> None:
        engine = make_engine(store_config.database)
        async with transaction(engine) as connection:
            await connection.exec_driver_sql(f"UPDATE main_version SET version_num = '{version}'")
        await engine.dispose()

    await note("main_9999")
    async with opened(store_config):
        assert "newer than this release" in caplog.text
    engine = make_engine(store_config.database)
    async with transaction(engine) as connection:
        await connection.exec_driver_sql("DELETE FROM main_version")
    await engine.dispose()
    with pytest.raises(StoreUnavailableError, match="gateway db upgrade"):
        await open_store(store_config)


async def test_replicas_that_upgrade_at_once_all_succeed(bare_config: StoreConfig) -> None:
    replicas = [elsewhere.start("upgrading", bare_config) for _ in range(4)]
    said = [replica.communicate(timeout=60)[0] for replica in replicas]
    assert [replica.returncode for replica in replicas] == [0] * 4
    assert said == ["begins\ndone\n"] * 4
    async with opened(bare_config) as store:
        await store.ready()


@pytest.mark.parametrize("where", ["main", "ledger", "keys"])
async def test_an_upgrade_that_was_killed_leaves_nothing_half_done(bare_config: StoreConfig, where: str) -> None:
    victim = elsewhere.start("upgrading", bare_config, where)
    assert victim.stdout is not None
    assert victim.stdout.readline() == "begins\n"
    assert victim.stdout.readline() == "in the middle\n"
    waiting = elsewhere.start("upgrading", bare_config)  # A replica that came second, and takes over.
    victim.kill()
    victim.wait()
    victim.stdout.close()
    assert waiting.communicate(timeout=60)[0] == "begins\ndone\n"
    async with opened(bare_config) as store:
        await store.ready()


async def test_a_migration_that_fails_leaves_the_version_before(
    bare_config: StoreConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = migrate.run

    def failing(connection: Any, schema: Schema) -> None:
        run(connection, schema)
        if schema.name == "keys":
            raise RuntimeError("the last statement failed")

    monkeypatch.setattr(migrate, "run", failing)
    with pytest.raises(RuntimeError):
        await upgrade(bare_config)
    monkeypatch.undo()

    def tables(connection: Any) -> list[str]:
        return list(inspect(connection).get_table_names())

    assert await on(make_engine(bare_config.key_store), tables) == []
    await upgrade(bare_config)
    async with opened(bare_config) as store:
        await store.ready()


async def test_upgrades_at_once_in_one_process_take_turns(bare_config: StoreConfig) -> None:
    """Alembic's environment is one for the whole process, while each database has a lock of its own."""
    await asyncio.gather(*(upgrade(bare_config) for _ in range(4)))
    await (await open_store(bare_config)).close()
