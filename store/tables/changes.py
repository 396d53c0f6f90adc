"""Changes of a customer's data: the names of fields, the time and the client, never a value."""

from __future__ import annotations

from sqlalchemy import String, Text

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import Instant, customer_table, plain

customer_changes = customer_table(
    "customer_changes",
    RetentionRule.CHANGE_RECORDS,
    plain("fields", Text, Category.ACCESS_HISTORY),
    plain("client", String(64), Category.ACCESS_HISTORY),
    plain("at", Instant, Category.ACCESS_HISTORY, index=True),
)
"""`fields` is a JSON list of schema coordinates; `client` is the application that made the change."""
