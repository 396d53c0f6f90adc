"""One change of a schema as clients see it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from audits.schema.places import SourcePosition


class Impact(Enum):
    """The effect of a change on documents that were written against the old schema."""

    BREAKING = "breaking"
    """A document that was answered is refused, or answered in another type."""
    DANGEROUS = "dangerous"
    """Every document is still answered; a client that does not expect the new answer may fail."""
    SAFE = "safe"
    """No document notices."""

    @property
    def text(self) -> str:
        """The meaning as a sentence."""
        return TEXTS[self]


TEXTS = {
    Impact.BREAKING: "Documents that were answered are refused, or get another type.",
    Impact.DANGEROUS: "Documents are still answered; clients that do not expect the new answer may fail.",
    Impact.SAFE: "No document notices.",
}


@dataclass(frozen=True, slots=True)
class ClientChange:
    """One difference between two schemas that clients may notice."""

    id: str
    """The name in files, such as `field-removed`; stable, since sign-offs carry it."""
    impact: Impact
    coordinate: str
    value: str
    """The purpose, scope … of the change; empty if the coordinate says it all."""
    message: str
    place: SourcePosition
    """The position in the new schema; for a removal, in the old one."""
    accepted: str | None = None
    """The person who signed it off, with the reason; None: not signed off."""

    @property
    def needs_sign_off(self) -> bool:
        """True for what breaks documents."""
        return self.impact is Impact.BREAKING

    def signed(self, by: str) -> ClientChange:
        """Return the change, signed off."""
        return replace(self, accepted=by)
