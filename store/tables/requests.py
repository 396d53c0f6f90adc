"""The register of requests of persons about their data, whoever recorded them (GDPR Art. 12 to 22)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Index, Integer, String, Text, text

from policy.categories import Category
from policy.requests import OPEN, RequestKind, RequestState, RequestWay
from policy.retention import RetentionRule
from store.sql.metadata import Instant, choice, customer_table, of_staff, one_of_several, plain, sealed

rights_requests = customer_table(
    "rights_requests",
    RetentionRule.RIGHTS_RECORDS,
    choice("kind", tuple(kind.name for kind in RequestKind), Category.PREFERENCE),
    choice("state", tuple(state.name for state in RequestState), Category.PREFERENCE),
    choice("way", tuple(way.name for way in RequestWay), Category.PREFERENCE),
    plain("reference", String(64), Category.PREFERENCE, nullable=True),
    plain("purpose", String(40), Category.PREFERENCE, nullable=True),
    plain("entry", BigInteger, Category.PREFERENCE, nullable=True),
    sealed("said", Category.PREFERENCE),
    plain("asked_at", Instant, Category.PREFERENCE),
    plain("answer_by", Instant, Category.PREFERENCE),
    plain("extended_at", Instant, Category.PREFERENCE, nullable=True),
    plain("paused_at", Instant, Category.PREFERENCE, nullable=True),
    plain("paused_seconds", Integer, None, default=0, server_default=text("0")),
    plain("verified_at", Instant, Category.PREFERENCE, nullable=True),
    sealed("identified", Category.PREFERENCE),
    plain("answered_at", Instant, Category.PREFERENCE, nullable=True),
    sealed("because", Category.PREFERENCE),
    one_of_several("result_id", "result"),
    of_staff("opened_by", String(16), nullable=True),
    of_staff("verified_by", String(16), nullable=True),
    of_staff("answered_by", String(16), nullable=True),
    plain("signature", Text, None, nullable=True, output=False),
    plain("second_signature", Text, None, nullable=True, output=False),
)
"""`said` is the question of the person, `identified` how it was verified who asks, `because` the reason of a refusal,
an extension or a pause, or the answer to a question. `entry` is the index of the ledger that a question is about,
`result_id` the erasure or the export that came of it. The signatures are those of the one who verified, and of the
other one who carried it out, where it takes two (D12)."""

# Partial: who works on requests looks for these few rows.
Index(
    "ix_rights_requests_open",
    rights_requests.c.answer_by,
    sqlite_where=text(f"state IN {tuple(state.name for state in OPEN)}"),
    postgresql_where=text(f"state IN {tuple(state.name for state in OPEN)}"),
)
