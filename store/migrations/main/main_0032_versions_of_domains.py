"""Domains count their changes, so that two edits at once do not overwrite each other."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0032"
down_revision = "main_0031"


def upgrade() -> None:
    op.add_column("domains", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
