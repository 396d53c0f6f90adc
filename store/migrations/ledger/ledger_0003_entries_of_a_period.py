"""Entries are found by their time."""

from __future__ import annotations

from alembic import op

revision = "ledger_0003"
down_revision = "ledger_0002"


def upgrade() -> None:
    op.create_index("ix_ledger_entries_at", "ledger_entries", ["at"], unique=False, postgresql_using="brin")
