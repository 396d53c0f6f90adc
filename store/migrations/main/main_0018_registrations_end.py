"""A registration ends, and with it that its name is nobody else's: unique is what runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0018"
down_revision = "main_0017"

RUNNING = sa.text("released_at IS NULL")
OVER = """UPDATE domains SET released_at = (SELECT terminated_at FROM services WHERE services.id = domains.service_id)
WHERE service_id IN (SELECT id FROM services WHERE status = 'TERMINATED')"""


def upgrade() -> None:
    op.add_column("domains", sa.Column("released_at", Instant(), nullable=True))
    op.execute(OVER)
    with op.batch_alter_table("domains") as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_domains_name_index"), type_="unique")
        batch_op.create_index(batch_op.f("ix_domains_name_index"), ["name_index"], unique=False)
    op.create_index(
        "uq_domains_running", "domains", ["name_index"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
    )
