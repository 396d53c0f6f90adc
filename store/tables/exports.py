"""The exports that customers asked for, and the sealed pieces that each consists of."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint

from policy.categories import Category
from policy.retention import RetentionRule
from store.crypto.sealing import Sealed
from store.crypto.subject_key import SubjectKey
from store.sql.metadata import Id, Instant, choice, customer_table, of_staff, plain, sealed

EXPORT_STATES = ("REQUESTED", "READY", "FAILED")
EXPORT_FORMS = ("JSON", "HTML", "PORTABLE")

exports = customer_table(
    "exports",
    RetentionRule.EXPORTS,
    choice("state", EXPORT_STATES, Category.PREFERENCE),
    plain("language", String(2), Category.PREFERENCE),
    plain("requested_at", Instant, Category.PREFERENCE, index=True),
    plain("ready_at", Instant, Category.PREFERENCE, nullable=True),
    plain("expires_at", Instant, Category.PREFERENCE, nullable=True),
    plain("attempts", Integer, None, default=0),
    plain("leased_until", Instant, None, nullable=True),
    of_staff("requested_by", String(64), nullable=True),
    sealed("requested_because", Category.ACCESS_HISTORY),
)
"""A worker that makes one holds a lease; `attempts` is its fence: what an earlier attempt still writes counts for
nothing. All forms of one export are made together, from the same reading. `requested_by` is the operator who wrote the
request down for the customer, `requested_because` how they asked."""

export_parts = customer_table(
    "export_parts",
    RetentionRule.EXPORTS,
    plain("export_id", Id, None, ForeignKey("exports.id")),
    plain("attempt", Integer, None),
    choice("form", EXPORT_FORMS, None),
    plain("position", Integer, None),
    plain("length", Integer, None),
    sealed("content", Category.NAME, output=False, nullable=False),
    UniqueConstraint("export_id", "attempt", "form", "position"),
)
"""The content may hold every category: it is filed under the most telling. `length` is that of what was sealed."""


def seal_part(key: SubjectKey, export_id: int, place: tuple[int, str, int], last: bool, content: bytes) -> Sealed:
    """Seal one piece at its place: attempt, form, position, and whether it is the last."""
    return key.seal(_bound(place, last), export_id, content)


def open_part(key: SubjectKey, export_id: int, place: tuple[int, str, int], last: bool, sealed: bytes) -> bytes:
    """The piece; SealBrokenError when it was changed, moved, or is not the last although nothing follows."""
    return key.open(_bound(place, last), export_id, sealed)


def _bound(place: tuple[int, str, int], last: bool) -> str:
    attempt, form, position = place
    return f"export_parts.content:{attempt}:{form}:{position}:{'last' if last else 'more'}"
