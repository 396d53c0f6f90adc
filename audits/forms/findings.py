"""The lint as a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from audits.forms.report import Cell, Figure, Report, Section, Table, Tone, cell, code
from audits.schema.checks import LEVELS, Finding
from audits.schema.facts import Facts

TONES: dict[str, Tone] = {"error": "bad", "warning": "care", "note": "quiet"}


def lint_report(facts: Facts, findings: Sequence[Finding]) -> Report:
    """Report every finding with its place and advice, figures first."""
    counts = Counter(each.level for each in findings)
    accepted = sum(1 for each in findings if each.accepted)
    figures = [
        Figure("Errors", str(counts["error"]), "bad" if counts["error"] else "good"),
        Figure("Warnings", str(counts["warning"]), "care" if counts["warning"] else ""),
        Figure("Notes", str(counts["note"])),
        Figure("Personal fields", str(len(facts.personal))),
        Figure("Types", str(len(facts.sdl.types))),
    ]
    clean = not counts["error"]
    lead = (
        "Every field with personal data names its category, its purposes and how long it is kept."
        if clean
        else "The schema is not safe to serve until the errors are mended."
    )
    sections = [Section("Findings", table=findings_table(findings))] if findings else []
    data = {
        "clean": clean,
        "counts": {level: counts[level] for level in LEVELS} | {"accepted": accepted},
        "types": len(facts.sdl.types),
        "personalFields": len(facts.personal),
        "findings": [finding_data(each) for each in findings],
    }
    return Report("lint", "Lint of the schema", lead, sections, data, figures, schema_source(facts))


def findings_table(findings: Sequence[Finding]) -> Table:
    """Return a table with one row for each finding."""
    columns = ("Level", "Where", "Check", "What", "What to do")
    return Table(columns, [_row(each) for each in findings], wordy=3)


def _row(finding: Finding) -> list[Cell]:
    # A signed-off finding shows its justification instead of the advice.
    advice = f"Accepted by {finding.accepted}" if finding.accepted else finding.advice
    return [
        cell(finding.level, TONES[finding.level]),
        code(finding.place),
        code(finding.check.id),
        cell(finding.message),
        cell(advice),
    ]


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return one finding in the JSON form."""
    return {
        "check": finding.check.id,
        "level": finding.level,
        "coordinate": finding.coordinate or None,
        "message": finding.message,
        "advice": finding.advice,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "accepted": finding.accepted,
    }


def schema_source(facts: Facts, name: str = "Schema") -> dict[str, str]:
    """Return the sources of a report about a schema: its name and SHA-256."""
    return {name: facts.sdl.name, f"{name} SHA-256": facts.sdl.sha256}
