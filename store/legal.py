"""Binding requests of authorities: what was asked for, who looked at it, and what was answered (R24, A9)."""

from __future__ import annotations

from sqlalchemy import String, Text

from policy.categories import Category
from policy.retention import RetentionRule
from store.metadata import Instant, choice, customer_table, plain

LEGAL_STATES = ("FILED", "APPROVED", "ANSWERED", "REFUSED")

legal_requests = customer_table(
    "legal_requests",
    RetentionRule.LEGAL_HOLDS,
    plain("reference", String(64), Category.ACCESS_HISTORY, unique=True),
    plain("authority", String(200), Category.ACCESS_HISTORY),
    plain("country", String(2), Category.ACCESS_HISTORY),
    plain("ground", String(200), Category.ACCESS_HISTORY),
    plain("fields", Text, Category.ACCESS_HISTORY),
    choice("state", LEGAL_STATES, Category.ACCESS_HISTORY),
    plain("officer", String(100), Category.ACCESS_HISTORY),
    plain("second_officer", String(100), Category.ACCESS_HISTORY, nullable=True),
    plain("filed_at", Instant, Category.ACCESS_HISTORY),
    plain("decided_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("answered_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("embargoed_until", Instant, Category.ACCESS_HISTORY, nullable=True),
    embargo="embargoed_until",
)
"""`fields` is a JSON list of schema coordinates: all that the order names, and so all that may be answered. `officer`
filed it and `second_officer` decided: two different persons. Until `embargoed_until` the customer is not told."""
