"""Invoices have a state, lines, their tax, and what they were paid with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0041"
down_revision = "main_0040"


def upgrade() -> None:
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tax_minor", sa.BigInteger(), nullable=True))
        # A default, since replicas of the release before write invoices without a state.
        batch_op.add_column(sa.Column("status", sa.String(length=9), nullable=False, server_default="OPEN"))
        batch_op.add_column(sa.Column("paid_with", sa.String(length=13), nullable=True))
    invoices = sa.table("invoices", sa.column("status", sa.String), sa.column("paid_at", sa.DateTime))
    op.execute(invoices.update().where(invoices.c.paid_at.is_not(None)).values(status="PAID"))
    op.create_table(
        "invoice_lines",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("quantity", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("tax_rate", sa.String(length=12), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"]),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_invoice_lines_customer_id_id", "invoice_lines", ["customer_id", "id"])
    op.create_index("ix_invoice_lines_invoice_id", "invoice_lines", ["invoice_id"])
