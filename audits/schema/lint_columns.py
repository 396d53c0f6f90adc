"""Checks the schema against the store: each source is an existing column, of the same category, that may be shown."""

from __future__ import annotations

from collections.abc import Iterator

from audits.schema.checks import Check, Finding, found
from audits.schema.columns import speaks_of_this_store, stored_columns, undeclared_texts, unruled_tables
from audits.schema.facts import Facts
from audits.schema.places import SourcePosition
from policy.statements import of_column
from store.database.schemas import SCHEMAS
from store.records.declared_check import complaints


def findings(facts: Facts) -> Iterator[Finding]:
    """Yield the findings for a schema over our own store; another team's columns are unknown here."""
    if not speaks_of_this_store(facts):
        return
    for table in unruled_tables():
        yield Finding(Check.TABLE_UNRULED, f"{table} names no rule of retention.", table, SourcePosition("store"))
    for table, text in complaints(each for schema in SCHEMAS for each in schema.tables.sorted_tables):
        yield Finding(Check.TABLE_UNDECLARED, f"{table}: {text}.", table, SourcePosition("store"))
    for name, what in undeclared_texts():
        yield Finding(Check.TEXT_UNDECLARED, f"{name} {what}.", name, SourcePosition("store"))
    columns = stored_columns()
    named = ((fact, source) for fact in facts.all.values() for source in fact.declared.sources)
    for fact, source in named:
        column = columns.get(source)
        if column is None:
            message = f"{fact.coordinate} names {source}: the store has no such column."
            yield Finding(Check.UNKNOWN_COLUMN, message, fact.coordinate, fact.place)
        else:
            # An argument may take in a secret, such as a password; only outputs must not show one.
            output = column.output or fact.inbound
            yield from found(of_column(fact, source, column.category, output), fact.coordinate, fact.place)
