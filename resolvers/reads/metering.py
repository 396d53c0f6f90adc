"""Counts the objects that one operation reads, and stops it at its limit."""

from __future__ import annotations

from typing import Protocol

LARGEST_INT = 2**31 - 1
"""The largest Int of GraphQL."""

UNLIMITED = 2**62
"""Objects that nobody reads."""

LIST_MOST = 1_000
"""Rows of a list without pages for each parent; what grows beyond is a connection."""


class ReadLimitError(Exception):
    """A limit forbids to show what was read; nothing of it is shown."""


class TooManyObjectsError(ReadLimitError):
    """The operation read more objects than one may."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most} objects")
        self.most = most


class ListTooLongError(Exception):
    """A list without pages is longer than such a list may be."""

    def __init__(self, most: int, read: int) -> None:
        super().__init__(f"a list of more than {most} rows")
        self.most = most
        self.read = read
        """The rows that were read to find that out."""


class RemainingBudget(Protocol):
    """The budgets of clients and customers, as far as they are shown."""

    def quota(self, customer: int | None = None) -> int:
        """The objects a minute of each customer, or else of each client."""

    def remaining(self, client_id: str, customer: int | None = None) -> tuple[int, float]:
        """The objects left, and the seconds until the budget is whole again."""


class Unmetered:
    """Sets no limit."""

    def quota(self, customer: int | None = None) -> int:
        """More than anybody reads."""
        return LARGEST_INT

    def remaining(self, client_id: str, customer: int | None = None) -> tuple[int, float]:
        """More than anybody reads."""
        return LARGEST_INT, 0.0


class ReadMeter:
    """Counts the rows that an operation reads: those that passed the guard, so that rows of erased customers leave no
    trace in what is charged."""

    __slots__ = ("budget", "most", "read")

    def __init__(self, most: int = UNLIMITED, budget: RemainingBudget | None = None) -> None:
        """`budget` is what the operation is charged to."""
        self.most, self.read = most, 0
        self.budget = Unmetered() if budget is None else budget

    def count(self, rows: int) -> None:
        """Add rows; TooManyObjectsError beyond the limit."""
        self.read += rows
        if self.read > self.most:
            raise TooManyObjectsError(self.most)
