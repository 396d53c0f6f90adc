"""Read-only access to a store for audits: no keys, no decryption, no writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from store.database.config import StoreConfig
from store.database.schemas import LEDGER, MAIN, Schema
from store.database.versions import check_version
from store.sql.addresses import Address
from store.sql.engines import make_reader
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.reading import Reader

DEADLINE = 300.0
"""Maximum seconds of a statement: an audit scans whole tables, outside of any request."""


@dataclass(frozen=True, slots=True)
class Readers:
    """The databases that an audit reads; never the key store."""

    main: Reader
    ledger: Reader


@asynccontextmanager
async def opened(config: StoreConfig, deadline: float = DEADLINE) -> AsyncIterator[Readers]:
    """Open readers of the customer data and of the ledger; StoreUnavailableError when they cannot be read."""
    readers = Readers(make_reader(config.database, 1, deadline), make_reader(config.ledger, 1, deadline))
    try:
        await _checked(readers.main, MAIN, config.database)
        await _checked(readers.ledger, LEDGER, config.ledger)
        yield readers
    finally:
        await readers.main.close()
        await readers.ledger.close()


async def _checked(reader: Reader, schema: Schema, address: Address) -> None:
    # SQLite reports a missing file only as `unable to open`, which would look like an outage.
    if address.is_sqlite and not address.path.exists():
        raise StoreUnavailableError(OutageCause.NOT_MIGRATED, schema.name)
    await check_version(reader, schema)
