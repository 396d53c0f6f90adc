"""A third refusal mode, and the origins of the browsers that a client's requests come from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0031"
down_revision = "main_0030"


def upgrade() -> None:
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_clients_refusal"), type_="check")
        batch_op.alter_column("refusal", existing_type=sa.String(length=8), type_=sa.String(length=15))
        batch_op.create_check_constraint(
            batch_op.f("ck_clients_refusal"), "refusal IN ('REFUSE', 'WITHHOLD', 'WITHHOLD_ERRORS')"
        )
        batch_op.add_column(sa.Column("origins", sa.Text(), nullable=True))
