"""Lists of all services and invoices have indexes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0033"
down_revision = "main_0032"


def upgrade() -> None:
    with op.batch_alter_table("invoices", schema=None) as batch_op:
        batch_op.create_index("ix_invoices_issued_at", ["issued_at"], unique=False)
        batch_op.create_index(
            "ix_invoices_open_id",
            ["id"],
            unique=False,
            sqlite_where=sa.text("paid_at IS NULL"),
            postgresql_where=sa.text("paid_at IS NULL"),
        )

    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.create_index("ix_services_kind_status_id", ["kind", "status", "id"], unique=False)
        batch_op.create_index("ix_services_renews_at", ["renews_at"], unique=False)
