"""Customers are found by their ids in other systems."""

from __future__ import annotations

from alembic import op

revision = "keys_0007"
down_revision = "keys_0006"

KINDS = "kind IN ('EMAIL', 'CUSTOMER_NUMBER', 'LOGIN', 'DOMAIN', 'EXTERNAL_ID')"


def upgrade() -> None:
    for table in ("lookups", "lookup_changes"):
        name = op.f(f"ck_{table}_kind")
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, KINDS)
