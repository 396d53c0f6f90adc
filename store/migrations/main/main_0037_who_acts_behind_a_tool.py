"""Clients name who acts, and refusals are found by client."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0037"
down_revision = "main_0036"


def upgrade() -> None:
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("names_person", sa.Boolean(), nullable=True))
    with op.batch_alter_table("refusal_counts", schema=None) as batch_op:
        batch_op.create_index("ix_refusal_counts_client_id_day", ["client_id", "day"], unique=False)
