"""Customers and their contact details."""

from __future__ import annotations

from sqlalchemy import Boolean, Integer, String

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import ADDRESS_PARTS, NAME_PARTS, Id, Instant, plain, reference, sealed, table

customers = table(
    "customers",
    RetentionRule.CUSTOMER_LIFE,
    plain("id", Id, Category.CUSTOMER_ID, primary_key=True, autoincrement=False),
    sealed("customer_number", Category.CUSTOMER_ID, nullable=False),
    reference("number_ref", Category.CUSTOMER_ID),
    sealed("external_id", Category.CUSTOMER_ID),
    reference("external_ref", Category.CUSTOMER_ID),
    sealed("name", Category.NAME, NAME_PARTS),
    sealed("postal_address", Category.POSTAL_ADDRESS, ADDRESS_PARTS),
    sealed("email", Category.EMAIL),
    reference("email_ref", Category.EMAIL),
    sealed("phone", Category.PHONE),
    reference("phone_ref", Category.PHONE),
    plain("locale", String(35), Category.PREFERENCE, nullable=True),
    plain("product_news", Boolean, Category.PREFERENCE),
    plain("created_at", Instant, None),
    plain("updated_at", Instant, None),
    plain("version", Integer, None, default=1),
    plain("last_service_ended_at", Instant, Category.SUBSCRIPTION, nullable=True),
)
"""`locale` is a BCP 47 tag. `external_id` is the customer's id in another system
(`values.external_id`). `version` increases by one with every change, for optimistic locking.
`last_service_ended_at` is null while a service runs; the six months of R34 start there."""
