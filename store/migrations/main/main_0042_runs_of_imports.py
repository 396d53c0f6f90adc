"""Runs of imports, and letters that wait for one's release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0042"
down_revision = "main_0041"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FOREIGN = "fk_outbox_held_by_imports"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("system", sa.String(length=32), nullable=True),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("read", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("mail_held", sa.Boolean(), nullable=False),
        sa.Column("released_at", Instant(), nullable=True),
        sa.Column("undone_at", Instant(), nullable=True),
        sa.Column("last_id", ID, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_table(
        "import_rows",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("customer_id", ID, nullable=False),
        sa.Column("import_id", ID, nullable=False),
        sa.Column("row", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=7), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint("action IN ('ADDED', 'CHANGED', 'SAME')", name=op.f("ck_import_rows_action")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_import_rows_customer_id_customers")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_rows_import_id_imports")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
    )
    op.create_index(op.f("ix_import_rows_customer_id_id"), "import_rows", ["customer_id", "id"])
    op.create_index(op.f("ix_import_rows_import_id_customer_id"), "import_rows", ["import_id", "customer_id"])
    # In the statement: SQLite would have to copy the table for a constraint of its own.
    kind = "BIGINT" if op.get_bind().dialect.name == "postgresql" else "INTEGER"
    op.execute(f"ALTER TABLE outbox ADD COLUMN held_by {kind} CONSTRAINT {FOREIGN} REFERENCES imports (id)")
    op.create_index(
        op.f("ix_outbox_held_by"), "outbox", ["held_by"],
        sqlite_where=sa.text("held_by IS NOT NULL"), postgresql_where=sa.text("held_by IS NOT NULL"),
    )  # fmt: skip
