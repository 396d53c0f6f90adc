"""The register of requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0039"
down_revision = "main_0038"


def upgrade() -> None:
    op.create_table(
        "rights_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=11), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("way", sa.String(length=11), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("entry", sa.BigInteger(), nullable=True),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answer_by", Instant(), nullable=False),
        sa.Column("extended_at", Instant(), nullable=True),
        sa.Column("paused_at", Instant(), nullable=True),
        sa.Column("paused_seconds", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("verified_at", Instant(), nullable=True),
        sa.Column("identified", sa.LargeBinary(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("because", sa.LargeBinary(), nullable=True),
        sa.Column("result_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("opened_by", sa.String(length=16), nullable=True),
        sa.Column("verified_by", sa.String(length=16), nullable=True),
        sa.Column("answered_by", sa.String(length=16), nullable=True),
        sa.Column("signature", sa.Text(), nullable=True),
        sa.Column("second_signature", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('COPY', 'CORRECTION', 'ERASURE', 'RESTRICTION', 'OBJECTION', 'OPT_OUT', 'SIGN_OUT', 'QUESTION')",
            name=op.f("ck_rights_requests_kind"),
        ),
        sa.CheckConstraint(
            "state IN ('RECEIVED', 'PAUSED', 'VERIFIED', 'ACCEPTED', 'REFUSED', 'WITHDRAWN')",
            name=op.f("ck_rights_requests_state"),
        ),
        sa.CheckConstraint(
            "way IN ('CLIENT_AREA', 'LETTER', 'TELEPHONE', 'EMAIL', 'IN_PERSON', 'OTHER')",
            name=op.f("ck_rights_requests_way"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_rights_requests_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_requests")),
    )
    with op.batch_alter_table("rights_requests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rights_requests_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(
            "ix_rights_requests_open",
            ["answer_by"],
            unique=False,
            sqlite_where=sa.text("state IN ('RECEIVED', 'PAUSED', 'VERIFIED')"),
            postgresql_where=sa.text("state IN ('RECEIVED', 'PAUSED', 'VERIFIED')"),
        )
