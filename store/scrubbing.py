"""Taking what a transaction deleted out of the database's files too."""

from __future__ import annotations

import logging

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncEngine

from store.engines import outside
from store.faults import DRIVER_ERRORS, cause_of

log = logging.getLogger(__name__)


async def scrub(engine: AsyncEngine, table: Table) -> None:
    """Overwrite or give up the bytes that deleted and changed rows left behind.

    On SQLite `secure_delete` has overwritten them in the file, and here the write-ahead log is emptied into it and
    cut off. On PostgreSQL the dead rows are vacuumed. Best effort: the rows are gone already, and a long reader may
    put it off, which is logged.
    """
    statement = f'VACUUM "{table.name}"' if engine.dialect.name == "postgresql" else "PRAGMA wal_checkpoint(TRUNCATE)"
    try:
        async with engine.connect() as connection:
            await outside(connection, statement)
    except DRIVER_ERRORS as error:
        log.warning("Cleaning up after a deletion in %s was put off: %s", table.name, cause_of(error))
