"""What customers allowed apps, under which name, until when; and since when a client's tokens are void."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0017"
down_revision = "main_0016"

CAUSES = "cause IN ('ASKED', 'REUSED', 'CODE_REPLAYED', 'SESSION_ENDED', 'CUSTOMER_GONE', 'WITHDRAWN', 'CLIENT_OFF')"
NAMED = "UPDATE {table} SET client_name = (SELECT name FROM clients WHERE clients.id = {table}.client_id)"


def upgrade() -> None:
    op.add_column("clients", sa.Column("void_until", Instant(), nullable=True))
    op.add_column("oauth_consents", sa.Column("client_name", sa.String(length=200), nullable=True))
    op.add_column("oauth_consents", sa.Column("withdrawn_at", Instant(), nullable=True))
    op.add_column("oauth_families", sa.Column("client_name", sa.String(length=200), nullable=True))
    for table in ("oauth_consents", "oauth_families"):
        op.execute(NAMED.format(table=table))
    with op.batch_alter_table("oauth_families") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_oauth_families_cause"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_oauth_families_cause"), CAUSES)
        batch_op.create_index(batch_op.f("ix_oauth_families_client_id"), ["client_id"], unique=False)
