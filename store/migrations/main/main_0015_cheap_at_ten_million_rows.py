"""What is over, revoked or close to its deadline is found by index; pushed requests need no rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0015"
down_revision = "main_0014"

INDEXES = (
    ("cookie_choices", "chosen_at"),
    ("customer_changes", "at"),
    ("oauth_codes", "expires_at"),
    ("oauth_families", "expires_at"),
    ("oauth_families", "revoked_at"),
    ("revocations", "until"),
    ("revocations", "value"),
    ("sign_ins", "at"),
    ("slowdowns", "due"),
    ("used_values", "until"),
)

STANDING = sa.text("state IN ('ARMED', 'BLOCKED', 'ERASING', 'HELD', 'SCHEDULED')")


def upgrade() -> None:
    op.drop_table("oauth_requests")
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
    op.create_index("ix_erasures_state_id", "erasures", ["state", "id"], unique=False)
    op.create_index("ix_erasures_alarm_at", "erasures", ["alarm_at"], postgresql_where=STANDING, sqlite_where=STANDING)
