"""Credentials: one password for each platform, and second factors."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Integer

from policy.categories import Category
from policy.credentials import FACTOR_KINDS, STRENGTHS
from policy.platforms import PLATFORMS
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, customer_table, plain, reference, sealed

# Facts about a credential are AUTH_FACTOR; PASSWORD is kept for the secret itself, which is never an output (R16).
credentials = customer_table(
    "credentials",
    RetentionRule.CUSTOMER_LIFE,
    choice("platform", PLATFORMS, Category.AUTH_FACTOR),
    sealed("login_name", Category.LOGIN_NAME, nullable=False),
    reference("login_ref", Category.LOGIN_NAME),
    sealed("password_hash", Category.PASSWORD, output=False),
    plain("changed_at", Instant, Category.AUTH_FACTOR),
    choice("strength", STRENGTHS, Category.AUTH_FACTOR, nullable=True),
)
"""The password hash is encrypted under the customer's key: a copy could be brute-forced, slow as the hash is, and
must become useless with the key."""

second_factors = customer_table(
    "second_factors",
    RetentionRule.CUSTOMER_LIFE,
    plain("credential_id", Id, None, ForeignKey("credentials.id"), index=True),
    choice("kind", FACTOR_KINDS, Category.AUTH_FACTOR),
    sealed("secret", Category.AUTH_FACTOR, output=False, nullable=False),
    plain("confirmed_at", Instant, Category.AUTH_FACTOR, nullable=True),
    plain("last_used_at", Instant, Category.AUTH_FACTOR, nullable=True),
    plain("last_timecode", BigInteger, Category.AUTH_FACTOR, nullable=True, output=False),
    sealed("label", Category.AUTH_FACTOR),
    plain("remaining", Integer, Category.AUTH_FACTOR, nullable=True),
)
"""`last_timecode` is the newest accepted TOTP time step (RFC 6238): an equal or older one is a replay. `label` is the
customer's name for a passkey; `remaining` is the number of unused recovery codes."""
