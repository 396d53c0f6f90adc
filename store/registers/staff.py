"""The register of staff, by a code that contains no name, and their public keys (R24, D12)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text

from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, identity, plain, table

STAFF_ROLES = ("OFFICER", "OPERATOR", "SUPPORT", "AUDITOR")
"""An officer decides on requests of authorities; an operator runs the gateway; support and auditors only read."""

staff = table(
    "staff",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("code", String(16), None, unique=True),
    choice("role", STAFF_ROLES, None),
    plain("added_at", Instant, None),
    plain("disabled_at", Instant, None, nullable=True),
)
"""Rows are never deleted, only disabled: signatures and ledger entries refer to the code, which is never reused."""

staff_keys = table(
    "staff_keys",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("staff_id", Id, None, ForeignKey("staff.id"), index=True),
    plain("fingerprint", String(64), None, unique=True),
    plain("public", Text, None),
    plain("added_at", Instant, None),
    plain("removed_at", Instant, None, nullable=True),
)
"""`public` is the public key in OpenSSH's format, without the comment; `fingerprint` is `SHA256:…`. A fingerprint
belongs to one person for ever: the same key under two codes would be one person who can decide twice."""
