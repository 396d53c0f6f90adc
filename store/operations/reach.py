"""The number of different customers that each client has read recently: HyperLogLog sketches shared by the replicas."""

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
"""One row for each ten minutes in which a client read any customer; `sketch` is of `store.queue.hyperloglog`, over
pseudonyms. `alarmed_at` suppresses further alarms for an hour."""
