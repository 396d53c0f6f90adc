"""What signing in needs to remember."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0002"
down_revision = "main_0001"


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("bucket", sa.LargeBinary(length=16), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("closed_until", Instant(), nullable=False),
        sa.Column("last_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_guesses")),
    )
    with op.batch_alter_table("guesses") as batch_op:
        batch_op.create_index(batch_op.f("ix_guesses_last_at"), ["last_at"], unique=False)

    op.create_table(
        "alarm_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sign_in_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_alarm_links_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_alarm_links_customer_id_customers")),
        sa.ForeignKeyConstraint(["sign_in_id"], ["sign_ins.id"], name=op.f("fk_alarm_links_sign_in_id_sign_ins")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_alarm_links_secret_hash")),
    )
    with op.batch_alter_table("alarm_links") as batch_op:
        batch_op.create_index(batch_op.f("ix_alarm_links_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_alarm_links_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "known_devices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_known_devices_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_known_devices_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_known_devices")),
        sa.UniqueConstraint("credential_id", "secret_hash", name=op.f("uq_known_devices_credential_id_secret_hash")),
    )
    with op.batch_alter_table("known_devices") as batch_op:
        batch_op.create_index(batch_op.f("ix_known_devices_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "passkey_challenges",
        sa.Column("challenge_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ceremony", sa.String(length=13), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.CheckConstraint(
            "ceremony IN ('REGISTER', 'SIGN_IN', 'SECOND_FACTOR')", name=op.f("ck_passkey_challenges_ceremony")
        ),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_passkey_challenges_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_passkey_challenges_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("challenge_hash", name=op.f("pk_passkey_challenges")),
    )
    with op.batch_alter_table("passkey_challenges") as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenges_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_passkey_challenges_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "pending_sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_pending_sign_ins_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_pending_sign_ins_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_pending_sign_ins_session_id_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pending_sign_ins")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_pending_sign_ins_secret_hash")),
    )
    with op.batch_alter_table("pending_sign_ins") as batch_op:
        batch_op.create_index(batch_op.f("ix_pending_sign_ins_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_pending_sign_ins_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "reset_links",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("account_state", sa.LargeBinary(length=16), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_reset_links_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_reset_links_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reset_links")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_reset_links_secret_hash")),
    )
    with op.batch_alter_table("reset_links") as batch_op:
        batch_op.create_index(batch_op.f("ix_reset_links_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_reset_links_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "session_proofs",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=16), nullable=False),
        sa.Column("authenticated_at", Instant(), nullable=False),
        sa.Column("methods", sa.String(length=40), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_session_proofs_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_session_proofs_customer_id_customers")
        ),
        sa.ForeignKeyConstraint(["session_id"], ["sessions.id"], name=op.f("fk_session_proofs_session_id_sessions")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_session_proofs")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_session_proofs_secret_hash")),
        sa.UniqueConstraint("session_id", name=op.f("uq_session_proofs_session_id")),
    )
    with op.batch_alter_table("session_proofs") as batch_op:
        batch_op.create_index(batch_op.f("ix_session_proofs_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "passkeys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("factor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("handle", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_passkeys_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["factor_id"], ["second_factors.id"], name=op.f("fk_passkeys_factor_id_second_factors")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("factor_id", name=op.f("uq_passkeys_factor_id")),
        sa.UniqueConstraint("handle", name=op.f("uq_passkeys_handle")),
    )
    with op.batch_alter_table("passkeys") as batch_op:
        batch_op.create_index(batch_op.f("ix_passkeys_customer_id_id"), ["customer_id", "id"], unique=False)

    with op.batch_alter_table("second_factors") as batch_op:
        batch_op.add_column(sa.Column("label", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("remaining", sa.Integer(), nullable=True))
