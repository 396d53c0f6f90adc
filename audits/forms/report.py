"""A report before it has a form: headings, figures, paragraphs and tables, and the same facts as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SCHEMA_VERSION = 1
"""Of the JSON form: raised when a key changes its meaning or goes; new keys may come without."""

Tone = Literal["", "good", "bad", "care", "quiet"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one cell of a table."""

    text: str
    tone: Tone = ""
    title: str = ""
    """What it means, shown when somebody points at it."""
    code: bool = False
    """A name out of a program."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns.

    `dense` is for matrices, whose many narrow columns carry their names sideways. `wordy` is for rows of sentences: in
    a terminal so many of the first cells make a line, and each of the others a paragraph below it.
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
    """Lines to be copied as they stand."""
    table: Table | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that tells how things are."""

    label: str
    value: str
    tone: Tone = ""


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `data` is what its JSON form says beside the envelope."""

    kind: str
    """The command that makes it: `matrix`."""
    title: str
    lead: str
    sections: Sequence[Section]
    data: Mapping[str, Any]
    figures: Sequence[Figure] = ()
    sources: Mapping[str, str] = field(default_factory=dict)
    """What it was made from: a name and its SHA-256, or a moment."""
    language: str = "en"
    rows: Table | None = None
    """What its CSV form holds; by default the first table."""

    @property
    def flat(self) -> Table:
        """The table of the CSV form."""
        if self.rows is not None:
            return self.rows
        return next((each.table for each in self.sections if each.table is not None), Table((), ()))


def cell(value: object, tone: Tone = "", title: str = "") -> Cell:
    """A cell of plain words."""
    return Cell("" if value is None else str(value), tone, title)


def code(value: object, tone: Tone = "", title: str = "") -> Cell:
    """A cell with a name out of a program."""
    return Cell("" if value is None else str(value), tone, title, code=True)
