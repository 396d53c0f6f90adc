"""Telephone numbers and names of services are looked up; those that rest already are indexed by the upgrade."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0038"
down_revision = "main_0037"

LOOKUPS = ("PHONE", "SERVICE_NAME")


def upgrade() -> None:
    op.add_column("customers", sa.Column("phone_ref", sa.LargeBinary(length=8), nullable=True))
    op.add_column("services", sa.Column("name_ref", sa.LargeBinary(length=8), nullable=True))
    if op.get_bind().execute(sa.text("SELECT 1 FROM customers LIMIT 1")).first() is not None:
        rebuilds = sa.table("index_rebuilds", *(sa.column(each) for each in ("lookup", "after", "scanned", "awaited")))
        waiting = sa.select(rebuilds.c.lookup)
        there = set(op.get_bind().execute(waiting).scalars())
        rows = [
            {"lookup": each, "after": 0, "scanned": False, "awaited": True} for each in LOOKUPS if each not in there
        ]
        op.bulk_insert(rebuilds, rows)
