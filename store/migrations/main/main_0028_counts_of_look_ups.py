"""Whether the data and its look-ups are of the same time is seen by what each database has counted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Id

revision = "main_0028"
down_revision = "main_0027"


def upgrade() -> None:
    op.create_table(
        "lookup_count",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("last", Id, nullable=False),
        sa.Column("seen", Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lookup_count")),
    )
