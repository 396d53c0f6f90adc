"""The tables of the key store: one wrapped key for each customer, and the system keys."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text, text

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, key_metadata, plain, table

subject_keys = table(
    "subject_keys",
    RetentionRule.KEYS,
    plain("customer_id", Id, Category.CUSTOMER_ID, primary_key=True, autoincrement=False),
    plain("root_version", Integer, None, index=True),
    plain("wrapped", LargeBinary, None, nullable=True, output=False),
    plain("fingerprint", LargeBinary(16), None, output=False, index=True),
    plain("created_at", Instant, None),
    plain("destroyed_at", Instant, None, nullable=True),
    plain("erasure_number", BigInteger, None, nullable=True, index=True),
    Index(
        "ix_subject_keys_destroyed",
        "customer_id",
        postgresql_where=text("wrapped IS NULL"),
        sqlite_where=text("wrapped IS NULL"),
    ),
    Index(
        "ix_subject_keys_destroyed_at",
        "root_version",
        "destroyed_at",
        postgresql_where=text("wrapped IS NULL"),
        sqlite_where=text("wrapped IS NULL"),
    ),
    within=key_metadata,
)
"""A destroyed key keeps its row, without the key, so that an old backup of this table can be recognised.
`fingerprint` is a hash of the data key, which the erasure certificate contains. Destroyed keys have a partial index,
so that finding them does not scan the live ones (F9)."""

key_erasure_count = table(
    "key_erasure_count",
    RetentionRule.KEYS,
    plain("id", Integer, None, primary_key=True, autoincrement=False),
    plain("last", BigInteger, None),
    within=key_metadata,
)
"""One row: the number of the last erasure in this database (`store.crypto.erasure_numbers`)."""

system_keys = table(
    "system_keys",
    RetentionRule.KEYS,
    plain("name", String(64), None, primary_key=True),
    plain("root_version", Integer, None),
    plain("wrapped", LargeBinary, None, output=False),
    within=key_metadata,
)
"""Keys that belong to no customer, such as the key of the blind indexes."""

signing_keys = table(
    "signing_keys",
    RetentionRule.KEYS,
    plain("kid", String(64), None, primary_key=True),
    plain("root_version", Integer, None),
    plain("wrapped", LargeBinary, None, output=False),
    plain("public_jwk", Text, None),
    plain("created_at", Instant, None),
    plain("retired_at", Instant, None, nullable=True),
    within=key_metadata,
)
"""Private signing keys, wrapped; `public_jwk` is the public JSON Web Key."""
