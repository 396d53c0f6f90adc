"""Partners (processors): the fields that each may receive, and its undertaking of confidentiality (R7)."""

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
"""`fields` is a JSON list of the schema coordinates that the partner may receive, for one `purpose`. Its clients are
refused before it has given its undertaking, of which `document` is the SHA-256, and after that has ended."""
