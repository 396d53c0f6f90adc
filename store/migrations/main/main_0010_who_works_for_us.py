"""Who works for us."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Id, Instant

revision = "main_0010"
down_revision = "main_0009"


def upgrade() -> None:
    op.create_table(
        "partners",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("undertaken_at", Instant(), nullable=True),
        sa.Column("document", sa.LargeBinary(length=32), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_partners")),
        sa.UniqueConstraint("name", name=op.f("uq_partners_name")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("partner_id", Id, nullable=True))
        batch_op.create_foreign_key(batch_op.f("fk_clients_partner_id_partners"), "partners", ["partner_id"], ["id"])
