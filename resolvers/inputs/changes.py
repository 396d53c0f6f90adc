"""Changes that an import makes to what a file says, and its guesses: told by row and field, never with a value."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, unique


@unique
class FieldChange(Enum):
    """A way in which a value differs from what the file says, or a reason to look at it."""

    STANDARD_FORM = "was brought to its standard form"
    COMPOSED = "had letters and marks apart, and was put together (Unicode NFC)"
    MARKS = "had invisible marks at its ends, which were taken off"
    COUNTRY_CODE = "had no country code, and was read as a number of the address's country"
    DAMAGED = "looks damaged by a wrong encoding: look at it, and mend the file"
    WEAK_HASH = "is of a class too weak to keep, and was left out: the customer chooses a new password"
    UNVERIFIABLE_HASH = "is in no form that can be verified, and was left out: the customer chooses a new password"
    ASSUMED = "was missing, and was assumed"
    OF_THE_CUSTOMER = "was missing, and was taken from the customer"


DEFAULTS = frozenset({FieldChange.ASSUMED, FieldChange.OF_THE_CUSTOMER})
"""Changes that may be in every row: they are counted, not listed."""


@dataclass(frozen=True, slots=True)
class ImportChange:
    """One change: row and line as in a problem, and the position of the column in the file, counted from 1."""

    row: int
    line: int
    column: int | None
    field: str
    change: FieldChange

    def __str__(self) -> str:
        column = "" if self.column is None else f", column {self.column}"
        return f"row {self.row} (line {self.line}{column}): {self.field} {self.change.value}"
