"""The cause of a disclosure, as its record has it: one text for the code that writes it and the code that reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

CauseKind = Literal["PAYMENT", "CARD", "REGISTRATION", "ORDER", "PARTNER"]
CAUSE_KINDS: Final[tuple[CauseKind, ...]] = get_args(CauseKind)
MARKS: Final[dict[CauseKind, str]] = {
    "PAYMENT": "invoice:",
    "CARD": "card:",
    "ORDER": "order:",
    "PARTNER": "partner:",
    "REGISTRATION": "",
}
"""The text before the value in the record, the empty one last. A domain's is its global id alone."""
DOMAIN: Final = "Domain_"
"""The beginning of a global id of a domain."""
INVOICE: Final = "Invoice_"


@dataclass(frozen=True, slots=True)
class Cause:
    """The kind of a cause, and what names it: the id of an invoice or domain, a reference, the name of a partner."""

    kind: CauseKind
    value: str

    @classmethod
    def of_trigger(cls, trigger: str) -> Cause | None:
        """Return the cause that a record has; None for what is none."""
        for kind, mark in MARKS.items():
            value = trigger.removeprefix(mark)
            if mark and value != trigger and value:
                return cls(kind, value)
        return cls("REGISTRATION", trigger) if trigger.startswith(DOMAIN) else None

    @property
    def trigger(self) -> str:
        """The text of the record."""
        return MARKS[self.kind] + self.value


def trigger_named(id_: str) -> str:
    """Return the text of the record of what the invoice or domain with this global id caused."""
    return Cause("PAYMENT" if id_.startswith(INVOICE) else "REGISTRATION", id_).trigger
