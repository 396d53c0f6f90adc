"""Documents say whether an agent may change something by them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0044"
down_revision = "main_0043"


def upgrade() -> None:
    op.add_column("documents", sa.Column("acting", sa.Boolean(), nullable=True))
