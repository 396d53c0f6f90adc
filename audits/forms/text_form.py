"""Reports for a terminal: tables that fit its width, wrapped texts, no control characters."""

from __future__ import annotations

import shutil
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from audits.forms.report import Cell, Report, Table

NARROWEST = 60
WIDEST = 160
LEAST = 6
"""Minimum width of a column, in characters."""


def to_text(report: Report, width: int | None = None) -> str:
    """Return the whole report, in the width of the terminal, or 100 characters without one."""
    # Clamped: a narrower table would break every word, and longer lines are hard to read.
    wide = width or max(NARROWEST, min(WIDEST, shutil.get_terminal_size((100, 24)).columns))
    return "\n".join(_lines(report, wide)).rstrip() + "\n"


def _lines(report: Report, width: int) -> Iterator[str]:
    yield printable(report.title)
    yield "=" * min(width, len(report.title))
    yield from textwrap.wrap(printable(report.lead), width)
    if report.figures:
        yield ""
        longest = max(len(each.label) for each in report.figures)
        yield from (f"  {printable(each.label):<{longest}}  {printable(each.value)}" for each in report.figures)
    for section in report.sections:
        yield ""
        yield printable(section.heading)
        yield "-" * min(width, len(section.heading))
        for paragraph in section.paragraphs:
            yield from textwrap.wrap(printable(paragraph), width)
        for bullet in section.bullets:
            yield from textwrap.wrap(printable(bullet), width, initial_indent="- ", subsequent_indent="  ")
        yield from ("    " + printable(line) for line in section.code.splitlines())
        if section.table is not None:
            yield from table_lines(section.table, width)
    yield ""
    yield from (printable(f"{name}: {value}") for name, value in report.sources.items())


def table_lines(table: Table, width: int) -> Iterator[str]:
    """Yield the lines of a table; a matrix has abbreviated columns with a legend below."""
    if not table.rows:
        yield "None."
        return
    if table.wordy:
        yield from _wordy(table, width)
        return
    heads = [printable(each) for each in table.columns]
    if table.dense:
        heads = [heads[0], *abbreviations(heads[1:])]
    widths = _widths(heads, table.rows, width)
    yield from _row(heads, widths)
    yield "  ".join("─" * each for each in widths)
    for row in table.rows:
        yield from _row([printable(each.text) for each in row], widths)
    if table.dense:
        yield ""
        yield from (f"  {letter:<4}{name}" for letter, name in zip(heads[1:], table.columns[1:], strict=True))
    if table.legend:
        yield from ("", *textwrap.wrap(printable(table.legend), width))


def _wordy(table: Table, width: int) -> Iterator[str]:
    """Yield rows of sentences: a line of the short cells, then the long ones below it."""
    for number, row in enumerate(table.rows):
        if number:
            yield ""
        yield "  ".join(printable(each.text) for each in row[: table.wordy] if each.text)
        named = zip(table.columns[table.wordy :], row[table.wordy :], strict=True)
        for name, each in ((name, each) for name, each in named if each.text):
            first, *rest = each.text.split("\n")
            label = f"    {printable(name)}: "
            yield from textwrap.wrap(label + printable(first), width, subsequent_indent="      ")
            for line in rest:
                indent = "      " if line.startswith("•") else "    "
                yield from textwrap.wrap(printable(line), width, initial_indent=indent, subsequent_indent="      ")


def abbreviations(names: Sequence[str]) -> list[str]:
    """Return unique abbreviations of names, as short as possible: SERVICE_PROVISION is SP."""
    found: list[str] = []
    for name in names:
        words = name.split("_")
        initials = "".join(word[0] for word in words) if len(words) > 1 else name[:2]
        longer = [initials, words[0][:2] + initials[1:], words[0][0] + words[-1][:2], *(name[:n] for n in range(3, 30))]
        found.append(next(each for each in longer if each not in found))
    return found


def _widths(heads: Sequence[str], rows: Sequence[Sequence[Cell]], width: int) -> list[int]:
    """Return the widths of the columns: as wide as needed, then the widest ones narrowed until the table fits."""
    needed = [
        max(columns_of(head), *(columns_of(printable(row[number].text)) for row in rows))
        for number, head in enumerate(heads)
    ]
    room = width - 2 * (len(heads) - 1)
    while sum(needed) > room and max(needed) > LEAST:
        needed[needed.index(max(needed))] -= 1
    return needed


def _row(texts: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    cells = [_wrapped(text, width) for text, width in zip(texts, widths, strict=True)]
    for number in range(max(len(each) for each in cells)):
        parts = [each[number] if number < len(each) else "" for each in cells]
        yield "  ".join(
            part + " " * (width - columns_of(part)) for part, width in zip(parts, widths, strict=True)
        ).rstrip()


def _wrapped(text: str, width: int) -> list[str]:
    """Wrap a text at blanks, and within a name after a dot, an underscore or a slash, and before a bracket."""
    if columns_of(text) <= width:
        return [text]
    # Zero-width spaces mark the places where a name may be broken.
    loose = text.replace(".", ".\u200b").replace("_", "_\u200b").replace("(", "\u200b(").replace("/", "/\u200b")
    lines: list[str] = []
    for word in loose.split(" "):
        pieces = word.split("\u200b")
        for number, piece in enumerate(pieces):
            gap = "" if number or not lines or not lines[-1] else " "
            if lines and columns_of(lines[-1] + gap + piece) <= width:
                lines[-1] += gap + piece
            else:
                lines += textwrap.wrap(piece, width) or [""]
    return lines or [""]


def columns_of(text: str) -> int:
    """Return the width of a text in columns of a terminal: two for wide letters, none for combining characters."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def printable(text: str) -> str:
    """Replace control characters: a text from a schema must not control the terminal (escape sequences)."""
    return "".join(each if each.isprintable() else " " for each in text)
