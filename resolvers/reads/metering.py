"""Counts the objects that one operation reads, and stops it at its limit."""

from __future__ import annotations

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


class ReadMeter:
    """Counts the rows that an operation reads: those that passed the guard, so that rows of erased customers leave no
    trace in what is charged."""

    __slots__ = ("most", "read")

    def __init__(self, most: int = UNLIMITED) -> None:
        self.most, self.read = most, 0

    def count(self, rows: int) -> None:
        """Add rows; TooManyObjectsError beyond the limit."""
        self.read += rows
        if self.read > self.most:
            raise TooManyObjectsError(self.most)
