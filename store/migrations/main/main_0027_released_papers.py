"""The notices and records that were released, each in all of its forms, which stay."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Id, Instant

revision = "main_0027"
down_revision = "main_0026"


def upgrade() -> None:
    op.create_table(
        "papers",
        sa.Column("id", Id, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("operator", sa.String(length=22), nullable=False),
        sa.Column("staff", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("sign_offs", sa.Text(), nullable=True),
        sa.Column("loosens", sa.Text(), nullable=False),
        sa.Column("inputs", sa.Text(), nullable=False),
        sa.Column("substance", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.CheckConstraint("kind IN ('NOTICE', 'RECORD')", name=op.f("ck_papers_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
        sa.UniqueConstraint("kind", "version", name=op.f("uq_papers_kind_version")),
    )
    op.create_table(
        "paper_forms",
        sa.Column("paper_id", Id, nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("form", sa.String(length=10), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_paper_forms_paper_id_papers")),
        sa.PrimaryKeyConstraint("paper_id", "language", "form", name=op.f("pk_paper_forms")),
    )
