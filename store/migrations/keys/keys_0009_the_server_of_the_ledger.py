"""The server that has the ledger, and the last entry that it has acknowledged."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "keys_0009"
down_revision = "keys_0008"


def upgrade() -> None:
    op.create_table(
        "ledger_server",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("system", sa.BigInteger(), nullable=False),
        sa.Column("timeline", sa.Text(), nullable=False),
        sa.Column("synchronous", sa.Boolean(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("lost_from", Instant(), nullable=True),
        sa.Column("lost_to", Instant(), nullable=True),
        sa.Column("resumed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_server")),
    )
