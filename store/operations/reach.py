"""How many different customers each client read lately: sketches that replicas share, and that name nobody."""

from __future__ import annotations

from sqlalchemy import ForeignKey, LargeBinary, String

from policy.retention import RetentionRule
from store.sql.metadata import Instant, plain, table

client_reach = table(
    "client_reach",
    RetentionRule.READING_COUNTS,
    plain("client_id", String(64), None, ForeignKey("clients.id"), primary_key=True),
    plain("slot", Instant, None, primary_key=True, index=True),
    plain("sketch", LargeBinary, None, output=False),
    plain("alarmed_at", Instant, None, nullable=True),
)
"""One row for each ten minutes in which a client read anybody; `sketch` is of `store.queue.hyperloglog`, over
pseudonyms. The row that says when the alarm was raised says so for the hour that follows."""
