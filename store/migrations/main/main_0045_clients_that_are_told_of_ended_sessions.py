"""Clients may be told of sessions that ended, by the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0045"
down_revision = "main_0044"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("oauth_clients", sa.Column("backchannel_logout_uri", sa.Text(), nullable=True))
    op.add_column("outbox", sa.Column("client_id", sa.String(length=64), nullable=True))
    op.add_column("outbox", sa.Column("session_id", ID, nullable=True))
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.create_foreign_key(op.f("fk_outbox_client_id_clients"), "clients", ["client_id"], ["id"])
    op.create_index(op.f("ix_outbox_client_id_next_attempt_at"), "outbox", ["client_id", "next_attempt_at"])
