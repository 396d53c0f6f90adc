"""D8: PostgreSQL's statistics are copies, too: of sealed columns, keys, blind indexes and hashes none are kept."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from store.database.config import StoreConfig
from store.database.migrate import places, upgrade
from store.database.privileges import complaints
from store.database.schemas import SCHEMAS
from store.sql.statistics import unsampled
from tests.store.people import add_customers
from tests.stores import opened

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)]

SECRET = {
    (table.name, column.name)
    for schema in SCHEMAS
    for table in schema.tables.sorted_tables
    for column in table.c
    if unsampled(column)
}


async def fetch(dsn: str, *statements: str) -> list[Any]:
    """Run statements, as an administrator at the console; the rows of the last."""
    connection = await asyncpg.connect(dsn)
    try:
        for statement in statements[:-1]:
            await connection.execute(statement)
        return list(await connection.fetch(statements[-1]))
    finally:
        await connection.close()


SAMPLED = "SELECT tablename, attname FROM pg_stats WHERE schemaname = 'public'"


async def filled(config: StoreConfig) -> None:
    async with opened(config) as store:
        await add_customers(store, 30)


def test_what_is_not_to_be_sampled_is_told_by_the_metadata(store_kind: str) -> None:
    for each in (
        ("subject_keys", "wrapped"), ("subject_keys", "fingerprint"), ("system_keys", "wrapped"),
        ("signing_keys", "wrapped"), ("customers", "name"), ("customers", "email_ref"),
        ("lookups", "mark"), ("lookups", "ref"), ("lookup_epochs", "wrapped"), ("card_vault", "number"),
        ("card_vault", "fingerprint"), ("credentials", "password_hash"), ("sign_ins", "ip_address"),
        ("legal_requests", "reason"), ("clients", "secret_hash"),
    ):  # fmt: skip
        assert each in SECRET
    assert not {("customers", "id"), ("services", "status"), ("services", "customer_id")} & SECRET


async def test_no_column_is_sampled_that_holds_something_secret(store_config: StoreConfig) -> None:
    """D8: whatever is analysed, and by whom."""
    await filled(store_config)
    for _, address in places(store_config):
        rows = await fetch(address.dsn, "ANALYZE", SAMPLED)
        assert rows and not {tuple(row) for row in rows} & SECRET


async def test_an_upgrade_drops_the_samples_that_an_earlier_release_left(store_config: StoreConfig) -> None:
    """D8: an existing database, sampled by PostgreSQL as it comes, is upgraded by who owns the tables."""
    await filled(store_config)
    for schema, address in places(store_config):
        anew = [
            f"ALTER TABLE {table.name} ALTER COLUMN {column.name} SET STATISTICS -1"
            for table in schema.tables.sorted_tables
            for column in table.c
        ]
        await fetch(address.dsn, *anew, "ANALYZE", SAMPLED)
    before = {tuple(row) for _, address in places(store_config) for row in await fetch(address.dsn, SAMPLED)}
    assert {("customers", "email"), ("subject_keys", "wrapped")} <= before
    said = [each for each in await complaints(store_config) if "samples" in each]
    assert len(said) == 2 and "customers.email" in said[0] and "subject_keys.wrapped" in said[1]
    # Those of a part of a table are: PostgreSQL cannot tell that its condition means the same as before.
    indexes = (
        "SELECT relname, relfilenode FROM pg_class JOIN pg_index ON indexrelid = pg_class.oid"
        " WHERE indpred IS NULL ORDER BY 1"
    )
    rows = await fetch(store_config.database.dsn, indexes)
    await upgrade(store_config)
    assert await fetch(store_config.database.dsn, indexes) == rows, "no index was built anew"
    for _, address in places(store_config):
        assert not {tuple(row) for row in await fetch(address.dsn, "ANALYZE", SAMPLED)} & SECRET
    assert not [each for each in await complaints(store_config) if "samples" in each]


async def test_statistics_and_indexes_that_were_added_by_hand_are_named(store_config: StoreConfig) -> None:
    """D8: extended statistics, and what an index computes."""
    main, keys = store_config.database.dsn, store_config.key_store.dsn
    try:
        await fetch(main, "CREATE STATISTICS mine ON email, name FROM customers", "SELECT 1")
        await fetch(main, "CREATE INDEX computed ON customers (md5(email))", "SELECT 1")
        await fetch(keys, "CREATE STATISTICS mine ON fingerprint, root_version FROM subject_keys", "SELECT 1")
        first, second = [each for each in await complaints(store_config) if "samples" in each]
        assert "the extended statistics mine of customers" in first and "the index computed of customers" in first
        assert "the extended statistics mine of subject_keys" in second
    finally:
        await fetch(main, "DROP STATISTICS IF EXISTS mine", "DROP INDEX IF EXISTS computed", "SELECT 1")
        await fetch(keys, "DROP STATISTICS IF EXISTS mine", "SELECT 1")
