"""Which keys were destroyed is found by index, however many live."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "keys_0002"
down_revision = "keys_0001"


def upgrade() -> None:
    op.create_index(
        op.f("ix_subject_keys_destroyed"),
        "subject_keys",
        ["customer_id"],
        unique=False,
        postgresql_where=sa.text("wrapped IS NULL"),
        sqlite_where=sa.text("wrapped IS NULL"),
    )
    op.create_index(op.f("ix_subject_keys_fingerprint"), "subject_keys", ["fingerprint"], unique=False)
