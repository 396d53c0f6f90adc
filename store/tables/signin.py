"""What signing in has to remember: proofs of sessions, known devices, half-done sign-ins, links, counted guesses."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, ForeignKey, Index, Integer, LargeBinary, String, UniqueConstraint

from policy.categories import Category
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, blind, choice, customer_table, owner, plain, sealed, table

CEREMONIES = ("REGISTER", "SIGN_IN", "SECOND_FACTOR")

# Whoever holds the secret of a row is let in, so the secret itself is nowhere: `secret_hash` is the first half of its
# SHA-256. The secrets are 256 random bits, which need no slow hash.

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
"""The cookie that stands for a session, and how its person was last authenticated: `methods` are words of RFC 8176
with spaces between. `shared` sessions are of a computer that others use, too (R41). `contexts` are marks, under the
customer's own key, of the networks, countries and devices that it was used from (`resolvers.signins.contexts`)."""

known_devices = customer_table(
    "known_devices",
    RetentionRule.SIGN_IN_RECORDS,
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    blind("secret_hash", Category.AUTH_FACTOR),
    plain("last_used_at", Instant, Category.ACCESS_HISTORY),
    UniqueConstraint("credential_id", "secret_hash"),
)
"""Browsers in which a sign-in succeeded before: strangers who guess a password elsewhere cannot slow these down."""

pending_sign_ins = customer_table(
    "pending_sign_ins",
    RetentionRule.SIGN_IN_RECORDS,
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    plain("session_id", Id, None, ForeignKey("sessions.id"), nullable=True),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    plain("shared", Boolean, Category.ACCESS_HISTORY),
    plain("expires_at", Instant, None, index=True),
)
"""The password was right and the second factor is awaited; with `session_id` to renew that session."""

passkeys = customer_table(
    "passkeys",
    RetentionRule.CUSTOMER_LIFE,
    plain("factor_id", Id, None, ForeignKey("second_factors.id"), unique=True),
    plain("handle", LargeBinary, Category.AUTH_FACTOR, unique=True, output=False),
    plain("public_key", LargeBinary, Category.AUTH_FACTOR, output=False),
    plain("sign_count", BigInteger, Category.AUTH_FACTOR, output=False),
)
"""What an authenticator registered (WebAuthn): the id it goes by, the key it signs with (COSE), its last counter."""

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
"""Challenges that were given out and not answered yet: each is answered once."""

reset_links = customer_table(
    "reset_links",
    RetentionRule.SIGN_IN_RECORDS,
    plain("credential_id", Id, None, ForeignKey("credentials.id")),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    blind("account_state", Category.AUTH_FACTOR),
    plain("expires_at", Instant, None, index=True),
)
"""Links to a new password. `account_state` is a hash, under the customer's own key, of what the link was sent for: it
opens nothing once the password or the e-mail address has changed."""

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
address that it takes the place of: the link opens nothing once that has changed. The session that asked stays open."""

alarm_links = customer_table(
    "alarm_links",
    RetentionRule.SIGN_IN_RECORDS,
    plain("sign_in_id", Id, None, ForeignKey("sign_ins.id")),
    plain("credential_id", Id, None, ForeignKey("credentials.id"), nullable=True),
    blind("secret_hash", Category.AUTH_FACTOR, unique=True),
    plain("expires_at", Instant, None, index=True),
)
"""Links by which a customer says that a sign-in was not theirs."""

guesses = table(
    "guesses",
    RetentionRule.SIGN_IN_RECORDS,
    plain("bucket", LargeBinary(16), Category.ACCESS_HISTORY, primary_key=True, output=False),
    plain("failures", Integer, Category.ACCESS_HISTORY, output=False),
    plain("closed_until", Instant, Category.ACCESS_HISTORY, output=False),
    plain("last_at", Instant, Category.ACCESS_HISTORY, index=True, output=False),
)
"""Failed attempts, counted by what they have in common. `bucket` is a keyed fingerprint of an account, a network or a
device, so that the table names nobody; a row is of no use a day later, and its key ends with the week."""
