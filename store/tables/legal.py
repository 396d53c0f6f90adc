"""Binding requests of authorities, their review by two officers, and the answers (R24, A9)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text

from policy.categories import Category
from policy.orders import LEGAL_STATES
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, identity, of_staff, owner, plain, table

legal_requests = table(
    "legal_requests",
    RetentionRule.LEGAL_HOLDS,
    identity(),
    owner(nullable=True),  # Null for a person whose data is not held, and after an erasure.
    plain("reference", String(64), Category.ACCESS_HISTORY, unique=True),
    plain("authority", String(200), Category.ACCESS_HISTORY),
    plain("country", String(2), Category.ACCESS_HISTORY),
    plain("ground", String(200), Category.ACCESS_HISTORY),
    plain("fields", Text, Category.ACCESS_HISTORY),
    choice("state", LEGAL_STATES, Category.ACCESS_HISTORY),
    of_staff("officer", String(100)),
    of_staff("second_officer", String(100), nullable=True),
    plain("filed_at", Instant, Category.ACCESS_HISTORY),
    plain("decided_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("answered_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("embargoed_until", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("erasure_id", Id, None, ForeignKey("erasures.id"), nullable=True),
    plain("period_from", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("period_until", Instant, Category.ACCESS_HISTORY, nullable=True),
    plain("reason", String(200), Category.ACCESS_HISTORY, nullable=True),
    plain("digest", LargeBinary(32), None, nullable=True, output=False),
    plain("signature", Text, None, nullable=True, output=False),
    plain("second_signature", Text, None, nullable=True, output=False),
    plain("told_at", Instant, Category.ACCESS_HISTORY, nullable=True),
    Index(None, "customer_id", "id"),
    Index(None, "told_at", "embargoed_until"),
    embargo="embargoed_until",
)
"""`fields` is a JSON list of schema coordinates: all that the order names, and so all that may be answered. `officer`
filed it and `second_officer` decided: codes of two members of staff, each of whom signed `digest` (requests of older
releases have names and no signatures). Until `embargoed_until` it is not shown to the customer; `told_at` is when the
customer was informed.

A request without a customer is about a person whose data is not held: either never, or erased, and then `erasure_id`
is the erasure whose certificate is the answer. An erasure keeps the row, without the customer."""
