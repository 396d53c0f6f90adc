"""A store as the release before left it: its tables, its blind indexes beside the data, and customers in it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, MetaData, Table, insert, select

from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.registration import register
from store.crypto.blind_index import blind_index
from store.crypto.system_keys import FORMER_INDEX_KEY, INDEX_KEY
from store.database import migrate
from store.database.config import StoreConfig
from store.database.schemas import SCHEMAS, Schema
from store.sql.engines import make_engine, transaction
from store.sql.metadata import key_metadata, metadata
from store.upgrade.reindexing import TARGETS
from tests.stores import opened

VERSIONS = {"main": "main_0022", "ledger": "ledger_0002", "keys": "keys_0004"}

Rows = Mapping[str, Sequence[dict[str, Any]]]


async def former_release(config: StoreConfig, today: StoreConfig, people: Sequence[NewCustomer], at: Any) -> list[int]:
    """Make a bare store one of the release before, with customers that a store of today registers; their ids.

    What rests is what the product writes: the rows of today are carried over without what the former tables lack, and
    get the blind indexes that the former release kept, under its key.
    """
    async with opened(today) as store:
        ids = await register(store, people, now=at)
        key = await store.keys.system.named(FORMER_INDEX_KEY)
        data = await _rows(config=today, kept=metadata)
        keys = await _rows(config=today, kept=key_metadata)
        for target in TARGETS.values():
            if target.former is None:
                continue
            place = target.place
            for row in data[place.table.name]:
                owner = row["id"] if place.owner is target.id else row["customer_id"]
                (subject,) = await store.keys.subjects([owner])
                assert subject is not None
                value = subject.open(place.value, row["id"], bytes(row[place.value.name])).decode()
                row[target.former] = blind_index(key, target.lookup, value)
    for row in data["invoices"]:  # Of people who pay in hundredths.
        row["amount_cents"] = row.pop("amount_minor")
    shutil.copy(today.root_key_path, config.root_key_path)
    for schema, address in migrate.places(config):
        if address.is_sqlite:
            migrate.create_file(address.path)
        async with migrate.alone(address) as connection:
            await connection.run_sync(_migrated, schema)
    await _carried(make_engine(config.database), data)
    former = [row for row in keys["system_keys"] if row["name"] != INDEX_KEY]
    await _carried(make_engine(config.key_store), {"subject_keys": keys["subject_keys"], "system_keys": former})
    return ids


def _migrated(connection: Connection, schema: Schema) -> None:
    from alembic import command

    assert schema in SCHEMAS
    command.upgrade(migrate.alembic_config(schema, connection=connection), VERSIONS[schema.name])


async def _rows(config: StoreConfig, kept: MetaData) -> dict[str, list[dict[str, Any]]]:
    engine = make_engine(config.database if kept is metadata else config.key_store)
    async with engine.connect() as connection:
        found = {
            table.name: [dict(row) for row in (await connection.execute(select(table))).mappings()]
            for table in kept.sorted_tables
        }
    await engine.dispose()
    return found


async def _carried(engine: Any, rows: Rows) -> None:
    """Insert rows into tables as they are there, in an order that foreign keys allow."""
    there = MetaData()
    async with transaction(engine) as connection:
        await connection.run_sync(there.reflect)
        for table in there.sorted_tables:
            if found := rows.get(table.name):
                typed = _typed(table)
                await connection.execute(insert(typed), [{name: row[name] for name in typed.c.keys()} for row in found])  # noqa: SIM118
    await engine.dispose()


def _typed(table: Table) -> Table:
    """The table as it is there, with the types that the product writes with."""
    for known in (metadata, key_metadata):
        if table.name in known.tables:
            for column in table.c:
                if column.name in known.tables[table.name].c:
                    column.type = known.tables[table.name].c[column.name].type
    return table
