"""What is left to do when the form changes by which values are looked up: see `store.reindexing`."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, String, UniqueConstraint

from policy.categories import Category
from policy.retention import RetentionRule
from store.metadata import Id, blind, choice, customer_table, plain, table

LOOKUPS = ("EMAIL", "LOGIN", "DOMAIN")

index_rebuilds = table(
    "index_rebuilds",
    RetentionRule.KEYS,
    plain("lookup", String(6), None, primary_key=True),
    plain("after", Id, None),
    plain("scanned", Boolean, None),
    plain("awaited", Boolean, None),
)
"""The lookups whose rows are still to be looked at, from the row behind `after`. One that is `awaited` is part of an
upgrade: no gateway of this release starts to serve before it is done."""

index_changes = customer_table(
    "index_changes",
    RetentionRule.CUSTOMER_LIFE,
    choice("lookup", LOOKUPS, None),
    plain("row_id", Id, None),
    plain("scope", String(32), None),
    blind("old_index", Category.LOGIN_NAME),
    blind("new_index", Category.LOGIN_NAME),
    UniqueConstraint("lookup", "row_id"),
    Index(None, "lookup", "new_index"),
)
"""Rows that are found by another index from now on. One that stays here has the value of another row in its new form:
both keep the index they have until one of the values is changed. `scope` is what the index is unique within."""
