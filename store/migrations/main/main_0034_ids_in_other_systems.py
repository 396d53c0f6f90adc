"""Customers have an id in the system that they were imported from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0034"
down_revision = "main_0033"


def upgrade() -> None:
    op.add_column("customers", sa.Column("external_id", sa.LargeBinary(), nullable=True))
    op.add_column("customers", sa.Column("external_ref", sa.LargeBinary(length=8), nullable=True))
    with op.batch_alter_table("index_rebuilds") as batch_op:
        batch_op.alter_column("lookup", type_=sa.String(length=12), existing_nullable=False)
