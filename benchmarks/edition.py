"""Tells stores that were made by this release from those that were not: by their tables, and by what fills them."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

from store.database.schemas import SCHEMAS
from store.sql.metadata import key_metadata, ledger_metadata, metadata

FILLED_BY = ("people.py", "sealing.py", "plain.py", "clients.py", "outside.py")


@cache
def edition() -> str:
    """Eight characters that change with the tables and with the code that fills them."""
    mark = blake2b(digest_size=4)
    mark.update(repr([schema.versions for schema in SCHEMAS]).encode())
    for tables in (metadata, ledger_metadata, key_metadata):
        for table in tables.sorted_tables:
            mark.update(repr((table.name, [(column.name, repr(column.type)) for column in table.c])).encode())
    for name in FILLED_BY:
        mark.update(Path(__file__).with_name(name).read_bytes())
    return mark.hexdigest()
