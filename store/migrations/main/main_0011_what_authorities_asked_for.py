"""What authorities asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0011"
down_revision = "main_0010"


def upgrade() -> None:
    op.create_table(
        "legal_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("authority", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("ground", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("officer", sa.String(length=100), nullable=False),
        sa.Column("second_officer", sa.String(length=100), nullable=True),
        sa.Column("filed_at", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("embargoed_until", Instant(), nullable=True),
        sa.CheckConstraint(
            "state IN ('FILED', 'APPROVED', 'ANSWERED', 'REFUSED')", name=op.f("ck_legal_requests_state")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_legal_requests_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_requests")),
        sa.UniqueConstraint("reference", name=op.f("uq_legal_requests_reference")),
    )
    with op.batch_alter_table("legal_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_legal_requests_customer_id_id"), ["customer_id", "id"], unique=False)
