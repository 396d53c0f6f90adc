"""Removes deleted bytes from the database's files, not only from its tables (D8)."""

from __future__ import annotations

import logging

from sqlalchemy import Table, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.sql.engines import is_pooled, outside
from store.sql.errors import DRIVER_ERRORS, OutageCause, StoreUnavailableError, cause_of, unavailable

log = logging.getLogger(__name__)


OWNED = "SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('\"{name}\"')"
"""Tests if the role owns the table: VACUUM skips the tables of other owners and still reports success."""

DATABASE = """
    SELECT datname, pg_has_role(current_user, datdba, 'USAGE') FROM pg_database WHERE datname = current_database()
"""
"""The name of the database, and whether the role owns it and so may vacuum the catalogue."""

SIZE = "SELECT pg_total_relation_size(to_regclass('\"{name}\"'))"

REWRITTEN = 32 << 20
"""Bytes up to which a table, with its indexes, is rewritten by VACUUM FULL: plain VACUUM leaves deleted bytes in the
free space of the pages until it is reused. For larger tables the exclusive lock would last minutes, not
milliseconds."""

LOCK_TIMEOUT = "500ms"
"""The lock timeout of a rewrite; statements that arrive meanwhile queue behind it for this long at most."""

CLEANED = 'VACUUM (INDEX_CLEANUP ON, ANALYZE) "{name}"'
"""By default VACUUM skips the indexes when little was deleted; ANALYZE replaces the statistics (D8)."""


OFFLINE_LOCK_TIMEOUT = "30s"
"""The lock timeout of a rewrite while no requests are served."""


async def scrub(engine: AsyncEngine, table: Table, *, must: bool = False, whole: bool = False) -> None:
    """Overwrite or free the bytes that deleted and changed rows left behind; `engine` is the owner's.

    On SQLite `secure_delete` has overwritten them in the file; here the write-ahead log is checkpointed into it and
    truncated. On PostgreSQL the dead rows are vacuumed, except those that a snapshot still sees (`store.sql.horizon`).
    `whole` rewrites a table of any size; no requests may be served meanwhile. Best effort: the rows are deleted
    already, and a failure is logged. With `must` a failure raises StoreUnavailableError, such as NOT_PERMITTED for the
    role, or POOLED behind a pooler in transaction mode: there it is left to the processes that work.
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
    """Rewrite PostgreSQL's table of statistics: a dropped sample stays there as a dead row until the next VACUUM.

    Best effort: if the role does not own the database, the log names the command to run.
    """
    if engine.dialect.name != "postgresql":
        return
    try:
        if is_pooled(engine):
            raise StoreUnavailableError(OutageCause.POOLED)
        async with engine.connect() as connection:
            name, allowed = (await connection.execute(text(DATABASE))).one()
            # Ends the transaction that SQLAlchemy has begun: VACUUM cannot run in one.
            await connection.commit()
            if allowed:
                await outside(connection, f"SET lock_timeout = '{LOCK_TIMEOUT}'")
                try:
                    await outside(connection, "VACUUM FULL pg_statistic")
                finally:
                    await outside(connection, "RESET lock_timeout")
                return
        log.warning("Run `VACUUM FULL pg_statistic` as the owner of %s: samples may be left.", name)
    except StoreUnavailableError as outage:
        log.warning("Cleaning up samples that were dropped was put off: %s", outage.cause)
    except DRIVER_ERRORS as error:
        log.warning("Cleaning up samples that were dropped was put off: %s", cause_of(error))


async def _cut(engine: AsyncEngine, must: bool) -> None:
    async with engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        rows = await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
        if rows and rows[0][0]:  # A reader needs the log for what it has begun to read.
            raise StoreUnavailableError(OutageCause.STILL_SEEN if must else OutageCause.LOCKED)


async def _vacuum(engine: AsyncEngine, table: Table, must: bool, whole: bool) -> None:
    # A lock timeout that is set for one session would hold for whoever gets that session next, and not for us.
    if is_pooled(engine):
        raise StoreUnavailableError(OutageCause.POOLED)
    async with engine.connect() as connection:
        if not await connection.scalar(text(OWNED.format(name=table.name))):
            raise StoreUnavailableError(OutageCause.NOT_PERMITTED)
        size = await connection.scalar(text(SIZE.format(name=table.name)))
        # Ends the transaction that SQLAlchemy has begun: VACUUM cannot run in one.
        await connection.commit()
        small = size is not None and size <= REWRITTEN
        if (whole or small) and await _rewritten(
            connection, table, must, OFFLINE_LOCK_TIMEOUT if whole else LOCK_TIMEOUT
        ):
            return
        await outside(connection, CLEANED.format(name=table.name))


async def _rewritten(connection: AsyncConnection, table: Table, must: bool, lock_timeout: str) -> bool:
    """Rewrite a table; False if its lock was not acquired in `lock_timeout`, so that readers and writers wait only
    shortly."""
    await outside(connection, f"SET lock_timeout = '{lock_timeout}'")
    try:
        await outside(connection, f'VACUUM (FULL, ANALYZE) "{table.name}"')
    except DRIVER_ERRORS as error:
        if must or cause_of(error) is not OutageCause.LOCKED:
            raise
        return False
    finally:
        # The setting would outlive this use in the pool.
        await outside(connection, "RESET lock_timeout")
    return True
