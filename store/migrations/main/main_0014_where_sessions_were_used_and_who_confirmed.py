"""Where sessions and token families were used from, and which owners of domains have confirmed that they are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0014"
down_revision = "main_0013"


def upgrade() -> None:
    op.add_column("session_proofs", sa.Column("contexts", sa.LargeBinary(), nullable=True))
    op.add_column("oauth_families", sa.Column("contexts", sa.LargeBinary(), nullable=True))
    op.add_column("domains", sa.Column("registrant_confirmed_at", Instant(), nullable=True))
    # Who was the owner before anybody had to confirm it stays the owner.
    op.execute("UPDATE domains SET registrant_confirmed_at = registered_at")
