"""Blind indexes leave the data: a random number ties a row to its look-up, which rests in the key store.

Where there are customers, the former columns stay until somebody with the keys has moved what they stand for
(`store.upgrade.upgrade`), which ends with their removal.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0024"
down_revision = "main_0023"

LOOKUPS = ("EMAIL", "LOGIN", "DOMAIN", "NUMBER")
COLUMNS = {
    "customers": {"customer_number_index": "number_ref", "email_index": "email_ref"},
    "credentials": {"login_index": "login_ref"},
    "domains": {"name_index": "name_ref"},
}
UNIQUE = {
    "customers": ("uq_customers_customer_number_index", "uq_customers_email_index"),
    "credentials": ("uq_credentials_platform_login_index",),
}


def upgrade() -> None:
    op.drop_index("uq_domains_running", table_name="domains")
    op.drop_index(op.f("ix_domains_name_index"), table_name="domains")
    empty = op.get_bind().execute(sa.text("SELECT 1 FROM customers LIMIT 1")).first() is None
    for name, columns in COLUMNS.items():
        with op.batch_alter_table(name) as table:
            for constraint in UNIQUE.get(name, ()):
                table.drop_constraint(op.f(constraint), type_="unique")
            for former, ref in columns.items():
                table.add_column(sa.Column(ref, sa.LargeBinary(length=8), nullable=True))
                if empty:
                    table.drop_column(former)
                else:
                    table.alter_column(former, existing_type=sa.LargeBinary(length=16), nullable=True)
    op.drop_table("index_changes")
    rebuilds = sa.table("index_rebuilds", *(sa.column(each) for each in ("lookup", "after", "scanned", "awaited")))
    op.execute(sa.delete(rebuilds))
    if not empty:
        op.bulk_insert(rebuilds, [{"lookup": each, "after": 0, "scanned": False, "awaited": True} for each in LOOKUPS])
