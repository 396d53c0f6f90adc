"""The last signed head of the ledger, where its own database cannot change it, and the number of the last erasure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "keys_0003"
down_revision = "keys_0002"


def upgrade() -> None:
    op.create_table(
        "ledger_heads",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("remembered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_heads")),
    )
    op.create_table(
        "key_erasure_count",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_erasure_count")),
    )
    op.add_column("subject_keys", sa.Column("erasure_number", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_subject_keys_erasure_number"), "subject_keys", ["erasure_number"], unique=False)
