"""The tables of the authorization server: client metadata and secrets, codes, token families and revocations."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    false,
)

from policy.categories import Category
from policy.platforms import PLATFORMS
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, customer_table, identity, owner, plain, table

AUTHENTICATIONS = ("NONE", "SECRET", "PRIVATE_KEY_JWT")
CAUSES = ("ASKED", "REUSED", "CODE_REPLAYED", "SESSION_ENDED", "CUSTOMER_GONE", "WITHDRAWN", "CLIENT_OFF")
NEWS = ("TOKEN", "FAMILY", "SESSION", "CUSTOMER", "CLIENT")

oauth_clients = table(
    "oauth_clients",
    RetentionRule.CLIENT_REGISTRATION,
    plain("client_id", String(64), None, ForeignKey("clients.id"), primary_key=True),
    choice("authentication", AUTHENTICATIONS, None),
    plain("grants", Text, None),
    plain("redirect_uris", Text, None),
    plain("keys", Text, None, nullable=True),
    choice("platform", PLATFORMS, None),
    plain("first_party", Boolean, None),
    plain("dpop", Boolean, None),
    plain("pushed", Boolean, None),
    plain("fapi2", Boolean, None, default=False, server_default=false()),
    plain("backchannel_logout_uri", Text, None, nullable=True),
)
"""The OAuth metadata of a row of `clients`. `grants` and `redirect_uris` are JSON lists, `keys` is a JSON Web Key Set
of public keys; `dpop` and `pushed` require sender-constrained tokens and pushed requests. `platform` is the sign-in
that a customer needs: a webmail password does not open the client area. `fapi2` holds the client to that profile.
`backchannel_logout_uri` is told of sessions that ended."""

oauth_secrets = table(
    "oauth_secrets",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("client_id", String(64), None, ForeignKey("clients.id"), index=True),
    plain("hash", LargeBinary(32), None, output=False),
    plain("created_at", Instant, None),
    plain("expires_at", Instant, None, nullable=True),
)
"""A client's secrets as HMAC-SHA256 under a system key; two are valid while one replaces the other."""

oauth_codes = table(
    "oauth_codes",
    RetentionRule.SESSION_RECORDS,
    plain("hash", LargeBinary(32), None, primary_key=True, output=False),
    owner(),
    plain("client_id", String(64), None, ForeignKey("clients.id")),
    plain("family_id", Id, None),
    plain("redirect_uri", Text, None),
    plain("scope", Text, None),
    plain("challenge", String(43), None),
    plain("jkt", String(43), None, nullable=True),
    plain("nonce", String(255), None, nullable=True, output=False),
    plain("session_id", Id, Category.ACCESS_HISTORY),
    plain("authenticated_at", Instant, Category.ACCESS_HISTORY),
    plain("amr", String(100), Category.AUTH_FACTOR),
    plain("refreshable", Boolean, None),
    plain("expires_at", Instant, None, index=True),
    plain("used_at", Instant, None, nullable=True),
    Index(None, "customer_id"),
)
"""Authorization codes by their SHA-256. A used code is kept as long as its tokens: a second use revokes them.
`nonce` is the client's own, for its ID token. Without `refreshable` no refresh token is issued: the customer signed in
at a shared computer (R41)."""

oauth_families = customer_table(
    "oauth_families",
    RetentionRule.SESSION_RECORDS,
    plain("client_id", String(64), Category.ACCESS_HISTORY, ForeignKey("clients.id"), index=True),
    plain("scope", Text, Category.ACCESS_HISTORY),
    plain("jkt", String(43), None, nullable=True),
    plain("session_id", Id, Category.ACCESS_HISTORY, index=True),
    plain("authenticated_at", Instant, Category.ACCESS_HISTORY),
    plain("amr", String(100), Category.AUTH_FACTOR),
    plain("salt", LargeBinary(16), None, output=False),
    plain("generation", Integer, None),
    plain("created_at", Instant, Category.ACCESS_HISTORY),
    plain("expires_at", Instant, Category.ACCESS_HISTORY, index=True),
    plain("ends_at", Instant, Category.ACCESS_HISTORY),
    plain("revoked_at", Instant, Category.ACCESS_HISTORY, nullable=True, index=True),
    choice("cause", CAUSES, None, nullable=True),
    plain("contexts", LargeBinary, Category.ACCESS_HISTORY, nullable=True, output=False),
    plain("client_name", String(200), Category.ACCESS_HISTORY, nullable=True),
)
"""Token families: all tokens from one authorization code, with the client's name at that time. Only the refresh token
of `generation` is valid; each use makes the next one. A family expires when it is not used until `expires_at`, and in
any case at `ends_at`. `contexts` are keyed hashes, under the customer's own key, of the networks, countries and devices
from which a public client's tokens were used."""

oauth_consents = customer_table(
    "oauth_consents",
    RetentionRule.CONSENT_RECORDS,
    plain("client_id", String(64), Category.PREFERENCE, ForeignKey("clients.id")),
    plain("scope", Text, Category.PREFERENCE),
    plain("given_at", Instant, Category.PREFERENCE),
    plain("client_name", String(200), Category.PREFERENCE, nullable=True),
    plain("withdrawn_at", Instant, Category.PREFERENCE, nullable=True),
    UniqueConstraint("customer_id", "client_id"),
)
"""The scopes that a customer granted to a third-party client, with the name that was shown, until the withdrawal."""

revocations = table(
    "revocations",
    RetentionRule.SESSION_RECORDS,
    plain("sequence", Id, None, primary_key=True, autoincrement=False),
    choice("kind", NEWS, None),
    plain("value", String(64), Category.CUSTOMER_ID, output=False, index=True),
    plain("until", Instant, None, index=True),
)
"""Revocations in the order of `sequence`, kept until every affected token has expired, and changed client registrations
(kind CLIENT). Written by `store.queue.revocations` only."""

used_values = table(
    "used_values",
    RetentionRule.SESSION_RECORDS,
    plain("hash", LargeBinary(32), None, primary_key=True, output=False),
    plain("until", Instant, None, index=True),
)
"""Used single-use values by their SHA-256, kept until they would have expired anyway."""

slowdowns = table(
    "slowdowns",
    RetentionRule.SIGN_IN_RECORDS,
    plain("key", String(32), None, primary_key=True, output=False),
    plain("due", BigInteger, None, index=True),
)
"""Rate limits of failed attempts by a keyed hash of their source, under a weekly key; `due` is the theoretical arrival
time of the GCRA in Unix milliseconds."""
