"""Nothing durable before proof: pushed requests need no rows; what is over, and what was revoked, is found by index."""

from __future__ import annotations

from alembic import op

revision = "main_0013"
down_revision = "main_0012"

INDEXES = (
    ("oauth_codes", "expires_at"),
    ("oauth_families", "expires_at"),
    ("oauth_families", "revoked_at"),
    ("revocations", "until"),
    ("revocations", "value"),
    ("slowdowns", "due"),
    ("used_values", "until"),
)


def upgrade() -> None:
    op.drop_table("oauth_requests")
    for table, column in INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
