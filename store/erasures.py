"""The erasures asked for or due, and how far each has come (R31-R36)."""

from __future__ import annotations

from sqlalchemy import Boolean

from policy.categories import Category
from policy.retention import RetentionRule
from store.metadata import Instant, choice, customer_table, plain

ERASURE_STATES = ("ARMED", "BLOCKED", "SCHEDULED", "ERASING", "ERASED", "CANCELLED")
ERASURE_CAUSES = ("REQUEST", "RETENTION")

erasures = customer_table(
    "erasures",
    RetentionRule.ERASURE_RECORDS,
    choice("state", ERASURE_STATES, Category.PREFERENCE),
    choice("cause", ERASURE_CAUSES, Category.PREFERENCE),
    plain("requested_at", Instant, Category.PREFERENCE),
    plain("due_at", Instant, Category.PREFERENCE, nullable=True),
    plain("when_services_end", Boolean, Category.PREFERENCE),
    plain("cancelled_at", Instant, Category.PREFERENCE, nullable=True),
    plain("finished_at", Instant, Category.PREFERENCE, nullable=True),
    bound=False,
)
"""The record outlives the customer's row, which is gone when the state is ERASED (R57)."""
