"""What was changed in a customer's data, when and through whom: the names of fields, and never a value."""

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
"""`fields` is a JSON list of schema coordinates; `client` the application through which it was changed."""
