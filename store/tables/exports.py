"""The exports that customers requested, and the encrypted parts of each."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint

from policy.categories import Category
from policy.exporting import EXPORT_FORMS, EXPORT_STATES
from policy.retention import RetentionRule
from store.crypto.sealing import Sealed
from store.crypto.subject_key import SubjectKey
from store.sql.metadata import Id, Instant, choice, customer_table, of_staff, plain, sealed

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
"""The worker that makes an export holds a lease; `attempts` is its fencing number: writes of an earlier attempt are
ignored. All forms of one export are made together, from the same read. `requested_by` is the operator who recorded the
request for the customer, `requested_because` how the customer asked."""

export_parts = customer_table(
    "export_parts",
    RetentionRule.EXPORTS,
    plain("export_id", Id, None, ForeignKey("exports.id")),
    plain("attempt", Integer, None),
    choice("form", EXPORT_FORMS, None),
    plain("position", Integer, None),
    plain("length", Integer, None),
    sealed("content", Category.NAME, output=False, nullable=False),
    # A part is stored once, even by two workers that both believe to have the lease.
    UniqueConstraint("export_id", "attempt", "form", "position"),
)
"""The content may contain every category; it is declared with the most sensitive one. `length` is of the plaintext."""


def seal_part(key: SubjectKey, export_id: int, place: tuple[int, str, int], last: bool, content: bytes) -> Sealed:
    """Encrypt one part, bound to its place: attempt, form, position, and whether it is the last."""
    return key.seal(_bound(place, last), export_id, content)


def open_part(key: SubjectKey, export_id: int, place: tuple[int, str, int], last: bool, sealed: bytes) -> bytes:
    """Decrypt one part; SealBrokenError when it was changed or moved, or when the last part is missing."""
    return key.open(_bound(place, last), export_id, sealed)


def _bound(place: tuple[int, str, int], last: bool) -> str:
    attempt, form, position = place
    # All of it is associated data: parts cannot be reordered, mixed between attempts and forms, or cut off at the end.
    return f"export_parts.content:{attempt}:{form}:{position}:{'last' if last else 'more'}"
