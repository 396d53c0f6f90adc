"""On PostgreSQL who serves may add to the ledger and read it, and no more; an owner's role does what rewrites (22)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from gateway.config.settings import read
from gateway.demo.population import population
from gateway.run.serving import warn_of_privileges
from resolvers.customers.registration import register
from store.database.config import StoreConfig
from store.database.grants import Roles, by_database, grants_sql, roles_sql
from store.database.migrate import upgrade
from store.database.privileges import complaints
from store.database.schemas import LEDGER
from store.database.store import open_store
from store.ledger.pruning import Pruner
from store.ledger.sealer import Tree
from store.ledger.signed_checkpoints import Checkpoints, Notary
from store.sql.addresses import Address
from store.sql.errors import OutageCause, StoreUnavailableError
from store.upgrade.upgrade import upgrade_all
from tests.erasure.house import REQUEST, House, opened_house
from tests.gateway.servers import command
from tests.postgres import PostgresServer
from tests.promises.gate import TODAY
from tests.store.former_secrets import bring_back
from tests.store.test_rewriting import are_written_anew
from tests.stores import Databases, opened
from workers.ledger.worker import Sealer

pytestmark = pytest.mark.anyio

ROLES = Roles("roles_owner", "roles_serving")
OWN = "query { me { email } }"
CHANGE = 'mutation { updateProfile(input: {locale: "fr"}) { customer { locale } userErrors { code } } }'


def as_role(config: StoreConfig, role: str) -> StoreConfig:
    """The same databases as a role reaches them."""

    def changed(text: str) -> str:
        address = Address.parse(text)
        return replace(address, url=address.url.set(username=role)).dsn

    return replace(config, database_url=changed(config.database_url), key_store_url=changed(config.key_store_url))


async def grant(databases: Databases, config: StoreConfig) -> None:
    """What `gateway db grants` prints, run by the administrator."""
    for address, schemas in by_database(config).items():
        for statement in (*roles_sql(ROLES), "\n".join(grants_sql(schemas, ROLES))):
            await databases.administer(statement, str(address.url.database))


@pytest.fixture
async def apart(databases: Databases) -> AsyncIterator[StoreConfig]:
    """Databases of the owner's making, as the serving role reaches them; in the order of a first installation."""
    async with databases.fresh("postgresql", migrated=False) as config:
        await grant(databases, config)
        serving = replace(as_role(config, ROLES.serving), maintenance_url=as_role(config, ROLES.owner).database_url)
        await upgrade(serving)
        await grant(databases, config)
        await grant(databases, config)  # It may be run again.
        yield serving


async def erased(house: House, place: int) -> None:
    await house.end_services(place)
    await house.ask(REQUEST, place)
    await house.work()
    house.wait(days=5)
    await house.work()


async def test_everything_is_served_and_erased_under_the_serving_role(apart: StoreConfig) -> None:
    """Read, change, ledger, probe, and an erasure to its certificate."""
    assert await complaints(apart) == []
    async with opened_house(apart) as house:
        assert "email" in str(await house.ask(OWN, 0))
        assert (await house.ask(CHANGE, 0))["userErrors"] == []
        await house.store.ready()
        assert len(await house.gate.entries()) >= 2
        await house.keys.signing()
        await erased(house, 0)
        row = await house.until_done(0)
        assert (row.state, row.trouble) == ("ERASED", None) and row.certificate
        assert await house.left(0) == {"erasures": 1}


async def test_postgresql_itself_refuses_to_change_or_delete_what_stands_in_the_ledger(apart: StoreConfig) -> None:
    async with opened_house(apart, 1) as house:
        await house.ask(OWN, 0)
    connection = await asyncpg.connect(apart.ledger.dsn)
    try:
        for table in LEDGER.tables.tables.values():
            column = next(iter(table.columns)).name
            for statement in (
                f"UPDATE {table.name} SET {column} = {column}", f"DELETE FROM {table.name}", f"TRUNCATE {table.name}",
                f"ALTER TABLE {table.name} DISABLE TRIGGER ALL", f"DROP TABLE {table.name}",
            ):  # fmt: skip
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
        for statement in (
            "CREATE TABLE mine (n int)", "SET session_replication_role = replica", "DELETE FROM main_version",
            "CREATE OR REPLACE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        ):  # fmt: skip
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_without_the_owner_no_erasure_is_certified_and_the_start_says_so(
    apart: StoreConfig, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing was vacuumed, so nothing may say that it was."""
    alone = replace(apart, maintenance_url=None)
    said = await complaints(alone)
    assert await complaints(alone, working=False) == [], "who only serves needs no owner"
    assert len(said) == 2 and all("Erasures cannot be finished" in each for each in said)
    assert all("GATEWAY_MAINTENANCE_URL" in each for each in said)
    where = {"GATEWAY_DATABASE_URL": alone.database_url, "GATEWAY_KEY_STORE_URL": alone.key_store_url}
    settings = read(where | {"GATEWAY_ROOT_KEY_PATH": str(alone.root_key_path)})
    with caplog.at_level(logging.WARNING):
        await warn_of_privileges(settings, working=True)
    assert said[0] in caplog.messages
    async with opened_house(apart, 1) as made:  # With the owner, so that the ledger has its keys.
        await made.keys.signing()
        lonely = await open_store(alone)
        try:
            made.gate.store = made.store = lonely
            made.worker = made.another()
            await erased(made, 0)
            row = await made.row(0)
            assert (row.state, row.step, row.trouble, row.certificate) == (
                "ERASING", "ROWS", OutageCause.NOT_PERMITTED.name, None,
            )  # fmt: skip
        finally:
            await lonely.close()


async def test_an_owner_who_sees_no_snapshots_is_told_the_command_at_the_start(
    apart: StoreConfig, databases: Databases, caplog: pytest.LogCaptureFixture
) -> None:
    """Installations from before the role was granted: the very command that is named mends it."""
    await databases.administer(f"REVOKE pg_read_all_stats FROM {ROLES.owner}")
    try:
        said = await complaints(apart)
        assert await complaints(apart, working=False) == []
        main, keys = (str(each.url.database) for each in by_database(apart))
        command_ = "`gateway db grants --owner roles_owner --serving roles_serving --database {0} | psql {0}`"
        assert [command_.format(name) in each for name, each in zip((main, keys), said, strict=True)] == [True, True]
        assert all(each.startswith("Erasures cannot be finished: roles_owner may not see") for each in said)
        where = {"GATEWAY_DATABASE_URL": apart.database_url, "GATEWAY_KEY_STORE_URL": apart.key_store_url}
        more = {"GATEWAY_ROOT_KEY_PATH": str(apart.root_key_path)}
        more |= {"GATEWAY_MAINTENANCE_URL": str(apart.maintenance_url)}
        with caplog.at_level(logging.WARNING):
            await warn_of_privileges(read(where | more), working=True)
        assert said[0] in caplog.messages
        one = replace(as_role(apart, ROLES.owner), maintenance_url=None)
        assert any('`psql -c "GRANT pg_read_all_stats TO roles_owner"`' in each for each in await complaints(one))
    finally:
        await grant(databases, apart)
    assert await complaints(apart) == []


async def test_an_upgrade_that_writes_values_anew_needs_no_grants_first(
    apart: StoreConfig, databases: Databases
) -> None:
    """It works as the owner: whoever serves may do nothing yet with tables that are new."""
    async with opened(apart) as store:
        await register(store, population(TODAY, size=4), now=TODAY)
    former = await bring_back(apart)
    serving = ROLES.serving
    await databases.administer(f"REVOKE ALL ON value_rewrites FROM {serving}", str(apart.database.url.database))
    said = list[str]()
    await upgrade_all(apart, said.append)
    assert f"credentials.password_hash: {len(former.hashes)} values have this release's form." in said
    await grant(databases, apart)
    await are_written_anew(apart, former)
    async with opened(apart) as store:  # Who serves replaces keys of the week, and needs no right to delete.
        keys = {await store.keys.system.weekly("guesses", TODAY + timedelta(weeks=each)) for each in range(3)}
        assert len(keys) == 3


async def test_the_ledger_is_sealed_and_pruned_by_the_owner_alone(apart: StoreConfig) -> None:
    served = Tree.at(apart.ledger)
    try:
        async with opened_house(apart, 1) as house:
            await house.ask(OWN, 0)
            with pytest.raises(StoreUnavailableError) as refused:
                await served.lease("somebody", 5)
            assert refused.value.cause is OutageCause.NOT_PERMITTED
            notary = Notary(
                house.tree.prover, Checkpoints(house.tree.reader), house.keys, house.tree.engine, house.store.heads
            )
            sealer = Sealer(house.tree, notary)
            assert await sealer.seal_all() == len(await house.gate.entries())
            pruner = Pruner(house.tree, house.store.ledger, sealer.seal_all)
            assert await pruner.prune(datetime(2100, 1, 1, tzinfo=UTC)) > 0
    finally:
        await served.close()


def test_the_command_prints_what_to_run(postgres_server: PostgresServer, tmp_path: Path) -> None:
    where = {
        "GATEWAY_DATABASE_URL": postgres_server.url("customers"),
        "GATEWAY_KEY_STORE_URL": postgres_server.url("keys"),
    }
    both = command(("db", "grants"), tmp_path, **where)
    assert both.returncode == 0 and "-- In the database customers (main, ledger):" in both.stdout
    one = command(("db", "grants", "--owner", "o", "--serving", "s", "--database", "keys"), tmp_path, **where).stdout
    assert "GRANT SELECT, INSERT, UPDATE ON subject_keys TO s;" in one and "ledger_entries" not in one
    for wrong in (("--owner", "o; DROP TABLE x"), ("--database", "other"), ("--owner", "s", "--serving", "s")):
        assert command(("db", "grants", *wrong), tmp_path, **where).returncode == 2
    assert "SQLite has no roles" in command(("db", "grants"), tmp_path).stderr


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_role_that_could_do_more_is_named_at_the_start(store_config: StoreConfig) -> None:
    """One role for everything, as many begin."""
    (first, second) = await complaints(store_config)
    assert "is a superuser and owns tables and may change and delete what stands in the ledger" in first
    assert "is a superuser and owns tables" in second and "ledger" not in second.replace("gateway db", "")


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_sqlite_has_no_roles(store_config: StoreConfig) -> None:
    assert await complaints(store_config) == [] and by_database(store_config) == {}
    with_owner = replace(store_config, maintenance_url="postgresql://owner@/x")
    assert with_owner.maintained(with_owner.database) == store_config.database


@pytest.mark.parametrize("names", [("a b", "c"), ("a", "a"), ("a; DROP TABLE x", "b"), ("A", "b"), ("", "b")])
def test_roles_have_plain_names(names: tuple[str, str]) -> None:
    with pytest.raises(ValueError):
        Roles(*names)
