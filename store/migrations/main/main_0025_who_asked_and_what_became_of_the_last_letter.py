"""Requests that an operator wrote down for a customer, and the statement on the last letter of an erasure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0025"
down_revision = "main_0024"

TO_STATE = "kind = 'LAST' AND outcome IS NOT NULL AND NOT stated"


def upgrade() -> None:
    for table, verbs in (("erasures", ("requested", "cancelled")), ("exports", ("requested",))):
        for verb in verbs:
            op.add_column(table, sa.Column(f"{verb}_by", sa.String(length=64), nullable=True))
            op.add_column(table, sa.Column(f"{verb}_because", sa.LargeBinary(), nullable=True))
    op.add_column("erasures", sa.Column("letter_statement", sa.Text(), nullable=True))
    op.add_column("erasures", sa.Column("erased_now", sa.Text(), nullable=True))
    op.add_column("erasure_letters", sa.Column("stated", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    # Their certificates have said so.
    op.execute("UPDATE erasure_letters SET stated = true WHERE kind = 'LAST' AND outcome = 'NO_ADDRESS'")
    op.create_index(
        "ix_erasure_letters_to_state",
        "erasure_letters",
        ["id"],
        postgresql_where=sa.text(TO_STATE),
        sqlite_where=sa.text(TO_STATE),
    )
