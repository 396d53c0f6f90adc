"""Invoices with their lines, and the name and address that were printed on them."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, String

from policy.categories import Category
from policy.payments import INVOICE_STATES, PAYMENT_KINDS
from policy.retention import RetentionRule
from store.sql.metadata import ADDRESS_PARTS, NAME_PARTS, Id, Instant, choice, customer_table, plain, sealed

invoices = customer_table(
    "invoices",
    RetentionRule.CUSTOMER_LIFE,
    plain("number", String(32), Category.TRANSACTION, unique=True),
    plain("issued_at", Instant, Category.TRANSACTION),
    plain("due_at", Instant, Category.TRANSACTION, nullable=True),
    plain("paid_at", Instant, Category.TRANSACTION, nullable=True),
    plain("currency", String(3), Category.TRANSACTION),
    plain("amount_minor", BigInteger, Category.TRANSACTION),
    plain("tax_minor", BigInteger, Category.TRANSACTION, nullable=True),
    choice("status", INVOICE_STATES, Category.TRANSACTION, server_default="OPEN"),
    choice("paid_with", PAYMENT_KINDS, Category.TRANSACTION, nullable=True),
    sealed("billed_name", Category.NAME, NAME_PARTS),
    sealed("billed_address", Category.POSTAL_ADDRESS, ADDRESS_PARTS),
)
"""Amounts are in minor units of the currency (`policy.currencies`): cents of EUR, but whole yen, and fils of KWD. The
total contains the tax. `paid_at` and `paid_with` belong to a PAID invoice; `paid_with` is null if it is not known."""

invoice_lines = customer_table(
    "invoice_lines",
    RetentionRule.CUSTOMER_LIFE,
    plain("invoice_id", Id, None, ForeignKey("invoices.id"), index=True),
    sealed("description", Category.TRANSACTION, nullable=False),
    plain("quantity", String(20), Category.TRANSACTION),
    plain("amount_minor", BigInteger, Category.TRANSACTION),
    plain("currency", String(3), Category.TRANSACTION),
    plain("tax_rate", String(12), Category.TRANSACTION, nullable=True),
)
"""In the order of their ids. The description often names a domain, so it is encrypted; `quantity` and `tax_rate` (per
cent) are decimal digits as they are printed."""

# For tools that list the invoices of all customers: those of a period, and the open ones, which are few.
Index("ix_invoices_issued_at", invoices.c.issued_at)
Index(
    "ix_invoices_open_id",
    invoices.c.id,
    sqlite_where=invoices.c.paid_at.is_(None),
    postgresql_where=invoices.c.paid_at.is_(None),
)
