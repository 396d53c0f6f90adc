"""Invoices, with the name and address that were printed on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, String

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import ADDRESS_PARTS, NAME_PARTS, Instant, customer_table, plain, sealed

invoices = customer_table(
    "invoices",
    RetentionRule.CUSTOMER_LIFE,
    plain("number", String(32), Category.TRANSACTION, unique=True),
    plain("issued_at", Instant, Category.TRANSACTION),
    plain("due_at", Instant, Category.TRANSACTION, nullable=True),
    plain("paid_at", Instant, Category.TRANSACTION, nullable=True),
    plain("currency", String(3), Category.TRANSACTION),
    plain("amount_minor", BigInteger, Category.TRANSACTION),
    sealed("billed_name", Category.NAME, NAME_PARTS),
    sealed("billed_address", Category.POSTAL_ADDRESS, ADDRESS_PARTS),
)
"""Amounts are in minor units of the currency (`policy.currencies`): cents of EUR, but whole yen, and fils of KWD."""

# For tools that list the invoices of all customers: those of a period, and the open ones, which are few.
Index("ix_invoices_issued_at", invoices.c.issued_at)
Index(
    "ix_invoices_open_id",
    invoices.c.id,
    sqlite_where=invoices.c.paid_at.is_(None),
    postgresql_where=invoices.c.paid_at.is_(None),
)
