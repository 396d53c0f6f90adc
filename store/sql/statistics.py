"""What PostgreSQL may not sample: its planner's statistics are copies of values, which no deletion reaches (D8)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, text

UNSAMPLED = 0
"""The statistics target of a column of which no sample is ever taken."""

FOUND = """
    SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        coalesce(a.attstattarget, -1) <> 0
            OR EXISTS (SELECT FROM pg_stats s WHERE s.schemaname = n.nspname AND s.tablename = c.relname
                AND s.attname = a.attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND pg_table_is_visible(c.oid) AND NOT a.attisdropped AND a.attnum > 0
"""
"""Every column, its type, and whether it is sampled or was before. `pg_stats` shows a role what it may read."""

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
"""Samples of other kinds: of several columns together, and of what an index computes from them."""


def unsampled(column: Column[Any]) -> bool:
    """Whether no statistics may be kept of a column: ciphertexts, wrapped keys, blind indexes, hashes, free text about
    a person.

    Numbers, moments and words of closed lists are sampled, which their look-ups need; they are sampled anew after each
    erasure.
    """
    if isinstance(column.type, LargeBinary):
        return True
    withheld = not column.info.get("output", True)
    personal = column.info.get("category") is not None and "choices" not in column.info
    return isinstance(column.type, String) and (withheld or personal)


def keep_no_statistics(connection: Connection, tables: MetaData) -> None:
    """Have PostgreSQL sample none of the columns that are not to be sampled, and drop the samples it has.

    It follows the metadata at each upgrade, so no new column can be forgotten. Setting the target leaves old samples
    where they are, and so does ANALYZE; a column's (unchanged) type set anew drops them, which the owner of the table
    may do, copies no row and keeps the indexes. Dead rows of the catalogue itself are for `VACUUM pg_statistic`, by
    the owner of the database.
    """
    if connection.dialect.name != "postgresql":
        return
    for name, column, type_, sampled in connection.execute(text(FOUND)).all():
        known = tables.tables[name].c.get(column) if name in tables.tables else None
        if sampled and known is not None and unsampled(known):  # Former columns are removed later in the upgrade.
            connection.execute(text(f'ALTER TABLE "{name}" ALTER COLUMN "{column}" TYPE {type_}'))
            connection.execute(text(f'ALTER TABLE "{name}" ALTER COLUMN "{column}" SET STATISTICS {UNSAMPLED}'))


def samples(columns: Sequence[Any], elsewhere: Sequence[Any], tables: MetaData) -> list[str]:
    """What of these tables is sampled and may not be, from the rows of FOUND and ELSEWHERE: places, and no values."""
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
