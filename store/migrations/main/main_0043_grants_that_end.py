"""Purposes of clients end: confirmed by a date, closed when unused, or given in an emergency."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0043"
down_revision = "main_0042"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
AT = Instant()


def upgrade() -> None:
    op.create_table(
        "client_grants",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("granted_at", AT, nullable=False),
        sa.Column("confirmed_at", AT, nullable=True),
        sa.Column("confirm_by", AT, nullable=True),
        sa.Column("last_used_at", AT, nullable=True),
        sa.Column("warned_at", AT, nullable=True),
        sa.Column("ends_at", AT, nullable=True),
        sa.Column("ends_because", sa.String(length=11), nullable=True),
        sa.Column("closed_at", AT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("leased_until", AT, nullable=True),
        sa.CheckConstraint("ends_because IN ('UNCONFIRMED', 'UNUSED')", name=op.f("ck_client_grants_ends_because")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_grants_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_grants")),
        sa.UniqueConstraint("client_id", "purpose", name=op.f("uq_client_grants_client_id_purpose")),
    )
    op.create_table(
        "emergency_grants",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("because", sa.String(length=200), nullable=False),
        sa.Column("opened_at", AT, nullable=False),
        sa.Column("opened_by", sa.String(length=16), nullable=False),
        sa.Column("ends_at", AT, nullable=False),
        sa.Column("ended_at", AT, nullable=True),
        sa.Column("reviewed_at", AT, nullable=True),
        sa.Column("reviewed_by", sa.String(length=16), nullable=True),
        sa.Column("finding", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_emergency_grants_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emergency_grants")),
    )
    op.create_index(op.f("ix_emergency_grants_client_id"), "emergency_grants", ["client_id"])
