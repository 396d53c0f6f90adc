"""Taking what a transaction deleted out of the database's files too."""

from __future__ import annotations

import logging

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncEngine

from store.engines import outside
from store.faults import DRIVER_ERRORS, Cause, StoreUnavailable, cause_of

log = logging.getLogger(__name__)


OWNED = "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('\"{name}\"')"
"""PostgreSQL vacuums nothing that belongs to somebody else, and reports success all the same."""


async def scrub(engine: AsyncEngine, table: Table, *, must: bool = False) -> None:
    """Overwrite or give up the bytes that deleted and changed rows left behind; `engine` is the owner's.

    On SQLite `secure_delete` has overwritten them in the file, and here the write-ahead log is emptied into it and
    cut off. On PostgreSQL the dead rows are vacuumed. Best effort: the rows are gone already, and a long reader may
    put it off, which is logged. Where it `must` be done, StoreUnavailable NOT_PERMITTED for a role that cannot.
    """
    postgresql = engine.dialect.name == "postgresql"
    statement = f'VACUUM "{table.name}"' if postgresql else "PRAGMA wal_checkpoint(TRUNCATE)"
    try:
        if postgresql and not await _owned(engine, table):
            if must:
                raise StoreUnavailable(Cause.NOT_PERMITTED)
            log.warning("Cleaning up after a deletion in %s was put off: %s", table.name, Cause.NOT_PERMITTED)
            return
        async with engine.connect() as connection:
            await outside(connection, statement)
    except DRIVER_ERRORS as error:
        log.warning("Cleaning up after a deletion in %s was put off: %s", table.name, cause_of(error))


async def _owned(engine: AsyncEngine, table: Table) -> bool:
    async with engine.connect() as connection:
        return bool(await connection.scalar(text(OWNED.format(name=table.name))))
