"""The declaration of a field, an argument or an input field, and the table of an object type."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table

from policy.categories import Category
from policy.decision import Allowance
from policy.recipients import Recipient
from policy.retention import RetentionRule
from resolvers.reads.criteria import Comparison
from schema.core.source import Source


@dataclass(frozen=True, slots=True)
class Declared:
    """The declaration of a field, argument or input field; the printed directives are derived from it.

    `public` is the reason why a field needs no purpose; the lint refuses a field with neither.
    """

    source: Source | None = None
    category: Category | None = None
    allowances: tuple[Allowance, ...] = ()
    retention: RetentionRule | None = None
    disclosed_to: tuple[Recipient, ...] = ()
    scopes: tuple[frozenset[str], ...] = ()
    public: str | None = None
    first_party: bool = False
    """It needs no purpose, but third-party apps may not select it."""
    editable_by: tuple[Allowance, ...] = ()
    """Allowances to change it by `updateProfile`; empty: it is changed in another way, or not at all."""
    compares: Comparison | None = None
    """The comparison that a field of a filter makes."""


DECLARED = "gateway"
"""The key of a declaration in the metadata of a Strawberry field."""


@dataclass(frozen=True, slots=True)
class RowsOf:
    """The table of an object type; a variant is limited to rows whose `kind` column has the value."""

    table: Table
    kind: Column[Any] | None = None
    value: str | None = None


ROWS = "__gateway_rows__"
"""The attribute of a class that names its table."""

DETAILS = "__gateway_details__"
"""The attribute of a class whose objects are some columns of a row of another type; it names their table."""
