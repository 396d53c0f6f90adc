"""What clients asked for and may not have, as sums by day: no value, no person, no request of its own (G17)."""

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
    Index(None, *KEY, unique=True),
)
"""`day` is the beginning of the day in UTC; `purpose` is the one that was asked, or the empty text; `coordinate` is the
schema's, the empty text where the whole operation was refused, and `*` for those beyond what a client has room for in a
day. All replicas add to the same rows."""
