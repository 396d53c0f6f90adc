"""The order of an authority: its reference as the ledger has it, and as the trigger of what was disclosed (R24)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ./:_-]{1,63}")
MARK: Final = "order:"


@dataclass(frozen=True, slots=True)
class Order:
    """One order: the same to whoever writes it down as to whoever looks for it."""

    reference: str

    @classmethod
    def of_trigger(cls, trigger: str) -> Order | None:
        """The order that called for a disclosure; None when something else did."""
        return cls(trigger.removeprefix(MARK)) if trigger.startswith(MARK) else None

    @property
    def trigger(self) -> str:
        """As `Disclosure.trigger` has it."""
        return MARK + self.reference

    @property
    def sound(self) -> bool:
        """Whether the reference may go on record: a file number, with a digit, and so nobody's name."""
        return REFERENCE.fullmatch(self.reference) is not None and any(each.isdigit() for each in self.reference)
