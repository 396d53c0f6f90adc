"""Which erasure was carried out last, by number, and which was one that a restore had undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0021"
down_revision = "main_0020"


def upgrade() -> None:
    op.create_table(
        "erasure_count",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_count")),
    )
    op.add_column("erasures", sa.Column("number", sa.BigInteger(), nullable=True))
    op.add_column("erasures", sa.Column("redone", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(op.f("ix_erasures_number"), "erasures", ["number"], unique=False)
