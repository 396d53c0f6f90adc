"""Tells a demo store from a real one, before anything in it is changed."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, exists, inspect, select
from sqlalchemy.exc import SQLAlchemyError

from resolvers.clients.client_area import ID as AREA
from store.database.config import StoreConfig
from store.registers.clients import clients
from store.sql.engines import make_engine
from store.sql.errors import DRIVER_ERRORS, unavailable
from store.sql.ids import EPOCH_MS
from store.tables.customers import customers

FIRST_ID = int(datetime(2025, 1, 1, tzinfo=UTC).timestamp() * 1000 - EPOCH_MS) << 22
"""The first id of demo rows: lower than any id made later, so that the printed queries find them first."""
MANY = 1 << 22
"""The range of ids for demo rows, of which there are fewer."""


class NotADemoStoreError(Exception):
    """The store has customers or clients that are not the demo's; nothing was changed."""

    def __init__(self) -> None:
        super().__init__(
            "This store is one of your own, and demo data is loaded into an empty store only: "
            "choose another data folder (GATEWAY_DATA_DIR) for the demo."
        )


async def require_demo_or_nothing(config: StoreConfig) -> None:
    """NotADemoStoreError if the store holds anything but the demo; StoreUnavailableError if that cannot be checked."""
    address = config.database
    if address.is_sqlite and not address.path.exists():
        return
    engine = make_engine(address)
    try:
        async with engine.connect() as connection:
            others = await connection.run_sync(_holds_others)
    except (SQLAlchemyError, *DRIVER_ERRORS) as error:
        raise unavailable(error) from None
    finally:
        await engine.dispose()
    if others:
        raise NotADemoStoreError


def _holds_others(connection: Connection) -> bool:
    found = inspect(connection)
    if not (found.has_table(customers.name) and found.has_table(clients.name)):
        return False
    demo = select(exists().where(customers.c.id >= FIRST_ID, customers.c.id < FIRST_ID + MANY))
    if connection.scalar(demo):
        return False
    anybody = connection.scalar(select(exists().where(customers.c.id.is_not(None))))
    return bool(anybody or connection.scalar(select(exists().where(clients.c.id != AREA))))
