"""How far each recipient has been told of an erasure, when each step was done, and what tools and holds keep."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0019"
down_revision = "main_0018"

KINDS = "kind IN ('PAYMENT_AFFILIATE', 'AUTHORITY', 'REGISTRY', 'PARTNER', 'TOOL')"
STATES = "state IN ('LISTED', 'SENT', 'ACKNOWLEDGED', 'REFUSED', 'GIVEN_UP')"
METHODS = "method IN ('WEBHOOK', 'EMAIL', 'LETTER')"
STEPS = "step IN ('TOKENS', 'RECIPIENTS', 'FAREWELL', 'KEY', 'ROWS', 'FILES', 'CERTIFICATE')"
ANSWERED = (
    "UPDATE erasure_recipients SET state = CASE answer WHEN 'REFUSED' THEN 'REFUSED' ELSE 'ACKNOWLEDGED' END "
    "WHERE answer IS NOT NULL"
)
KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """`told_at` said when a recipient was listed: it gets the name of what it says."""
    with op.batch_alter_table("erasure_recipients") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_erasure_recipients_kind"), type_="check")
        batch_op.alter_column("told_at", new_column_name="listed_at")
        batch_op.add_column(sa.Column("state", sa.String(length=12), server_default="LISTED", nullable=False))
        batch_op.add_column(sa.Column("method", sa.String(length=7), nullable=True))
        batch_op.add_column(sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False))
        batch_op.add_column(sa.Column("sent_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("given_up_at", Instant(), nullable=True))
        batch_op.add_column(sa.Column("trouble", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("outbox_id", KEY, nullable=True))
        batch_op.add_column(sa.Column("keeps", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("keeps_days", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(batch_op.f("ck_erasure_recipients_kind"), KINDS)
        batch_op.create_check_constraint(batch_op.f("ck_erasure_recipients_state"), STATES)
        batch_op.create_check_constraint(batch_op.f("ck_erasure_recipients_method"), METHODS)
        batch_op.create_index(batch_op.f("ix_erasure_recipients_outbox_id"), ["outbox_id"], unique=False)
    op.execute(ANSWERED)

    op.create_table(
        "erasure_steps",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("erasure_id", KEY, nullable=False),
        sa.Column("step", sa.String(length=11), nullable=False),
        sa.Column("done_at", Instant(), nullable=False),
        sa.CheckConstraint(STEPS, name=op.f("ck_erasure_steps_step")),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erasure_steps_erasure_id_erasures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_steps")),
        sa.UniqueConstraint("erasure_id", "step", name=op.f("uq_erasure_steps_erasure_id_step")),
    )
    op.create_table(
        "recipient_contacts",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=17), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("webhook_id", KEY, nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_recipient_contacts_kind")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_recipient_contacts_webhook_id_webhooks")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recipient_contacts")),
        sa.UniqueConstraint("kind", "name", name=op.f("uq_recipient_contacts_kind_name")),
    )

    op.add_column("erasures", sa.Column("recipients_statement", sa.Text(), nullable=True))
    op.add_column("erasures", sa.Column("recipients_due_at", Instant(), nullable=True))
    op.create_index(op.f("ix_erasures_recipients_due_at"), "erasures", ["recipients_due_at"], unique=False)
    op.add_column("clients", sa.Column("keeps", sa.String(length=200), nullable=True))
    op.add_column("clients", sa.Column("keeps_days", sa.Integer(), nullable=True))
    op.add_column("erasures", sa.Column("holds", sa.Text(), nullable=True))
    op.add_column("legal_holds", sa.Column("fields", sa.Text(), nullable=True))
    op.add_column("legal_holds", sa.Column("basis", sa.String(length=200), nullable=True))
    op.add_column("legal_holds", sa.Column("embargoed_until", Instant(), nullable=True))
    op.execute("UPDATE legal_holds SET embargoed_until = until")
