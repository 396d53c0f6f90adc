"""Consents: append-only events of giving and withdrawing, and the current choice of cookies."""

from __future__ import annotations

from sqlalchemy import Boolean, LargeBinary, String

from policy.categories import Category
from policy.consents import CONSENT_KINDS, CONSENT_STATES
from policy.retention import RetentionRule
from store.sql.metadata import Instant, choice, customer_table, plain

consents = customer_table(
    "consents",
    RetentionRule.CONSENT_RECORDS,
    choice("kind", CONSENT_KINDS, Category.PREFERENCE),
    choice("state", CONSENT_STATES, Category.PREFERENCE),
    plain("wording_version", String(32), Category.PREFERENCE),
    plain("wording_hash", LargeBinary(32), Category.PREFERENCE),
    plain("language", String(35), Category.PREFERENCE),
    plain("source", String(64), Category.PREFERENCE),
    plain("at", Instant, Category.PREFERENCE),
)
"""The state of a kind is its newest event (highest id). `wording_hash` is the SHA-256 of the text that was shown;
`source` is the place where it was given, such as `client-area/cards` (GDPR Art. 7(1))."""

cookie_choices = customer_table(
    "cookie_choices",
    RetentionRule.COOKIE_CHOICE,
    plain("measurement", Boolean, Category.PREFERENCE),
    plain("wording_version", String(32), Category.PREFERENCE),
    plain("chosen_at", Instant, Category.PREFERENCE, index=True),
    plain("expires_at", Instant, Category.PREFERENCE),
    plain("global_privacy_control", Boolean, Category.PREFERENCE),
    single=True,
)
