"""Counts refused requests by day, client, purpose, field and reason, without values or persons (G17)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String

from policy.retention import RetentionRule
from store.sql.metadata import Instant, identity, plain, table

KEY = ("day", "client_id", "purpose", "coordinate", "reason")

refusal_counts = table(
    "refusal_counts",
    RetentionRule.REFUSAL_COUNTS,
    identity(),
    plain("day", Instant, None),
    plain("client_id", String(64), None),
    plain("purpose", String(40), None),
    plain("coordinate", String(200), None),
    plain("reason", String(40), None),
    plain("operations", BigInteger, None),
    plain("last_at", Instant, None),
    # Unique, so that all replicas add to one row by an upsert.
    Index(None, *KEY, unique=True),
    # For the sum of one client over some weeks, which customers see beside its readings.
    Index(None, "client_id", "day"),
)
"""`day` is the beginning of the day in UTC; `purpose` is the requested one, or empty; `coordinate` is the schema's,
empty if the whole operation was refused, and `*` for those above the daily limit of rows for a client. All replicas add
to the same rows."""
