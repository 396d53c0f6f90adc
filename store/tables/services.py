"""The services that customers subscribed to."""

from __future__ import annotations

from sqlalchemy import Index

from policy.categories import Category
from policy.retention import RetentionRule
from policy.services import SERVICE_KINDS, SERVICE_STATES
from store.sql.metadata import Instant, choice, customer_table, plain, reference, sealed

services = customer_table(
    "services",
    RetentionRule.CUSTOMER_LIFE,
    choice("kind", SERVICE_KINDS, Category.SUBSCRIPTION),
    sealed("name", Category.SUBSCRIPTION),
    reference("name_ref", Category.SUBSCRIPTION),
    choice("status", SERVICE_STATES, Category.SUBSCRIPTION),
    plain("started_at", Instant, Category.SUBSCRIPTION),
    plain("renews_at", Instant, Category.SUBSCRIPTION, nullable=True),
    plain("terminated_at", Instant, Category.SUBSCRIPTION, nullable=True),
)
"""A service in REDEMPTION counts as active (R45)."""

# For tools that list the services of all customers, such as those of a kind that run.
Index("ix_services_kind_status_id", services.c.kind, services.c.status, services.c.id)
Index("ix_services_renews_at", services.c.renews_at)
