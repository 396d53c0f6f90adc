"""Released privacy notices and records of processing, with their validity and reasons (GDPR Art. 12, 30)."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, LargeBinary, String, Text, UniqueConstraint

from policy.papers import PAPER_KINDS
from policy.retention import RetentionRule
from store.sql.metadata import Id, Instant, choice, identity, of_staff, plain, table

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
"""Append-only. `valid_from` is a day (ISO 8601) in the controller's time zone; of the versions that began by a given
day, the highest one is in force. `operator` is a pseudonym of `store.accesses.acts`, `staff` a code; `sign_offs` is
JSON with the accepted loosening changes, by whom and why. `loosens` is a JSON list of changes, `inputs` JSON of
everything that the paper was made from, `substance` the SHA-256 of its content without version and date, and `digest`
that of all its forms."""

paper_forms = table(
    "paper_forms",
    RetentionRule.PAPERS,
    plain("paper_id", Id, None, ForeignKey("papers.id"), primary_key=True),
    plain("language", String(2), None, primary_key=True),
    plain("form", String(10), None, primary_key=True),
    plain("content", Text, None),
)
"""A released paper, byte for byte, in each language and form."""
