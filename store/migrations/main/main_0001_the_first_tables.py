"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from store.sql.metadata import Instant

revision = "main_0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "clients",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("purposes", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("refusal", sa.String(length=8), nullable=False),
        sa.Column("documents_only", sa.Boolean(), nullable=False),
        sa.Column("introspection", sa.Boolean(), nullable=False),
        sa.Column("max_page", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("secret_hash", sa.Text(), nullable=True),
        sa.CheckConstraint("refusal IN ('REFUSE', 'WITHHOLD')", name=op.f("ck_clients_refusal")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
    )
    op.create_table(
        "customers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_number", sa.LargeBinary(), nullable=False),
        sa.Column("customer_number_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("postal_address", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(length=16), nullable=True),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(length=35), nullable=True),
        sa.Column("product_news", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("last_service_ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customers")),
        sa.UniqueConstraint("customer_number_index", name=op.f("uq_customers_customer_number_index")),
        sa.UniqueConstraint("email_index", name=op.f("uq_customers_email_index")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("cause", sa.String(length=9), nullable=False),
        sa.Column("requested_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("when_services_end", sa.Boolean(), nullable=False),
        sa.Column("cancelled_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.CheckConstraint("cause IN ('REQUEST', 'RETENTION')", name=op.f("ck_erasures_cause")),
        sa.CheckConstraint(
            "state IN ('ARMED', 'BLOCKED', 'SCHEDULED', 'ERASING', 'ERASED', 'CANCELLED')",
            name=op.f("ck_erasures_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    with op.batch_alter_table("erasures") as batch_op:
        batch_op.create_index(batch_op.f("ix_erasures_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("dead_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
    )
    with op.batch_alter_table("outbox") as batch_op:
        batch_op.create_index(batch_op.f("ix_outbox_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_outbox_next_attempt_at"), ["next_attempt_at"], unique=False)

    op.create_table(
        "consents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=18), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("wording_version", sa.String(length=32), nullable=False),
        sa.Column("wording_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('CARD_STORAGE', 'PRODUCT_NEWS', 'COOKIE_MEASUREMENT', 'WHOIS_PUBLICATION')",
            name=op.f("ck_consents_kind"),
        ),
        sa.CheckConstraint("state IN ('GIVEN', 'WITHDRAWN')", name=op.f("ck_consents_state")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_consents_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents")),
    )
    with op.batch_alter_table("consents") as batch_op:
        batch_op.create_index(batch_op.f("ix_consents_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "cookie_choices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("measurement", sa.Boolean(), nullable=False),
        sa.Column("wording_version", sa.String(length=32), nullable=False),
        sa.Column("chosen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("global_privacy_control", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_cookie_choices_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cookie_choices")),
    )
    with op.batch_alter_table("cookie_choices") as batch_op:
        batch_op.create_index(batch_op.f("ix_cookie_choices_customer_id"), ["customer_id"], unique=True)

    op.create_table(
        "credentials",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("login_name", sa.LargeBinary(), nullable=False),
        sa.Column("login_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("strength", sa.String(length=6), nullable=True),
        sa.CheckConstraint(
            "platform IN ('CLIENT_AREA', 'MANAGEMENT_INTERFACE', 'WEBMAIL')", name=op.f("ck_credentials_platform")
        ),
        sa.CheckConstraint("strength IN ('STRONG', 'FAIR', 'WEAK')", name=op.f("ck_credentials_strength")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_credentials_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sa.UniqueConstraint("platform", "login_index", name=op.f("uq_credentials_platform_login_index")),
    )
    with op.batch_alter_table("credentials") as batch_op:
        batch_op.create_index(batch_op.f("ix_credentials_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "disclosures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("recipient_kind", sa.String(length=17), nullable=False),
        sa.Column("recipient_name", sa.String(length=200), nullable=False),
        sa.Column("recipient_country", sa.String(length=2), nullable=True),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("legal_basis", sa.String(length=40), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("trigger", sa.String(length=200), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("embargoed_until", Instant(), nullable=True),
        sa.CheckConstraint(
            "recipient_kind IN ('PAYMENT_AFFILIATE', 'AUTHORITY', 'REGISTRY', 'PARTNER')",
            name=op.f("ck_disclosures_recipient_kind"),
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_disclosures_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    with op.batch_alter_table("disclosures") as batch_op:
        batch_op.create_index(batch_op.f("ix_disclosures_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "documents",
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=True),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_documents_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", "hash", name=op.f("pk_documents")),
    )
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.String(length=32), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("paid_at", Instant(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("billed_name", sa.LargeBinary(), nullable=True),
        sa.Column("billed_address", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_invoices_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
    )
    with op.batch_alter_table("invoices") as batch_op:
        batch_op.create_index(batch_op.f("ix_invoices_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "services",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("renews_at", Instant(), nullable=True),
        sa.Column("terminated_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('WEB_HOSTING', 'MAIL_HOSTING', 'DOMAIN', 'CLOUD_SERVER', 'CERTIFICATE')",
            name=op.f("ck_services_kind"),
        ),
        sa.CheckConstraint("status IN ('ACTIVE', 'REDEMPTION', 'TERMINATED')", name=op.f("ck_services_status")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_services_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_services")),
    )
    with op.batch_alter_table("services") as batch_op:
        batch_op.create_index(batch_op.f("ix_services_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ip_address", sa.LargeBinary(), nullable=True),
        sa.Column("country", sa.LargeBinary(), nullable=True),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "platform IN ('CLIENT_AREA', 'MANAGEMENT_INTERFACE', 'WEBMAIL')", name=op.f("ck_sessions_platform")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sessions_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions") as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("platform", sa.String(length=20), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("outcome", sa.String(length=9), nullable=False),
        sa.Column("ip_address", sa.LargeBinary(), nullable=True),
        sa.Column("country", sa.LargeBinary(), nullable=True),
        sa.Column("device", sa.LargeBinary(), nullable=True),
        sa.Column("unusual", sa.Boolean(), nullable=False),
        sa.CheckConstraint("outcome IN ('SUCCEEDED', 'FAILED')", name=op.f("ck_sign_ins_outcome")),
        sa.CheckConstraint(
            "platform IN ('CLIENT_AREA', 'MANAGEMENT_INTERFACE', 'WEBMAIL')", name=op.f("ck_sign_ins_platform")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_sign_ins_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
    )
    with op.batch_alter_table("sign_ins") as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_ins_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "domains",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("service_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.Column("name_index", sa.LargeBinary(length=16), nullable=False),
        sa.Column("tld", sa.String(length=63), nullable=False),
        sa.Column("registrant_kind", sa.String(length=14), nullable=False),
        sa.Column("registrant_name", sa.LargeBinary(), nullable=True),
        sa.Column("registrant_address", sa.LargeBinary(), nullable=True),
        sa.Column("registrant_email", sa.LargeBinary(), nullable=True),
        sa.Column("registrant_phone", sa.LargeBinary(), nullable=True),
        sa.Column("hide_name", sa.Boolean(), nullable=False),
        sa.Column("hide_address", sa.Boolean(), nullable=False),
        sa.Column("hide_email", sa.Boolean(), nullable=False),
        sa.Column("hide_phone", sa.Boolean(), nullable=False),
        sa.Column("registered_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "registrant_kind IN ('NATURAL_PERSON', 'LEGAL_PERSON')", name=op.f("ck_domains_registrant_kind")
        ),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_domains_customer_id_customers")),
        sa.ForeignKeyConstraint(["service_id"], ["services.id"], name=op.f("fk_domains_service_id_services")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_domains")),
        sa.UniqueConstraint("name_index", name=op.f("uq_domains_name_index")),
    )
    with op.batch_alter_table("domains") as batch_op:
        batch_op.create_index(batch_op.f("ix_domains_customer_id_id"), ["customer_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_domains_service_id"), ["service_id"], unique=False)

    op.create_table(
        "payment_methods",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=13), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("card_brand", sa.LargeBinary(), nullable=True),
        sa.Column("card_last4", sa.LargeBinary(), nullable=True),
        sa.Column("card_expiry", sa.LargeBinary(), nullable=True),
        sa.Column("card_consent_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("paypal_account", sa.LargeBinary(), nullable=True),
        sa.Column("bank_name", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('CARD', 'PAYPAL', 'BANK_TRANSFER')", name=op.f("ck_payment_methods_kind")),
        sa.ForeignKeyConstraint(
            ["card_consent_id"], ["consents.id"], name=op.f("fk_payment_methods_card_consent_id_consents")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_payment_methods_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_methods")),
    )
    with op.batch_alter_table("payment_methods") as batch_op:
        batch_op.create_index(batch_op.f("ix_payment_methods_card_consent_id"), ["card_consent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_payment_methods_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "second_factors",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("credential_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=14), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("last_timecode", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('TOTP', 'PASSKEY', 'RECOVERY_CODES')", name=op.f("ck_second_factors_kind")),
        sa.ForeignKeyConstraint(
            ["credential_id"], ["credentials.id"], name=op.f("fk_second_factors_credential_id_credentials")
        ),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_second_factors_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_second_factors")),
    )
    with op.batch_alter_table("second_factors") as batch_op:
        batch_op.create_index(batch_op.f("ix_second_factors_credential_id"), ["credential_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_second_factors_customer_id_id"), ["customer_id", "id"], unique=False)

    op.create_table(
        "card_vault",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("customer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_method_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=16), nullable=False),
        sa.Column("stored_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_card_vault_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["payment_method_id"], ["payment_methods.id"], name=op.f("fk_card_vault_payment_method_id_payment_methods")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_vault")),
        sa.UniqueConstraint("payment_method_id", name=op.f("uq_card_vault_payment_method_id")),
    )
    with op.batch_alter_table("card_vault") as batch_op:
        batch_op.create_index(batch_op.f("ix_card_vault_customer_id_id"), ["customer_id", "id"], unique=False)
