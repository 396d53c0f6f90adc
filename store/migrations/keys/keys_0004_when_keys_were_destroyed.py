"""When the first key was destroyed that a root key still opens in backups is found by index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "keys_0004"
down_revision = "keys_0003"


def upgrade() -> None:
    op.create_index(
        "ix_subject_keys_destroyed_at",
        "subject_keys",
        ["root_version", "destroyed_at"],
        unique=False,
        postgresql_where=sa.text("wrapped IS NULL"),
        sqlite_where=sa.text("wrapped IS NULL"),
    )
