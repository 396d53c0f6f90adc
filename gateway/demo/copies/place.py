"""The place of a sanitised copy: empty, and with keys of its own."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, exists, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from gateway.demo.copies.rules import LEFT_OUT, OWN
from store.crypto.root_key import RootKeys
from store.database.config import StoreConfig
from store.database.migrate import places, upgrade
from store.sql.engines import make_engine
from store.sql.errors import DRIVER_ERRORS, unavailable

OWN_TABLES = frozenset(
    {name for name, why in LEFT_OUT.items() if why == OWN} | {"key_erasure_count", "key_lookup_count", "ledger_tree"}
)
"""Tables that a store without any data has a row in."""


class PlaceNotEmptyError(Exception):
    """There is a store already; nothing was changed. The text says what is there."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what} is there already, and a sanitised copy is only made in a new place: choose another folder, or "
            "databases without a row."
        )


async def prepare(config: StoreConfig) -> None:
    """Make the empty tables of a copy; PlaceNotEmptyError, before anything is changed, if any table has a row or there
    is a root key. StoreUnavailableError."""
    if RootKeys(config.root_key_path).exists:
        raise PlaceNotEmptyError(f"The root key {config.root_key_path}")
    for schema, address in places(config):
        if address.is_sqlite and not address.path.exists():
            continue
        engine = make_engine(config.maintained(address))
        try:
            async with engine.connect() as connection:
                full = await connection.run_sync(_with_a_row, schema.tables)
        except (SQLAlchemyError, *DRIVER_ERRORS) as error:
            raise unavailable(error) from None
        finally:
            await engine.dispose()
        if full is not None:
            raise PlaceNotEmptyError(f"A row of {full}")
    await upgrade(config)


def _with_a_row(connection: Connection, tables: MetaData) -> str | None:
    there = set(inspect(connection).get_table_names())
    for table in tables.sorted_tables:
        # Without naming a column: a store of an earlier release has others.
        row = exists(select(1).select_from(table))
        if table.name in there and table.name not in OWN_TABLES and connection.scalar(select(row)):
            return str(table.name)
    return None
