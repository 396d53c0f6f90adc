"""F5: migrations give what the tables say, from several replicas at once, also after one was killed in the middle."""

from __future__ import annotations

import asyncio
import stat
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, MetaData, Table, insert, inspect, select
from sqlalchemy.ext.asyncio import AsyncEngine

from store.database import migrate
from store.database.config import StoreConfig
from store.database.migrate import alembic_config, places, upgrade
from store.database.schemas import MAIN, SCHEMAS, Schema
from store.database.store import open_store
from store.sql.addresses import connect_postgresql
from store.sql.engines import make_engine, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.tables.invoices import invoices
from tests.store import elsewhere
from tests.stores import opened
from values.money import money

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


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_an_upgrade_behind_a_long_reader_keeps_nobody_waiting(
    bare_config: StoreConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """It waits for the table a second at a time: whoever waits for it would wait behind the upgrade."""
    await before_minor_units(bare_config, ("CHF", 6900))
    dump = await connect_postgresql(bare_config.database, "dump", 60.0)
    async with dump.transaction():
        await dump.execute("SELECT count(*) FROM invoices")
        upgrading = asyncio.create_task(upgrade(bare_config))
        async with asyncio.timeout(60):
            while "tried again" not in caplog.text:  # noqa: ASYNC110  (it says so in the log alone)
                await asyncio.sleep(0.05)
        reader = await connect_postgresql(bare_config.database, "reader", 60.0)
        assert await reader.fetchval("SELECT count(*) FROM invoices", timeout=30) == 1
        await reader.close()
        assert not upgrading.done()
    await upgrading
    assert await dump.fetchval("SELECT amount_minor FROM invoices") == 6900
    await dump.close()


async def before_minor_units(config: StoreConfig, *amounts: tuple[str, int]) -> None:
    """A store of the release that had amounts in hundredths of every currency, with an invoice of each amount."""
    address = config.database
    if address.is_sqlite:
        migrate.create_file(address.path)
    async with migrate.alone(address) as connection:
        await connection.run_sync(lambda inside: command.upgrade(alembic_config(MAIN, connection=inside), "main_0028"))
    there = MetaData()
    async with transaction(engine := make_engine(address)) as connection:
        await connection.run_sync(there.reflect)
        await connection.execute(insert(there.tables["customers"]).values(_needed(there.tables["customers"], id=1)))
        for id_, (currency, amount) in enumerate(amounts, 1):
            own = {"id": id_, "customer_id": 1, "number": str(id_), "currency": currency, "amount_cents": amount}
            await connection.execute(insert(there.tables["invoices"]).values(_needed(there.tables["invoices"], **own)))
    await engine.dispose()


def _needed(table: Table, **given: Any) -> dict[str, Any]:
    """The values, and something in every other column that must have something."""
    made = {bool: False, int: 0, str: "x", bytes: b"x", datetime: datetime(2026, 1, 1, tzinfo=UTC)}
    empty = {each.name: made[each.type.python_type] for each in table.c if not each.nullable}
    return empty | given


async def test_amounts_become_minor_units_of_their_currency(bare_config: StoreConfig) -> None:
    await before_minor_units(bare_config, ("CHF", 6900), ("JPY", 50_000), ("KWD", 125), ("CLF", 100), ("XAF", -300))
    await upgrade(bare_config)
    columns = select(invoices.c.currency, invoices.c.amount_minor).order_by(invoices.c.id)
    rows = await on(make_engine(bare_config.database), lambda connection: connection.execute(columns).all())
    told = [tuple(astuple(money(amount, currency))) for currency, amount in rows]
    assert told == [("69.00", "CHF"), ("500", "JPY"), ("1.250", "KWD"), ("1.0000", "CLF"), ("-3", "XAF")]


async def test_an_amount_that_cannot_be_is_not_rounded(bare_config: StoreConfig) -> None:
    await before_minor_units(bare_config, ("CHF", 6950), ("JPY", 50_050))
    with pytest.raises(RuntimeError, match=r"^1 invoices are in hundredths"):
        await upgrade(bare_config)
