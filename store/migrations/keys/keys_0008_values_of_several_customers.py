"""Customers are found by values that several may have."""

from __future__ import annotations

from alembic import op

revision = "keys_0008"
down_revision = "keys_0007"

KINDS = "kind IN ('EMAIL', 'CUSTOMER_NUMBER', 'LOGIN', 'DOMAIN', 'EXTERNAL_ID', 'PHONE', 'SERVICE_NAME')"


def upgrade() -> None:
    for table in ("lookups", "lookup_changes"):
        name = op.f(f"ck_{table}_kind")
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, KINDS)
