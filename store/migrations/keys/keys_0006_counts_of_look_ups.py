"""Whether the data and its look-ups are of the same time is seen by what each database has counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Id

revision = "keys_0006"
down_revision = "keys_0005"


def upgrade() -> None:
    op.create_table(
        "key_lookup_count",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("last", Id, nullable=False),
        sa.Column("seen", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_lookup_count")),
    )
