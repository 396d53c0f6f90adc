"""What the authorization server remembers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0003"
down_revision = "main_0002"


def upgrade() -> None:
    op.create_table(
        "revocations",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('TOKEN', 'FAMILY', 'SESSION', 'CUSTOMER', 'CLIENT')", name=op.f("ck_revocations_kind")
        ),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_revocations")),
    )
    op.create_table(
        "slowdowns",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_slowdowns")),
    )
    op.create_table(
        "used_values",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_used_values")),
    )
    op.create_table(
        "oauth_clients",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("authentication", sa.String(length=15), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("redirect_uris", sa.Text(), nullable=False),
        sa.Column("keys", sa.Text(), nullable=True),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("first_party", sa.Boolean(), nullable=False),
        sa.Column("dpop", sa.Boolean(), nullable=False),
        sa.Column("pushed", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "authentication IN ('NONE', 'SECRET', 'PRIVATE_KEY_JWT')", name=op.f("ck_oauth_clients_authentication")
        ),
        sa.CheckConstraint(
            "platform IN ('CLIENT_AREA', 'MANAGEMENT_INTERFACE', 'WEBMAIL')", name=op.f("ck_oauth_clients_platform")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_oauth_clients_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_oauth_clients")),
    )
    op.create_table(
        "oauth_codes",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("family_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("challenge", sa.String(length=43), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authenticated_at", Instant(), nullable=False),
        sa.Column("amr", sa.String(length=100), nullable=False),
        sa.Column("refreshable", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_oauth_codes_client_id_clients")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_oauth_codes_customer_id_customers")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_oauth_codes")),
    )
    with op.batch_alter_table("oauth_codes") as batch_op:
        batch_op.create_index(batch_op.f("ix_oauth_codes_customer_id"), ["customer_id"], unique=False)

    op.create_table(
        "oauth_consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("given_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_oauth_consents_client_id_clients")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_oauth_consents_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_consents")),
        sa.UniqueConstraint("customer_id", "client_id", name=op.f("uq_oauth_consents_customer_id_client_id")),
    )
    with op.batch_alter_table("oauth_consents") as batch_op:
        batch_op.create_index(batch_op.f("ix_oauth_consents_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "oauth_families",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("jkt", sa.String(length=43), nullable=True),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("authenticated_at", Instant(), nullable=False),
        sa.Column("amr", sa.String(length=100), nullable=False),
        sa.Column("salt", sa.LargeBinary(length=16), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("cause", sa.String(length=13), nullable=True),
        sa.CheckConstraint(
            "cause IN ('ASKED', 'REUSED', 'CODE_REPLAYED', 'SESSION_ENDED', 'CUSTOMER_GONE')",
            name=op.f("ck_oauth_families_cause"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_oauth_families_client_id_clients")),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_oauth_families_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_families")),
    )
    with op.batch_alter_table("oauth_families") as batch_op:
        batch_op.create_index(batch_op.f("ix_oauth_families_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_oauth_families_session_id"), ["session_id"], unique=False)

    op.create_table(
        "oauth_requests",
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("parameters", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_oauth_requests_client_id_clients")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_oauth_requests")),
    )
    op.create_table(
        "oauth_secrets",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_oauth_secrets_client_id_clients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_oauth_secrets")),
    )
    with op.batch_alter_table("oauth_secrets") as batch_op:
        batch_op.create_index(batch_op.f("ix_oauth_secrets_client_id"), ["client_id"], unique=False)
