"""A client may be held to the security profile FAPI 2.0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0040"
down_revision = "main_0039"


def upgrade() -> None:
    op.add_column("oauth_clients", sa.Column("fapi2", sa.Boolean(), server_default=sa.false(), nullable=False))
