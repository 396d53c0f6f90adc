"""Runs of imports, and the customers that each of them added or changed."""

from __future__ import annotations

from sqlalchemy import Boolean, ForeignKey, Index, Integer, String

from policy.imports import IMPORT_ACTIONS
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, customer_table, identity, plain, table

imports = table(
    "imports",
    RetentionRule.IMPORT_RUNS,
    identity(),
    plain("system", String(32), None, nullable=True),
    plain("started_at", Instant, None),
    plain("finished_at", Instant, None, nullable=True),
    plain("read", Integer, None, default=0),
    plain("added", Integer, None, default=0),
    plain("changed", Integer, None, default=0),
    plain("mail_held", Boolean, None),
    plain("released_at", Instant, None, nullable=True),
    plain("undone_at", Instant, None, nullable=True),
    plain("last_id", Id, None, nullable=True),
)
"""`read` counts the rows of the file, `added` and `changed` the customers. `last_id` is greater than the id of every
row that the run made, so that rows made later are known by their ids. While `mail_held` and not released, letters that
the run causes wait in the outbox."""

import_rows = customer_table(
    "import_rows",
    RetentionRule.CUSTOMER_LIFE,
    plain("import_id", Id, None, ForeignKey("imports.id")),
    plain("row", Integer, None),
    choice("action", IMPORT_ACTIONS, None),
    plain("version", Integer, None),
    plain("at", Instant, None),
    Index(None, "import_id", "customer_id"),
)
"""One row for each customer that a run added or changed: the number of the row in the file, and the customer's version
after it, by which a later run knows whether anything was changed here since."""
