"""Keeps personal data out of PostgreSQL's planner statistics: they are copies of values that no deletion reaches
(D8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, text

UNSAMPLED = 0
"""The statistics target that turns sampling off."""

FOUND = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        coalesce(a.attstattarget, -1) <> 0
            OR EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname
                AND s.attname = a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND NOT a.attisdropped AND a.attnum > 0
"""
"""Every column, its type, and whether it is or was sampled. `pg_stats` shows a role only columns that it can read."""

ELSEWHERE = """
    SELECT 'the extended statistics ' || s.stxname, c.relname, ARRAY(
        SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (s.stxkeys)),
        pg_get_statisticsobjdef(s.oid)
    FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid WHERE pg_table_is_visible(c.oid)
    UNION ALL
    SELECT 'the index ' || x.relname, c.relname, ARRAY[]::text[], pg_get_expr(i.indexprs, i.indrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indexprs IS NOT NULL AND pg_table_is_visible(c.oid)
"""
"""Other statistics: extended statistics on several columns, and those of expression indexes."""


def unsampled(column: Column[Any]) -> bool:
    """Return whether a column must have no statistics: ciphertexts, wrapped keys, blind indexes, hashes, free text
    about a person.

    Numbers, times and words of closed lists are sampled, since the planner needs it; they are sampled again after each
    erasure.
    """
    if isinstance(column.type, LargeBinary):
        return True
    withheld = not column.info.get("output", True)
    personal = column.info.get("category") is not None and "choices" not in column.info
    return isinstance(column.type, String) and (withheld or personal)


def keep_no_statistics(connection: Connection, tables: MetaData) -> None:
    """Turn off sampling of all columns that must have no statistics, and drop their existing samples.

    It runs on the metadata at each upgrade, so that no new column can be forgotten. Neither setting the target nor
    ANALYZE removes old samples. Setting the column's (unchanged) type again does: the owner of the table may do it, it
    copies no row and keeps the indexes. Dead rows of the catalogue itself need `VACUUM pg_statistic` by the owner of
    the database.
    """
    if connection.dialect.name != "postgresql":
        return
    for name, column, type_, sampled in connection.execute(text(FOUND)).all():
        known = tables.tables[name].c.get(column) if name in tables.tables else None
        if sampled and known is not None and unsampled(known):  # Former columns are removed later in the upgrade.
            connection.execute(text(f'ALTER TABLE "{name}" ALTER COLUMN "{column}" TYPE {type_}'))
            connection.execute(text(f'ALTER TABLE "{name}" ALTER COLUMN "{column}" SET STATISTICS {UNSAMPLED}'))


def samples(columns: Sequence[Any], elsewhere: Sequence[Any], tables: MetaData) -> list[str]:
    """Return the columns of these tables that are sampled and must not be, from the rows of FOUND and ELSEWHERE; names
    only, no values."""
    found = [
        f"{name}.{column}"
        for name, column, _, sampled in columns
        if sampled and name in tables.tables and column in tables.tables[name].c
        and unsampled(tables.tables[name].c[column])
    ]  # fmt: skip
    for what, name, covered, definition in elsewhere:
        if name not in tables.tables:
            continue
        secret = {each.name for each in tables.tables[name].c if unsampled(each)}
        if secret & set(covered) or any(each in (definition or "") for each in secret):
            found.append(f"{what} of {name}")
    return sorted(found)
