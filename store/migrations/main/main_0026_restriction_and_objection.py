"""Restrictions, objections, what stops reads because of them, and how recipients are told (GDPR Art. 18, 19, 21)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Id, Instant

revision = "main_0026"
down_revision = "main_0025"


def upgrade() -> None:
    op.create_table(
        "notice_recipients",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("notice_id", Id, nullable=False),
        sa.Column("about", sa.String(length=13), nullable=False),
        sa.Column("kind", sa.String(length=17), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("listed_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=12), server_default="LISTED", nullable=False),
        sa.Column("method", sa.String(length=7), nullable=True),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answer", sa.String(length=12), nullable=True),
        sa.Column("given_up_at", Instant(), nullable=True),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("outbox_id", Id, nullable=True),
        sa.CheckConstraint(
            "about IN ('RESTRICTION', 'LIFTING', 'RECTIFICATION')", name=op.f("ck_notice_recipients_about")
        ),
        sa.CheckConstraint(
            "kind IN ('PAYMENT_AFFILIATE', 'AUTHORITY', 'REGISTRY', 'PARTNER', 'TOOL')",
            name=op.f("ck_notice_recipients_kind"),
        ),
        sa.CheckConstraint("method IN ('WEBHOOK', 'EMAIL', 'LETTER')", name=op.f("ck_notice_recipients_method")),
        sa.CheckConstraint(
            "state IN ('LISTED', 'SENT', 'ACKNOWLEDGED', 'REFUSED', 'GIVEN_UP')",
            name=op.f("ck_notice_recipients_state"),
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_notice_recipients_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_recipients")),
        sa.UniqueConstraint("notice_id", "kind", "name", name=op.f("uq_notice_recipients_notice_id_kind_name")),
    )
    op.create_index(
        op.f("ix_notice_recipients_customer_id_id"), "notice_recipients", ["customer_id", "id"], unique=False
    )
    op.create_index(
        "ix_notice_recipients_open",
        "notice_recipients",
        ["listed_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('LISTED', 'SENT')"),
        postgresql_where=sa.text("state IN ('LISTED', 'SENT')"),
    )
    op.create_index(op.f("ix_notice_recipients_outbox_id"), "notice_recipients", ["outbox_id"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("about", sa.String(length=13), nullable=False),
        sa.Column("fields", sa.Text(), nullable=True),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("listed_at", Instant(), nullable=True),
        sa.CheckConstraint("about IN ('RESTRICTION', 'LIFTING', 'RECTIFICATION')", name=op.f("ck_notices_about")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_notices_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
    )
    op.create_index(op.f("ix_notices_customer_id_id"), "notices", ["customer_id", "id"], unique=False)
    op.create_index(
        "ix_notices_waiting",
        "notices",
        ["asked_at"],
        unique=False,
        sqlite_where=sa.text("listed_at IS NULL"),
        postgresql_where=sa.text("listed_at IS NULL"),
    )
    op.create_table(
        "objections",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("answer_by", Instant(), nullable=False),
        sa.Column("decided_at", Instant(), nullable=True),
        sa.Column("because", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("letter_id", Id, nullable=True),
        sa.CheckConstraint("state IN ('PENDING', 'UPHELD', 'OVERRIDDEN')", name=op.f("ck_objections_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_objections_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objections")),
        sa.UniqueConstraint("customer_id", "purpose", name=op.f("uq_objections_customer_id_purpose")),
    )
    op.create_index(op.f("ix_objections_customer_id_id"), "objections", ["customer_id", "id"], unique=False)
    op.create_index(op.f("ix_objections_letter_id"), "objections", ["letter_id"], unique=False)
    op.create_index(
        "ix_objections_lifting",
        "objections",
        ["told_at"],
        unique=False,
        sqlite_where=sa.text("told_at IS NOT NULL"),
        postgresql_where=sa.text("told_at IS NOT NULL"),
    )
    op.create_index(
        "ix_objections_pending",
        "objections",
        ["answer_by"],
        unique=False,
        sqlite_where=sa.text("state = 'PENDING'"),
        postgresql_where=sa.text("state = 'PENDING'"),
    )
    op.create_table(
        "processing_stops",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_processing_stops_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_processing_stops")),
        sa.UniqueConstraint("customer_id", "subject", name=op.f("uq_processing_stops_customer_id_subject")),
    )
    op.create_index(op.f("ix_processing_stops_customer_id_id"), "processing_stops", ["customer_id", "id"], unique=False)
    op.create_table(
        "restrictions",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("ground", sa.String(length=18), nullable=False),
        sa.Column("asked_by", sa.String(length=8), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("lift_announced_at", Instant(), nullable=True),
        sa.Column("because", sa.LargeBinary(), nullable=True),
        sa.Column("told_at", Instant(), nullable=True),
        sa.Column("letter_id", Id, nullable=True),
        sa.CheckConstraint("asked_by IN ('CUSTOMER', 'STAFF', 'GATEWAY')", name=op.f("ck_restrictions_asked_by")),
        sa.CheckConstraint(
            "ground IN ('ACCURACY_CONTESTED', 'UNLAWFUL', 'LEGAL_CLAIMS', 'OBJECTION_PENDING')",
            name=op.f("ck_restrictions_ground"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_restrictions_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restrictions")),
    )
    op.create_index(op.f("ix_restrictions_customer_id"), "restrictions", ["customer_id"], unique=True)
    op.create_index(op.f("ix_restrictions_letter_id"), "restrictions", ["letter_id"], unique=False)
    op.create_index(
        "ix_restrictions_lifting",
        "restrictions",
        ["told_at"],
        unique=False,
        sqlite_where=sa.text("told_at IS NOT NULL"),
        postgresql_where=sa.text("told_at IS NOT NULL"),
    )
    op.create_table(
        "rights_events",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("customer_id", Id, nullable=False),
        sa.Column("event", sa.String(length=14), nullable=False),
        sa.Column("ground", sa.String(length=18), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("actor", sa.String(length=8), nullable=False),
        sa.Column("staff", sa.String(length=16), nullable=True),
        sa.Column("reference", sa.String(length=64), nullable=True),
        sa.Column("because", sa.LargeBinary(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("actor IN ('CUSTOMER', 'STAFF', 'GATEWAY')", name=op.f("ck_rights_events_actor")),
        sa.CheckConstraint(
            "event IN ('RESTRICTED', 'LIFT_ANNOUNCED', 'LIFTED', 'TOLD', 'OBJECTED', 'WITHDRAWN', 'UPHELD', "
            "'OVERRIDDEN')",
            name=op.f("ck_rights_events_event"),
        ),
        sa.CheckConstraint(
            "ground IN ('ACCURACY_CONTESTED', 'UNLAWFUL', 'LEGAL_CLAIMS', 'OBJECTION_PENDING')",
            name=op.f("ck_rights_events_ground"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_rights_events_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rights_events")),
    )
    op.create_index(op.f("ix_rights_events_customer_id_id"), "rights_events", ["customer_id", "id"], unique=False)
    op.add_column("erasure_recipients", sa.Column("earlier", sa.Text(), nullable=True))
