"""Companies that carry out part of a contract: what each may get, and its undertaking of confidentiality (R7)."""

from __future__ import annotations

from sqlalchemy import LargeBinary, String, Text

from policy.retention import RetentionRule
from store.sql.metadata import Instant, identity, plain, table

partners = table(
    "partners",
    RetentionRule.CLIENT_REGISTRATION,
    identity(),
    plain("name", String(64), None, unique=True),
    plain("country", String(2), None),
    plain("purpose", String(40), None),
    plain("fields", Text, None),
    plain("created_at", Instant, None),
    plain("undertaken_at", Instant, None, nullable=True),
    plain("document", LargeBinary(32), None, nullable=True, output=False),
    plain("ended_at", Instant, None, nullable=True),
)
"""`fields` is a JSON list of schema coordinates, all that the partner may get, for one `purpose`. Until it has given
its undertaking, of which `document` is the SHA-256, and once that has ended, no client of the partner is let in."""
