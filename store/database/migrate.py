"""Runs the migrations of the three sets of tables; safe to call from several replicas at once."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.config import StoreConfig
from store.database.schemas import KEYS, LEDGER, MAIN, MIGRATIONS, Schema
from store.sql.addresses import Address
from store.sql.engines import make_engine, outside
from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, unavailable
from store.sql.statistics import keep_no_statistics

if TYPE_CHECKING:
    from alembic.config import Config

LOCK = 0x6761_7465
"""The advisory lock that serialises the replicas on PostgreSQL: "gate" in ASCII."""

TIMEOUT = 60.0
"""Maximum wait of a replica for another one to finish, in seconds."""

IN_THE_WAY = "1s"
"""How long a migration waits for a table: all other requests wait behind it, even those that only read."""

PAUSE = 2.0
"""Seconds between two attempts, for requests to be answered in."""

GIVE_UP_AFTER = 600.0
"""Seconds after which an upgrade gives up, because a transaction still holds a table, such as a dump."""

log = logging.getLogger(__name__)

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def places(config: StoreConfig) -> tuple[tuple[Schema, Address], ...]:
    """Return the sets of tables with their addresses."""
    return (MAIN, config.database), (LEDGER, config.ledger), (KEYS, config.key_store)


async def upgrade(config: StoreConfig) -> None:
    """Create or upgrade all tables to this release's version; StoreUnavailableError when that fails.

    Each set of tables is one transaction under one lock: the first of several replicas does the work and the others
    find it done; if it is killed at any point, the set is rolled back and the next call does it.
    """
    for schema, place in places(config):
        address = config.maintained(place)
        if address.is_sqlite:
            create_file(address.path)
        await _upgraded(schema, address)


async def _upgraded(schema: Schema, address: Address) -> None:
    """Upgrade one set of tables; tried again for GIVE_UP_AFTER seconds while somebody reads one of them for long."""
    until = asyncio.get_running_loop().time() + GIVE_UP_AFTER
    while True:
        try:
            async with alone(address) as connection, _turn():
                if not address.is_sqlite:
                    await connection.execute(text(f"SET LOCAL lock_timeout = '{IN_THE_WAY}'"))
                await connection.run_sync(run, schema)
                return
        except StoreUnavailableError as busy:
            if address.is_sqlite or busy.cause is not OutageCause.LOCKED or asyncio.get_running_loop().time() > until:
                raise
            log.warning("a table of %s is in use by a long transaction: the upgrade is tried again", schema.name)
            await asyncio.sleep(PAUSE)


def run(connection: Connection, schema: Schema) -> None:
    """Run the outstanding migrations of one set in the connection's transaction."""
    from alembic import command  # Imported here: it takes a quarter of a second, and only upgrades need it.

    command.upgrade(alembic_config(schema, connection=connection), "head")
    keep_no_statistics(connection, schema.tables)


def alembic_config(schema: Schema, **attributes: Any) -> Config:
    """Make the Alembic configuration of one set of tables."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", str(MIGRATIONS / schema.name))
    config.attributes.update(attributes, schema=schema)
    return config


def _turn() -> asyncio.Lock:
    # Alembic's environment is global to the process, while each PostgreSQL database has a lock of its own.
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock())


def create_file(path: Path) -> None:
    """Create an empty database file with mode 0600; an existing file is not changed."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise unavailable(error) from None


@asynccontextmanager
async def alone(address: Address) -> AsyncIterator[AsyncConnection]:
    """Run a transaction that excludes the migrations of other replicas, by SQLite's write lock or an advisory lock."""
    # No statement timeout: a migration may rewrite a large table.
    engine = make_engine(address, lock_timeout=TIMEOUT, longest=None)
    try:
        async with engine.connect() as connection:
            for statement in _before(address):
                await outside(connection, statement)
            async with connection.begin():
                if not address.is_sqlite:
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                yield connection
                # SQLite's foreign keys were off meanwhile: see `_before`.
                if address.is_sqlite and (await connection.execute(text("PRAGMA foreign_key_check"))).first():
                    raise RuntimeError("a migration left a row that points nowhere; nothing was changed")
    except (SQLAlchemyError, *DRIVER_ERRORS) as error:
        raise unavailable(error) from None
    finally:
        await engine.dispose()


def _before(address: Address) -> Sequence[str]:
    # SQLite alters a table by copying it to a new one, which foreign keys would forbid; they are checked at the end.
    return ("PRAGMA foreign_keys = OFF",) if address.is_sqlite else ()
