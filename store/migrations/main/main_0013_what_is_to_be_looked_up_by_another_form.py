"""What is to be looked up by another form: the rows there are, once somebody with the keys has looked at them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0013"
down_revision = "main_0012"

LOOKUPS = ("EMAIL", "LOGIN", "DOMAIN")


def upgrade() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    rebuilds = op.create_table(
        "index_rebuilds",
        sa.Column("lookup", sa.String(length=6), nullable=False),
        sa.Column("after", id_, nullable=False),
        sa.Column("scanned", sa.Boolean(), nullable=False),
        sa.Column("awaited", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lookup", name=op.f("pk_index_rebuilds")),
    )
    op.create_table(
        "index_changes",
        sa.Column("id", id_, autoincrement=False, nullable=False),
        sa.Column("customer_id", id_, nullable=False),
        sa.Column("lookup", sa.String(length=6), nullable=False),
        sa.Column("row_id", id_, nullable=False),
        sa.Column("scope", sa.String(length=32), nullable=False),
        sa.Column("old_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("new_index", sa.LargeBinary(length=16), nullable=False),
        sa.CheckConstraint("lookup IN ('EMAIL', 'LOGIN', 'DOMAIN')", name=op.f("ck_index_changes_lookup")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_index_changes_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_index_changes")),
        sa.UniqueConstraint("lookup", "row_id", name=op.f("uq_index_changes_lookup_row_id")),
    )
    op.create_index(op.f("ix_index_changes_customer_id_id"), "index_changes", ["customer_id", "id"])
    op.create_index(op.f("ix_index_changes_lookup_new_index"), "index_changes", ["lookup", "new_index"])
    if op.get_bind().execute(sa.text("SELECT 1 FROM customers LIMIT 1")).first() is not None:
        op.bulk_insert(rebuilds, [{"lookup": each, "after": 0, "scanned": False, "awaited": True} for each in LOOKUPS])
