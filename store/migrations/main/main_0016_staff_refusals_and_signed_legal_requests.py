"""Staff and their keys, what was refused by the day, and legal requests that two persons signed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0016"
down_revision = "main_0015"


def upgrade() -> None:

    op.create_table(
        "refusal_counts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("day", Instant(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("coordinate", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("operations", sa.BigInteger(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refusal_counts")),
    )
    with op.batch_alter_table("refusal_counts", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_refusal_counts_day_client_id_purpose_coordinate_reason"),
            ["day", "client_id", "purpose", "coordinate", "reason"],
            unique=True,
        )

    op.create_table(
        "staff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.CheckConstraint("role IN ('OFFICER', 'OPERATOR', 'SUPPORT', 'AUDITOR')", name=op.f("ck_staff_role")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("code", name=op.f("uq_staff_code")),
    )
    op.create_table(
        "staff_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("removed_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_keys_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_keys")),
        sa.UniqueConstraint("fingerprint", name=op.f("uq_staff_keys_fingerprint")),
    )
    with op.batch_alter_table("staff_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_staff_keys_staff_id"), ["staff_id"], unique=False)

    with op.batch_alter_table("legal_requests", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("erasure_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("period_from", Instant(), nullable=True))
        batch_op.add_column(sa.Column("period_until", Instant(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.LargeBinary(length=32), nullable=True))
        batch_op.add_column(sa.Column("signature", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("second_signature", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("told_at", Instant(), nullable=True))
        batch_op.alter_column("customer_id", existing_type=sa.INTEGER(), nullable=True)
        batch_op.create_index(
            batch_op.f("ix_legal_requests_told_at_embargoed_until"), ["told_at", "embargoed_until"], unique=False
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_legal_requests_erasure_id_erasures"), "erasures", ["erasure_id"], ["id"]
        )
