"""Invoices have a state, lines, their tax, and what they were paid with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0041"
down_revision = "main_0040"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# With their checks in the statement: SQLite would have to copy the table for a check of its own. A default, since
# replicas of the release before write invoices without a state.
STATUS = """ALTER TABLE invoices ADD COLUMN status VARCHAR(9) DEFAULT 'OPEN' NOT NULL
  CONSTRAINT ck_invoices_status CHECK (status IN ('OPEN', 'PAID', 'CANCELLED'))"""
PAID_WITH = """ALTER TABLE invoices ADD COLUMN paid_with VARCHAR(13)
  CONSTRAINT ck_invoices_paid_with CHECK (paid_with IN ('CARD', 'PAYPAL', 'BANK_TRANSFER'))"""


def upgrade() -> None:
    op.add_column("invoices", sa.Column("tax_minor", sa.BigInteger(), nullable=True))
    op.execute(STATUS)
    op.execute(PAID_WITH)
    op.execute("UPDATE invoices SET status = 'PAID' WHERE paid_at IS NOT NULL")
    op.create_table(
        "invoice_lines",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("invoice_id", ID, nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("quantity", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_rate", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoice_lines_customer_id_customers")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
    )
    op.create_index(op.f("ix_invoice_lines_customer_id_id"), "invoice_lines", ["customer_id", "id"])
    op.create_index(op.f("ix_invoice_lines_invoice_id"), "invoice_lines", ["invoice_id"])
