"""Checks that a database is at the version that this release works with."""

from __future__ import annotations

import logging

from sqlalchemy import String, column, select, table

from store.database.schemas import Schema
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.reading import Reader

log = logging.getLogger(__name__)


async def check_version(reader: Reader, schema: Schema) -> None:
    """Raise StoreUnavailableError NOT_MIGRATED when the tables are missing or older than this release.

    Newer ones are accepted: during a rolling upgrade the old release runs on the new tables.
    """
    noted = table(schema.version_table, column("version_num", String))
    rows = await reader.fetch(reader.prepare(select(noted.c.version_num)), {})
    versions = [version for (version,) in rows]
    # All but the last version are older than this release; one that is not listed is newer.
    if not versions or versions[0] in schema.versions[:-1]:
        raise StoreUnavailableError(OutageCause.NOT_MIGRATED, schema.name)
    if versions[0] not in schema.versions:
        log.warning("The %s tables are at version %s, which is newer than this release.", schema.name, versions[0])
