"""how many customers a client reads."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0005"
down_revision = "main_0004"


def upgrade() -> None:
    op.create_table(
        "client_reach",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("slot", Instant(), nullable=False),
        sa.Column("sketch", sa.LargeBinary(), nullable=False),
        sa.Column("alarmed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_reach_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", "slot", name=op.f("pk_client_reach")),
    )
    with op.batch_alter_table("client_reach", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_client_reach_slot"), ["slot"], unique=False)

    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("customers_per_hour", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("beyond", sa.String(length=5), nullable=True))
        batch_op.create_check_constraint(op.f("ck_clients_beyond"), "beyond IN ('ALARM', 'STOP')")
