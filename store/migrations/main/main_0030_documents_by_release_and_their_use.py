"""Documents by release and their use."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0030"
down_revision = "main_0029"


def upgrade() -> None:
    op.create_table(
        "document_releases",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("release", sa.String(length=40), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_document_releases_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", "hash", "release", name=op.f("pk_document_releases")),
    )
    op.create_table(
        "observed_documents",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("shape", sa.String(length=64), nullable=False),
        sa.Column("operations", sa.BigInteger(), nullable=False),
        sa.Column("first_at", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_observed_documents_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", "shape", name=op.f("pk_observed_documents")),
    )
    with op.batch_alter_table("clients", schema=None) as batch_op:
        batch_op.add_column(sa.Column("documents_observed_at", Instant(), nullable=True))

    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.add_column(sa.Column("uses", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("last_used_at", Instant(), nullable=True))
