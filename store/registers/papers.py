"""The notices and records that were released: what held from which day, and why it was changed (GDPR Art. 12, 30)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint

from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, identity, of_staff, plain, table

PAPER_KINDS = ("NOTICE", "RECORD")

papers = table(
    "papers",
    RetentionRule.PAPERS,
    identity(),
    choice("kind", PAPER_KINDS, None),
    plain("version", Integer, None),
    plain("valid_from", String(10), None),
    plain("issued_at", Instant, None),
    of_staff("operator", String(22)),
    of_staff("staff", String(16), nullable=True),
    of_staff("reason", String(200)),
    of_staff("sign_offs", Text, nullable=True),
    plain("loosens", Text, None),
    plain("inputs", Text, None),
    plain("substance", LargeBinary(32), None),
    plain("digest", LargeBinary(32), None),
    UniqueConstraint("kind", "version"),
)
"""Never changed. `valid_from` is a day (ISO 8601) in the controller's time zone; of the versions that began until a
day, the highest one holds on it. `operator` is a pseudonym of `store.accesses.acts`, `staff` a code; `sign_offs` is
JSON: who accepted what loosens, and why. `loosens` is a JSON list of changes, `inputs` JSON of all that the paper was
made from, `substance` the SHA-256 of what it says whatever its version and date, and `digest` that of all its forms."""

paper_forms = table(
    "paper_forms",
    RetentionRule.PAPERS,
    plain("paper_id", Id, None, ForeignKey("papers.id"), primary_key=True),
    plain("language", String(2), None, primary_key=True),
    plain("form", String(10), None, primary_key=True),
    plain("content", Text, None),
)
"""A released paper as it was written, byte for byte, in each language and form."""
