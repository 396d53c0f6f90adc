"""Password hashes rest sealed, and hashes of what can be guessed die with the customer's key, or with their week."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "main_0023"
down_revision = "main_0022"

VALUES = ("card_vault.fingerprint", "credentials.password_hash", "session_proofs.contexts", "oauth_families.contexts")
"""To be written anew by who has the keys (`store.upgrade.rewriting`)."""

EMPTIED = ("guesses", "slowdowns", "reset_links", "email_links")
"""Counts of a day, and links of an hour, under a key of the house: counts begin anew, links are asked for again."""


def upgrade() -> None:
    id_ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    rewrites = op.create_table(
        "value_rewrites",
        sa.Column("value", sa.String(length=40), nullable=False),
        sa.Column("after", id_, nullable=False),
        sa.Column("rewritten", sa.BigInteger(), nullable=False),
        sa.Column("lost", sa.BigInteger(), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("value", name=op.f("pk_value_rewrites")),
    )
    with op.batch_alter_table("credentials") as batch_op:
        batch_op.alter_column(
            "password_hash",
            existing_type=sa.Text(),
            existing_nullable=True,
            type_=sa.LargeBinary(),
            postgresql_using="convert_to(password_hash, 'UTF8')",
        )
    for each in EMPTIED:
        op.execute(sa.text(f"DELETE FROM {each}"))  # noqa: S608  (names of ours)
    if op.get_bind().execute(sa.text("SELECT 1 FROM customers LIMIT 1")).first() is not None:
        fresh = {"after": 0, "rewritten": 0, "lost": 0, "done": False}
        op.bulk_insert(rewrites, [{"value": each} | fresh for each in VALUES])
