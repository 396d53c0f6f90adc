"""Where personal data rests: every column of the store with its category, and which field shows it."""

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
    """False: no API may ever give it out."""
    retention: RetentionRule
    fingerprint: bool
    """A keyed hash by which a value can be looked up or compared, and nothing more."""
    parts: tuple[Category, ...] = ()
    """Of a sealed column with parts, the category of each."""
    forwarded: Recipient | None = None
    """Who receives it from the gateway itself, though no API shows it."""

    @property
    def is_secret(self) -> bool:
        """Sealed so that nobody sees it again, such as a card's full number; messages on their way are not."""
        return self.sealed and not self.output and self.retention not in (RetentionRule.OUTBOX, RetentionRule.EXPORTS)

    @property
    def name(self) -> str:
        """As `@personalData(source:)` writes it."""
        return f"{self.table}.{self.column}"


@cache
def stored_columns() -> dict[str, StoredColumn]:
    """Every column of every table of this release, by `table.column`."""
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
        for schema in SCHEMAS
        for table in schema.tables.sorted_tables
        if "retention" in table.info
        for column in table.columns
    ]
    return {each.name: each for each in found}


def unruled_tables() -> list[str]:
    """The tables of the store that name no rule of retention."""
    tables = [table for schema in SCHEMAS for table in schema.tables.sorted_tables]
    return [table.name for table in tables if not isinstance(table.info.get("retention"), RetentionRule)]


def undeclared_texts() -> list[tuple[str, str]]:
    """Columns of text of which nobody has said whose data may stand in them, and what is wrong with each.

    A text is sealed, a word out of a closed list, of a category, or of a form that the program gives it or judges.
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
    """Whether the schema names any column of our store: another team's schema names its own, or none."""
    columns = stored_columns()
    return any(fact.declared.source in columns for fact in facts.all.values())


def shown_by(facts: Facts) -> dict[str, tuple[Fact, ...]]:
    """The fields that show each column, by `table.column`."""
    found: dict[str, tuple[Fact, ...]] = {}
    for fact in facts.outputs:
        if fact.declared.source:
            found[fact.declared.source] = (*found.get(fact.declared.source, ()), fact)
    return found


def never_shown(facts: Facts) -> tuple[StoredColumn, ...]:
    """Personal data that is stored and that no API may give out, without the fingerprints of what it may."""
    if not speaks_of_this_store(facts):
        return ()
    return tuple(
        each for each in stored_columns().values() if each.category and not each.output and not each.fingerprint
    )
