"""Report whether a client may send a document, field by field; the decisions come from the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from audits.forms.report import Cell, Figure, Report, Section, Table, Tone, cell, code
from audits.schema.places import SourcePosition
from audits.schema.sources import Text

Verdict = Literal["allowed", "withheld", "refused"]
VERDICTS: tuple[Verdict, ...] = ("allowed", "withheld", "refused")
"""Withheld: answered without the refused fields, if the client is registered so."""
TONES: dict[Verdict, Tone] = {"allowed": "good", "withheld": "care", "refused": "bad"}
COLUMNS = ("Field", "Verdict", "Only where", "Why", "Would be allowed for", "Column", "Where")


@dataclass(frozen=True, slots=True)
class Judged:
    """The decision about one coordinate of an operation."""

    coordinate: str
    place: SourcePosition
    allowed: bool
    conditions: tuple[str, ...]
    reason: str
    """The reason of the refusal; empty when it is allowed."""
    instead: tuple[str, ...]
    """The purposes that would be allowed."""
    column: str


@dataclass(frozen=True, slots=True)
class Explained:
    """One operation for one purpose."""

    operation: str
    purpose: str
    verdict: Verdict
    problems: tuple[str, ...]
    remarks: tuple[str, ...]
    fields: tuple[Judged, ...]
    columns: tuple[str, ...]
    """The columns that would be selected at most, as `table.column`."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The reason why the document is invalid for every client, with its position."""

    message: str
    place: SourcePosition


@dataclass(frozen=True, slots=True)
class Explanation:
    """The decisions about one document: its operations, each for every purpose; or why it is invalid."""

    text: Text
    operations: tuple[Explained, ...] = ()
    unfit: tuple[Unfit, ...] = ()

    @property
    def answered(self) -> bool:
        """True if every operation is answered completely for at least one purpose."""
        whole = {each.operation for each in self.operations if each.verdict == "allowed"}
        return not self.unfit and whole == {each.operation for each in self.operations}


def query_report(client: str, found: Sequence[Explanation]) -> Report:
    """Return the report, with one section for each operation and purpose."""
    sections = [section for each in found for section in _sections(each)]
    verdicts = [one.verdict for each in found for one in each.operations]
    invalid = sum(len(each.unfit) for each in found)
    figures = [
        Figure("Allowed", str(verdicts.count("allowed")), "good" if "allowed" in verdicts else ""),
        Figure("Withheld in part", str(verdicts.count("withheld")), "care" if "withheld" in verdicts else ""),
        Figure("Refused", str(verdicts.count("refused")), "bad" if "refused" in verdicts else ""),
        Figure("Not valid", str(invalid), "bad" if invalid else ""),
    ]
    data = {
        "client": client,
        "answered": all(each.answered for each in found),
        "documents": [_data(each) for each in found],
    }
    flat = [
        [cell(each.text.name), code(one.operation), code(one.purpose), *_field(field)]
        for each in found
        for one in each.operations
        for field in one.fields
    ]
    return Report(
        "query",
        "Document and client",
        f"What the client {client} would be answered. Nothing was read of anybody to find out.",
        sections,
        data,
        figures,
        {each.text.name: each.text.sha256 for each in found},
        rows=Table(("Document", "Operation", "Purpose", *COLUMNS), flat),
    )


def _sections(found: Explanation) -> list[Section]:
    name = found.text.name
    unfit = [Section(f"{name}: not valid", [f"{each.place}: {each.message}"]) for each in found.unfit]
    return unfit + [_section(name, each) for each in found.operations]


def _section(name: str, each: Explained) -> Section:
    said = [f"For {each.purpose} it is {each.verdict}.", *each.problems, *each.remarks]
    if each.columns:
        said.append("Columns: " + ", ".join(each.columns))
    return Section(f"{name}: {each.operation}", said, table=Table(COLUMNS, [_field(one) for one in each.fields]))


def _field(each: Judged) -> list[Cell]:
    verdict: Verdict = "allowed" if each.allowed else "refused"
    return [
        code(each.coordinate),
        cell(verdict, TONES[verdict]),
        cell(" ".join(each.conditions)),
        cell(each.reason),
        cell(" ".join(each.instead)),
        code(each.column),
        code(f"{each.place.line}:{each.place.column}"),
    ]


def _data(found: Explanation) -> dict[str, Any]:
    return {
        "file": found.text.name,
        "sha256": found.text.sha256,
        "problems": [
            {"message": each.message, "line": each.place.line, "column": each.place.column} for each in found.unfit
        ],
        "operations": [_operation(each) for each in found.operations],
    }


def _operation(each: Explained) -> dict[str, Any]:
    return {
        "operation": each.operation,
        "purpose": each.purpose,
        "verdict": each.verdict,
        "problems": list(each.problems),
        "remarks": list(each.remarks),
        "fields": [
            {
                "coordinate": one.coordinate,
                "allowed": one.allowed,
                "conditions": list(one.conditions),
                "reason": one.reason or None,
                "allowedPurposes": list(one.instead),
                "column": one.column or None,
                "line": one.place.line,
                # `column` is already the column of the database.
                "lineColumn": one.place.column,
            }
            for one in each.fields
        ],
        "columns": list(each.columns),
    }
