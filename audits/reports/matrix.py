"""The matrix of fields and purposes, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audits.forms.findings import schema_source
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.schema.facts import Fact, Facts
from audits.schema.vocabulary import Vocabulary
from policy.purposes import Purpose

ALWAYS, UNDER_CONDITION, NEVER = "●", "◐", "·"


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One field with the purposes for which it may be read."""

    coordinate: str
    category: str | None
    purposes: Mapping[str, str | None]
    """Each purpose with its condition; None: always."""
    retention: tuple[str, ...]
    recipients: tuple[str, ...]
    column: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Matrix:
    """The chosen rows and purposes, in the order of schema and policy."""

    purposes: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    unused: tuple[str, ...]
    """Purposes of the schema, or else of the policy, for which no field can be read."""


def matrix(
    facts: Facts,
    purposes: Sequence[str] = (),
    categories: Sequence[str] = (),
    types: Sequence[str] = (),
    recipients: Sequence[str] = (),
) -> Matrix:
    """Return every readable field; each given filter selects the fields that match one of its names."""

    def kept(fact: Fact) -> bool:
        return (
            (not purposes or any(name in fact.purposes for name in purposes))
            and (not categories or fact.category in categories)
            and (not types or fact.type_name in types)
            and (not recipients or any(name in fact.declared.recipients for name in recipients))
        )

    rows = tuple(_row(fact) for fact in facts.outputs if kept(fact))
    used = {name for row in rows for name in row.purposes}
    readable = {name for fact in facts.outputs for name in fact.purposes}
    # Purposes of another team's schema, which the policy does not know, come last.
    order = [*Purpose.__members__, *sorted(used - Purpose.__members__.keys())]
    shown = tuple(name for name in order if name in used and (not purposes or name in purposes))
    # A schema with words of its own answers for those; one without uses the policy's.
    known = Vocabulary.of_schema_alone(facts.sdl).names["Purpose"] or Purpose.__members__
    # From all fields, not from the filtered rows: a filter does not make a purpose unused.
    return Matrix(shown, rows, tuple(name for name in known if name not in readable))


def _row(fact: Fact) -> MatrixRow:
    return MatrixRow(
        fact.coordinate,
        fact.category,
        dict(fact.purposes),
        fact.retention,
        fact.declared.recipients,
        fact.declared.source,
        fact.description,
    )


def matrix_report(facts: Facts, found: Matrix) -> Report:
    """Return the report: the matrix, then the purposes and the fields in words."""
    words = Vocabulary.of_schema(facts.sdl)
    table = Table(
        ["Field", *found.purposes],
        [[code(row.coordinate, title=row.description), *_marks(row, found.purposes, words)] for row in found.rows],
        dense=True,
        legend=f"{ALWAYS} readable   {UNDER_CONDITION} readable under a condition   {NEVER} refused",
    )
    sections = [
        Section("Fields and purposes", table=table),
        Section("What the purposes mean", table=_purposes(found, words)),
        Section("Each field in words", table=_fields(found, words)),
    ]
    if found.unused:
        sections.append(
            Section("Purposes without a field", ["Nothing in the schema can be read for these."], found.unused)
        )
    figures = [
        Figure("Fields", str(len(found.rows))),
        Figure("Purposes in use", str(len(found.purposes))),
        Figure("Categories", str(len({row.category for row in found.rows if row.category}))),
        Figure("Allowed pairs", str(sum(name in row.purposes for row in found.rows for name in found.purposes))),
    ]
    lead = "What each field may be read for. A pair that is not marked is refused, for everybody."
    data = {
        "purposes": [{"name": name, "text": words.text("Purpose", name)} for name in found.purposes],
        "unusedPurposes": list(found.unused),
        "fields": [row_data(row, found.purposes) for row in found.rows],
    }
    return Report(
        "matrix", "Fields and purposes", lead, sections, data, figures, schema_source(facts), rows=_flat(found)
    )


def _marks(row: MatrixRow, purposes: Sequence[str], words: Vocabulary) -> list[Cell]:
    return [_mark(row, purpose, words) for purpose in purposes]


def _mark(row: MatrixRow, purpose: str, words: Vocabulary) -> Cell:
    if purpose not in row.purposes:
        return Cell(NEVER, "quiet", f"{row.coordinate} may not be read for {purpose}.")
    when = row.purposes[purpose]
    title = f"{row.coordinate} may be read for {purpose}: {words.text('Purpose', purpose)}"
    if when is None:
        return Cell(ALWAYS, "good", title)
    return Cell(UNDER_CONDITION, "care", f"{title} Only when: {words.text('Condition', when)}")


def _purposes(found: Matrix, words: Vocabulary) -> Table:
    known = Purpose.__members__
    return Table(
        ("Purpose", "What for", "Fields", "In the notice", "Objection (Art. 21)", "While restricted (Art. 18)"),
        [
            [
                code(name),
                cell(words.text("Purpose", name)),
                cell(sum(name in row.purposes for row in found.rows)),
                cell(known[name].notice if name in known else ""),
                cell(known[name].objection or "no" if name in known else ""),
                cell(known[name].exempt or "reads nothing" if name in known else ""),
            ]
            for name in found.purposes
        ],
    )


def _fields(found: Matrix, words: Vocabulary) -> Table:
    return Table(
        ("Field", "Category", "Kept", "May be disclosed to", "Rests in"),
        [
            [
                code(row.coordinate, title=row.description),
                cell(row.category or "—", title=words.text("DataCategory", row.category or "")),
                cell(", ".join(row.retention)),
                cell(", ".join(row.recipients)),
                code(row.column or ""),
            ]
            for row in found.rows
        ],
    )


def _flat(found: Matrix) -> Table:
    """Return the table for spreadsheets: `yes`, a condition, or empty."""

    def said(row: MatrixRow, name: str) -> str:
        return row.purposes[name] or "yes" if name in row.purposes else ""

    return Table(
        ("Field", "Category", "Retention", "Recipients", "Column", *found.purposes),
        [
            [
                code(row.coordinate),
                cell(row.category),
                cell(" ".join(row.retention)),
                cell(" ".join(row.recipients)),
                cell(row.column),
                *(cell(said(row, name)) for name in found.purposes),
            ]
            for row in found.rows
        ],
    )


def row_data(row: MatrixRow, purposes: Sequence[str]) -> dict[str, Any]:
    """Return one field in the JSON form."""
    return {
        "coordinate": row.coordinate,
        "category": row.category,
        "purposes": [{"name": name, "when": row.purposes[name]} for name in purposes if name in row.purposes],
        "retention": list(row.retention),
        "disclosedTo": list(row.recipients),
        "column": row.column,
        "description": row.description,
    }
