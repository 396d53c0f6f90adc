"""The tables of sign-in: session secrets, known devices, pending sign-ins, links, and failed attempts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, blind, choice, customer_table, owner, plain, sealed, table

CEREMONIES = ("REGISTER", "SIGN_IN", "SECOND_FACTOR")

# The secret of a row gives access, so it is not stored: `secret_hash` is the first half of its SHA-256. A slow hash is
# not needed, since the secrets are 256 random bits.

session_proofs = customer_table(
    "session_proofs",
    RetentionRule.SESSION_RECORDS,
    plain("session_id", Id, None, ForeignKey("sessions.id"), unique=True),
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    plain("authenticated_at", Instant, Category.ACCESS_HISTORY),
    plain("methods", String(40), Category.ACCESS_HISTORY),
    plain("shared", Boolean, Category.ACCESS_HISTORY),
    plain("contexts", LargeBinary, Category.ACCESS_HISTORY, nullable=True, output=False),
)
"""The cookie of a session, and its last authentication: `methods` are values of RFC 8176, separated by spaces. `shared`
sessions are at a shared computer (R41). `contexts` are keyed hashes, under the customer's own key, of the networks,
countries and devices from which it was used (`resolvers.signins.contexts`)."""

known_devices = customer_table(
    "known_devices",
    RetentionRule.SIGN_IN_RECORDS,
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    blind("secret_hash", Category.AUTH_FACTOR),
    plain("last_used_at", Instant, Category.ACCESS_HISTORY),
    UniqueConstraint("credential_id", "secret_hash"),
)
"""Browsers in which a sign-in succeeded before: password guessing from elsewhere does not slow these down."""

pending_sign_ins = customer_table(
    "pending_sign_ins",
    RetentionRule.SIGN_IN_RECORDS,
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    plain("session_id", Id, None, ForeignKey("sessions.id"), nullable=True),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    plain("shared", Boolean, Category.ACCESS_HISTORY),
    plain("expires_at", Instant, None, index=True),
)
"""Sign-ins with a correct password that wait for the second factor; with `session_id` to renew that session."""

passkeys = customer_table(
    "passkeys",
    RetentionRule.CUSTOMER_LIFE,
    plain("factor_id", Id, None, ForeignKey("second_factors.id"), unique=True),
    plain("handle", LargeBinary, Category.AUTH_FACTOR, unique=True, output=False),
    plain("public_key", LargeBinary, Category.AUTH_FACTOR, output=False),
    plain("sign_count", BigInteger, Category.AUTH_FACTOR, output=False),
)
"""WebAuthn credentials: the credential id, the public key (COSE), and the last signature counter."""

# Without a customer for a discoverable credential: the challenge is made before it is known whose it is.
passkey_challenges = table(
    "passkey_challenges",
    RetentionRule.SIGN_IN_RECORDS,
    plain("challenge_hash", LargeBinary(16), Category.AUTH_FACTOR, primary_key=True, output=False),
    owner(nullable=True),
    plain("credential_id", Id, None, ForeignKey("credentials.id"), nullable=True),
    choice("ceremony", CEREMONIES, None),
    plain("expires_at", Instant, None, index=True),
    Index(None, "customer_id"),
)
"""Outstanding WebAuthn challenges; each can be answered once."""

reset_links = customer_table(
    "reset_links",
    RetentionRule.SIGN_IN_RECORDS,
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    blind("account_state", Category.AUTH_FACTOR),
    plain("expires_at", Instant, None, index=True),
)
"""Password reset links. `account_state` is a hash, under the customer's own key, of the password and the e-mail
address: a link is void once either has changed."""

email_links = customer_table(
    "email_links",
    RetentionRule.SIGN_IN_RECORDS,
    sealed("email", Category.EMAIL, output=False, nullable=False),
    plain("session_id", Id, None, nullable=True),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    blind("account_state", Category.AUTH_FACTOR),
    plain("expires_at", Instant, None, index=True),
)
"""Links that confirm a new e-mail address, sent to it. `account_state` is a hash, under the customer's own key, of the
address to be replaced: a link is void once that has changed. The session that requested it stays open."""

alarm_links = customer_table(
    "alarm_links",
    RetentionRule.SIGN_IN_RECORDS,
    plain("sign_in_id", Id, None, ForeignKey("sign_ins.id")),
    plain("credential_id", Id, None, ForeignKey("credentials.id"), nullable=True),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    plain("expires_at", Instant, None, index=True),
)
"""Links with which a customer reports a sign-in as not their own."""

guesses = table(
    "guesses",
    RetentionRule.SIGN_IN_RECORDS,
    plain("bucket", LargeBinary(16), Category.ACCESS_HISTORY, primary_key=True, output=False),
    plain("failures", Integer, Category.ACCESS_HISTORY, output=False),
    plain("closed_until", Instant, Category.ACCESS_HISTORY, output=False),
    plain("last_at", Instant, Category.ACCESS_HISTORY, index=True, output=False),
)
"""Failed attempts, counted by account, network or device. `bucket` is a keyed hash of it, so that the table identifies
nobody; a row expires after a day, and its key after the week."""
