"""The reference of an authority's order, as the ledger and the trigger of a disclosure contain it (R24)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, get_args

from policy.causes import Cause

REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./:_-]{1,63}")

LegalState = Literal["FILED", "APPROVED", "ANSWERED", "REFUSED"]
LEGAL_STATES: Final[tuple[LegalState, ...]] = get_args(LegalState)
"""The states of a binding request: filed by one officer, decided by a second, answered (R24)."""
APPROVED: Final[tuple[LegalState, ...]] = ("APPROVED", "ANSWERED")
"""States that the second officer's approval leads to."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order of an authority, in the same form for the code that records it and the code that searches for it."""

    reference: str

    @classmethod
    def of_trigger(cls, trigger: str) -> Order | None:
        """Return the order that caused a disclosure; None when something else did."""
        cause = Cause.of_trigger(trigger)
        return cls(cause.value) if cause is not None and cause.kind == "ORDER" else None

    @property
    def trigger(self) -> str:
        """The cause of a disclosure, as its record has it."""
        return Cause("ORDER", self.reference).trigger

    @property
    def sound(self) -> bool:
        """True if the reference may be recorded: a file number with a digit, so that it cannot be a person's name."""
        return REFERENCE.fullmatch(self.reference) is not None and any(each.isdigit() for each in self.reference)
