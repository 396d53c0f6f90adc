"""The last signed head of the ledger, where the ledger's own database cannot change it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.metadata import Instant

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
