"""Who is told of events and how it is delivered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0006"
down_revision = "main_0005"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("previous_secret", sa.LargeBinary(), nullable=True),
        sa.Column("previous_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
        sa.UniqueConstraint("name", name=op.f("uq_webhooks_name")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("webhook_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("event", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("leased_until", Instant(), nullable=True))
        batch_op.add_column(sa.Column("give_up_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("trouble", sa.String(length=40), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_outbox_webhook_id_next_attempt_at"), ["webhook_id", "next_attempt_at"], unique=False
        )
        batch_op.create_foreign_key(batch_op.f("fk_outbox_webhook_id_webhooks"), "webhooks", ["webhook_id"], ["id"])
