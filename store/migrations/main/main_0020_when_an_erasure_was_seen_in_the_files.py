"""When what an erasure removed was seen to be gone from the files, and the statement that says so."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0020"
down_revision = "main_0019"


def upgrade() -> None:
    op.add_column("erasures", sa.Column("files_at", Instant(), nullable=True))
    op.add_column("erasures", sa.Column("files_statement", sa.Text(), nullable=True))
    op.add_column("erasures", sa.Column("unobserved", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.create_index(
        "ix_erasures_unobserved",
        "erasures",
        ["id"],
        postgresql_where=sa.text("unobserved"),
        sqlite_where=sa.text("unobserved"),
    )
