"""By what customers are found rests here, under keys that die with the root key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "keys_0005"
down_revision = "keys_0004"

KINDS = "kind IN ('EMAIL', 'CUSTOMER_NUMBER', 'LOGIN', 'DOMAIN')"
RESERVED = sa.text("reservation IS NOT NULL")


def upgrade() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "lookup_epochs",
        sa.Column("epoch", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root_version", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("epoch", name=op.f("pk_lookup_epochs")),
    )
    op.create_table(
        "lookups",
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("customer_id", id_, nullable=False),
        sa.Column("row_id", id_, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=8), nullable=False),
        sa.Column("reservation", id_, nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_lookups_kind")),
        sa.PrimaryKeyConstraint("kind", "mark", "scope", name=op.f("pk_lookups")),
    )
    op.create_index(op.f("ix_lookups_epoch"), "lookups", ["epoch"])
    op.create_index(op.f("ix_lookups_customer_id"), "lookups", ["customer_id"])
    op.create_index(
        "ix_lookups_reservation", "lookups", ["reservation"], postgresql_where=RESERVED, sqlite_where=RESERVED
    )
    op.create_table(
        "lookup_changes",
        sa.Column("id", id_, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=15), nullable=False),
        sa.Column("row_id", id_, nullable=False),
        sa.Column("scope", sa.String(length=20), nullable=False),
        sa.Column("mark", sa.LargeBinary(length=16), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("customer_id", id_, nullable=False),
        sa.Column("ref", sa.LargeBinary(length=8), nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_lookup_changes_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup_changes")),
        sa.UniqueConstraint("kind", "row_id", name=op.f("uq_lookup_changes_kind_row_id")),
    )
    op.create_index(op.f("ix_lookup_changes_epoch"), "lookup_changes", ["epoch"])
    op.create_index(op.f("ix_lookup_changes_customer_id"), "lookup_changes", ["customer_id"])
    op.create_index(op.f("ix_lookup_changes_kind_mark_scope"), "lookup_changes", ["kind", "mark", "scope"])
