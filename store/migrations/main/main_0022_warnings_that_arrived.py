"""Letters about an erasure and what became of them, messages that end by themselves, and requests that were refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Id, Instant

revision = "main_0022"
down_revision = "main_0021"

STATES = "state IN ('ARMED', 'BLOCKED', 'SCHEDULED', 'HELD', 'ERASING', 'ERASED', 'CANCELLED', 'REFUSED')"
OUTCOMES = "outcome IN ('DELIVERED', 'REFUSED', 'GIVEN_UP', 'POSTED', 'NO_ADDRESS')"


def upgrade() -> None:
    op.create_table(
        "erasure_letters",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("erasure_id", Id, nullable=False),
        sa.Column("kind", sa.String(length=7), nullable=False),
        sa.Column("names", Instant(), nullable=True),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("failed_at", Instant(), nullable=True),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.CheckConstraint("kind IN ('WARNING', 'LAST')", name=op.f("ck_erasure_letters_kind")),
        sa.CheckConstraint(OUTCOMES, name=op.f("ck_erasure_letters_outcome")),
        sa.ForeignKeyConstraint(["erasure_id"], ["erasures.id"], name=op.f("fk_erasure_letters_erasure_id_erasures")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_letters")),
    )
    with op.batch_alter_table("erasure_letters") as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_letters_erasure_id"), ["erasure_id"], unique=False)
    op.add_column("outbox", sa.Column("void_at", Instant(), nullable=True))
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_void_at"), ["void_at"], unique=False)
    op.add_column("erasures", sa.Column("not_due_before", Instant(), nullable=True))
    with op.batch_alter_table("erasures") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_erasures_state"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_erasures_state"), STATES)
