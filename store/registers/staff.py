"""The register of staff: who works here, by a code that names nobody, and the keys that prove it (R24, D12)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, Text

from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, identity, plain, table

STAFF_ROLES = ("OFFICER", "OPERATOR", "SUPPORT", "AUDITOR")
"""An officer decides on requests of authorities; an operator runs the gateway; support and auditors look."""

staff = table(
    "staff",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("code", String(16), None, unique=True),
    choice("role", STAFF_ROLES, None),
    plain("added_at", Instant, None),
    plain("disabled_at", Instant, None, nullable=True),
)
"""Rows stay, disabled ones too: what somebody signed or did goes on naming their code, which is never given again."""

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
"""`public` is the public key as OpenSSH writes it, without the comment; `fingerprint` is `SHA256:…`. A fingerprint is
one person's for ever: the same key under two codes would be one person with two names."""
