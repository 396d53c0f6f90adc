"""Report of the released papers: the version in force, and deviations from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from audits.forms.findings import finding_data
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.papers.issued import Issued
from audits.papers.state import PaperState
from audits.schema.checks import Check, in_order
from values.date_time import in_seconds


def papers_report(found: Sequence[PaperState], now: datetime) -> Report:
    """Return the report: both papers, then all deviations."""
    findings = in_order([each for state in found for each in state.findings])
    errors = sum(each.level == "error" for each in findings)
    table = Table(("Paper", "Version", "Holds from", "Released", "Newest", "SHA-256"), [_row(each) for each in found])
    sections = [Section("Released", table=table)]
    if findings:
        advice = [f"{each.level}: {each.message} {each.advice}" for each in findings]
        sections.append(Section("What is not as they say", bullets=advice))
    figures = [Figure("Errors", str(errors), "bad" if errors else ""), Figure("Findings", str(len(findings)))]
    lead = (
        "The released papers say what is so today." if not findings else "The released papers are not what is so today."
    )
    data = {"papers": [_data(each) for each in found], "findings": [finding_data(each) for each in findings]}
    moment = in_seconds(now)
    return Report("papers", "Released papers", lead, sections, data, figures, {"Read at": moment})


def _row(state: PaperState) -> list[Cell]:
    held, newest = state.held, state.newest
    altered = any(each.check is Check.PAPER_ALTERED for each in state.findings)
    return [
        code(state.kind),
        cell(held.version if held else "altered" if altered else "none in force", "" if held else "bad"),
        cell(held.day if held else ""),
        cell(f"{held.at:%Y-%m-%d}" if held else ""),
        cell(f"{newest.version}, from {newest.day}" if newest and newest != held else ""),
        code(held.digest.hex() if held else ""),
    ]


def paper_data(paper: Issued | None) -> dict[str, Any] | None:
    """Return a version in the JSON form."""
    if paper is None:
        return None
    return {
        "kind": paper.kind,
        "version": paper.version,
        "validFrom": f"{paper.day}",
        "issuedOn": f"{paper.at:%Y-%m-%d}",
        "sha256": paper.digest.hex(),
        "loosens": list(paper.loosens),
    }


def _data(state: PaperState) -> dict[str, Any]:
    return {
        "kind": state.kind,
        "inForce": paper_data(state.held),
        "newest": paper_data(state.newest),
        "changes": [each.message for each in state.changes],
    }
