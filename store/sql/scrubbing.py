"""Taking what a transaction deleted out of the database's files too."""

from __future__ import annotations

import logging

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.sql.engines import outside
from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, cause_of, unavailable

log = logging.getLogger(__name__)


OWNED = "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('\"{name}\"')"
"""PostgreSQL vacuums nothing that belongs to somebody else, and reports success all the same."""

DATABASE = """
    SELECT datname, pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()
"""
"""Its name, and whether the role owns it, and so may vacuum the catalogue."""

SIZE = "SELECT pg_total_relation_size(to_regclass('\"{name}\"'))"

REWRITTEN = 32 << 20
"""Bytes up to which a table, its indexes included, is written anew: VACUUM alone leaves what it removed in the free
space of its pages until that is used again. Above, the exclusive lock of some milliseconds would be one of minutes."""

QUEUE = "500ms"
"""How long a rewriting waits for its lock, and keeps others waiting behind it, before it gives way."""

CLEANED = 'VACUUM (INDEX_CLEANUP ON, ANALYZE) "{name}"'
"""Left to itself, VACUUM spares the indexes when little was deleted; ANALYZE takes the samples anew (D8)."""


PATIENCE = "30s"
"""The same while nobody is served."""


async def scrub(engine: AsyncEngine, table: Table, *, must: bool = False, whole: bool = False) -> None:
    """Overwrite or give up the bytes that deleted and changed rows left behind; `engine` is the owner's.

    On SQLite `secure_delete` has overwritten them in the file, and here the write-ahead log is emptied into it and
    cut off. On PostgreSQL the dead rows are vacuumed, which leaves what a snapshot can still see: `store.sql.horizon`
    tells. `whole` writes a table anew whatever its size, for which nobody may be served meanwhile. Best effort: the
    rows are gone already, and what puts it off is logged. Where it `must` be done, StoreUnavailableError, such as
    NOT_PERMITTED for a role that cannot.
    """
    try:
        if engine.dialect.name == "postgresql":
            await _vacuum(engine, table, must, whole)
        else:
            await _cut(engine, must)
    except StoreUnavailableError as outage:
        if must:
            raise
        log.warning("Cleaning up after a deletion in %s was put off: %s", table.name, outage.cause)
    except DRIVER_ERRORS as error:
        if must:
            raise unavailable(error) from None
        log.warning("Cleaning up after a deletion in %s was put off: %s", table.name, cause_of(error))


async def scrub_statistics(engine: AsyncEngine) -> None:
    """Write PostgreSQL's own table of samples anew: a sample that was dropped is a dead row there, for its next VACUUM.

    Best effort: who may not, since they do not own the database, says what is to be run.
    """
    if engine.dialect.name != "postgresql":
        return
    try:
        async with engine.connect() as connection:
            name, allowed = (await connection.execute(text(DATABASE))).one()
            await connection.commit()
            if allowed:
                await outside(connection, f"SET lock_timeout = '{QUEUE}'")
                try:
                    await outside(connection, "VACUUM FULL pg_statistic")
                finally:
                    await outside(connection, "RESET lock_timeout")
                return
        log.warning("Run `VACUUM FULL pg_statistic` as the owner of %s: samples may be left.", name)
    except DRIVER_ERRORS as error:
        log.warning("Cleaning up samples that were dropped was put off: %s", cause_of(error))


async def _cut(engine: AsyncEngine, must: bool) -> None:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        rows = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        if rows and rows[0][0]:  # A reader needs the log for what it has begun to read.
            raise StoreUnavailableError(OutageCause.STILL_SEEN if must else OutageCause.LOCKED)


async def _vacuum(engine: AsyncEngine, table: Table, must: bool, whole: bool) -> None:
    async with engine.connect() as connection:
        if not await connection.scalar(text(OWNED.format(name=table.name))):
            raise StoreUnavailableError(OutageCause.NOT_PERMITTED)
        size = await connection.scalar(text(SIZE.format(name=table.name)))
        await connection.commit()
        small = size is not None and size <= REWRITTEN
        if (whole or small) and await _rewritten(connection, table, must, PATIENCE if whole else QUEUE):
            return
        await outside(connection, CLEANED.format(name=table.name))


async def _rewritten(connection: AsyncConnection, table: Table, must: bool, queue: str) -> bool:
    """Whether the table was written anew; who reads or writes it at the time is not kept waiting for long."""
    await outside(connection, f"SET lock_timeout = '{queue}'")
    try:
        await outside(connection, f'VACUUM (FULL, ANALYZE) "{table.name}"')
    except DRIVER_ERRORS as error:
        if must or cause_of(error) is not OutageCause.LOCKED:
            raise
        return False
    finally:
        await outside(connection, "RESET lock_timeout")
    return True
