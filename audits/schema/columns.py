"""The columns of the store with their categories, and the fields that show them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Column, LargeBinary, String

from audits.schema.facts import Fact, Facts
from policy.categories import Category
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.database.schemas import SCHEMAS
from store.records.free_text import FORMED, WRITTEN


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """One column of one table."""

    table: str
    column: str
    category: Category | None
    """None: not personal data."""
    sealed: bool
    """Encrypted under the customer's own key."""
    output: bool
    """False: no API may ever return it."""
    retention: RetentionRule
    fingerprint: bool
    """True for a keyed hash, which only allows looking up or comparing a value."""
    parts: tuple[Category, ...] = ()
    """The categories of the parts of an encrypted column."""
    forwarded: Recipient | None = None
    """The recipient to which the gateway itself sends it, although no API shows it."""

    @property
    def is_secret(self) -> bool:
        """True if it is encrypted and never shown, such as a full card number; messages and exports are not secrets."""
        return self.sealed and not self.output and self.retention not in (RetentionRule.OUTBOX, RetentionRule.EXPORTS)

    @property
    def name(self) -> str:
        """The name in `@personalData(source:)`."""
        return f"{self.table}.{self.column}"


@cache
def stored_columns() -> dict[str, StoredColumn]:
    """Return every column of every table of this release, by `table.column`."""
    found = [
        StoredColumn(
            table.name,
            column.name,
            column.info.get("category"),
            "sealing" in column.info,
            column.info.get("output", True),
            table.info["retention"],
            isinstance(column.type, LargeBinary) and "sealing" not in column.info,
            tuple(column.info["sealing"].parts.values()) if "sealing" in column.info else (),
            column.info.get("forwarded"),
        )
        # Tables without a rule are a finding of their own (`unruled_tables`).
        for schema in SCHEMAS
        for table in schema.tables.sorted_tables
        if "retention" in table.info
        for column in table.columns
    ]
    return {each.name: each for each in found}


def unruled_tables() -> list[str]:
    """Return the tables of the store without a retention rule."""
    tables = [table for schema in SCHEMAS for table in schema.tables.sorted_tables]
    return [table.name for table in tables if not isinstance(table.info.get("retention"), RetentionRule)]


def undeclared_texts() -> list[tuple[str, str]]:
    """Return text columns without a declaration of their content, each with an explanation.

    A text column must be encrypted, a closed list, have a category, or a form that the program makes or validates.
    """
    columns = {str(column): column for schema in SCHEMAS for table in schema.tables.sorted_tables
               for column in table.columns}  # fmt: skip
    found = [(name, "stands in store/records/free_text.py, and there is no such column") for name in
             sorted((WRITTEN.keys() | FORMED.keys()) - columns.keys())]  # fmt: skip
    for name, column in columns.items():
        category = column.info.get("category")
        if name in WRITTEN:
            if category is not None and category is not WRITTEN[name]:
                found.append((name, f"holds {category.name}, and store/records/free_text.py says {WRITTEN[name].name}"))
        elif _open_text(column) and name not in FORMED:
            found.append((name, "is text in which anything may be written, and names no category"))
    return found


def _open_text(column: Column[Any]) -> bool:
    return isinstance(column.type, String) and column.info.get("category") is None and "choices" not in column.info


def speaks_of_this_store(facts: Facts) -> bool:
    """Return whether the schema refers to any column of our store: another team's refers to its own, or none."""
    columns = stored_columns()
    return any(not columns.keys().isdisjoint(fact.declared.sources) for fact in facts.all.values())


def shown_by(facts: Facts) -> dict[str, tuple[Fact, ...]]:
    """Return the fields that show each column, by `table.column`."""
    found: dict[str, tuple[Fact, ...]] = {}
    for fact in facts.outputs:
        for source in fact.declared.sources:
            found[source] = (*found.get(source, ()), fact)
    return found


def never_shown(facts: Facts) -> tuple[StoredColumn, ...]:
    """Return the columns of personal data that no API may return, without keyed hashes."""
    if not speaks_of_this_store(facts):
        return ()
    return tuple(
        each for each in stored_columns().values() if each.category and not each.output and not each.fingerprint
    )
