"""Authorization codes keep the nonce that their ID token repeats (OpenID Connect)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0035"
down_revision = "main_0034"


def upgrade() -> None:
    op.add_column("oauth_codes", sa.Column("nonce", sa.String(length=255), nullable=True))
