"""The model of a report, independent of its form: headings, figures, paragraphs, tables, and the same facts as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1
"""The version of the JSON form: raised when a key changes its meaning or is removed, not for new keys."""

Tone = Literal["", "good", "bad", "care", "quiet"]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    tone: Tone = ""
    title: str = ""
    """An explanation, shown as a tooltip."""
    code: bool = False
    """True for a name from code."""
    href: str = ""
    """An address where one can do something about it; shown by forms that have links."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table.

    `dense` is for matrices with many narrow columns, whose names are rotated. `wordy` is for rows of sentences: in a
    terminal this number of first cells is one line, and each of the others a paragraph below it.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    dense: bool = False
    wordy: int = 0
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a report under its heading."""

    heading: str
    paragraphs: Sequence[str] = ()
    bullets: Sequence[str] = ()
    code: str = ""
    """Lines to be copied verbatim."""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One key figure."""

    label: str
    value: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `data` is the content of its JSON form inside the envelope."""

    kind: str
    """The command that makes it, such as `matrix`."""
    title: str
    lead: str
    sections: Sequence[Section]
    data: Mapping[str, Any]
    figures: Sequence[Figure] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """The sources of the report: a name and its SHA-256, or a time."""
    language: str = "en"
    ways: Sequence[tuple[str, str]] = ()
    """Pairs of words and address: where the reader may go on from a page of it."""
    rows: Table | None = None
    """The table for the CSV form; by default the first one."""

    @property
    def flat(self) -> Table:
        """The table of the CSV form."""
        if self.rows is not None:
            return self.rows
        # Most reports have one table only.
        return next((each.table for each in self.sections if each.table is not None), Table((), ()))


def cell(value: object, tone: Tone = "", title: str = "") -> Cell:
    """Make a cell of plain text."""
    return Cell("" if value is None else str(value), tone, title)


def link(text: str, href: str) -> Cell:
    """Make a cell that leads to an address."""
    return Cell(text, href=href)


def code(value: object, tone: Tone = "", title: str = "") -> Cell:
    """Make a cell with a name from code."""
    return Cell("" if value is None else str(value), tone, title, code=True)
