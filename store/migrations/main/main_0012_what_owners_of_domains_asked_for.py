"""What owners of domains asked for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0012"
down_revision = "main_0011"


def upgrade() -> None:
    op.add_column("domains", sa.Column("registrant_erasure_at", Instant(), nullable=True))
