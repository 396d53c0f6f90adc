"""The part of the diff that is about clients: which documents break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from audits.compatibility.changes import ClientChange, Impact
from audits.compatibility.comparing import breaking
from audits.forms.report import Cell, Figure, Section, Table, Tone, cell, code

TONES: dict[Impact, Tone] = {Impact.BREAKING: "bad", Impact.DANGEROUS: "care", Impact.SAFE: "quiet"}


def client_figures(changes: Sequence[ClientChange]) -> list[Figure]:
    """Return the counts by impact."""
    counts = Counter(each.impact for each in changes)
    return [
        Figure("Breaking", str(counts[Impact.BREAKING]), "bad" if breaking(changes) else ""),
        Figure("Dangerous", str(counts[Impact.DANGEROUS]), "care" if counts[Impact.DANGEROUS] else ""),
        Figure("Safe", str(counts[Impact.SAFE])),
    ]


def client_sections(changes: Sequence[ClientChange]) -> list[Section]:
    """Return a table of the changes, the breaking ones first."""
    if not changes:
        return []
    columns = ("Impact", "Coordinate", "Change", "What", "Where")
    return [Section("What changed for clients", table=Table(columns, [_row(each) for each in changes], wordy=3))]


def _row(change: ClientChange) -> list[Cell]:
    shown = f"{change.impact.value}, accepted" if change.accepted else change.impact.value
    said = f"{change.message} Accepted by {change.accepted}" if change.accepted else change.message
    return [
        cell(shown, "care" if change.accepted else TONES[change.impact], change.accepted or change.impact.text),
        code(change.coordinate),
        code(change.id),
        cell(said),
        code(change.place),
    ]


def client_data(changes: Sequence[ClientChange]) -> dict[str, Any]:
    """Return the JSON form."""
    open_, counts = breaking(changes), Counter(each.impact for each in changes)
    accepted = counts[Impact.BREAKING] - len(open_)
    return {
        "verdict": "breaks" if open_ else "accepted" if accepted else "ok",
        "counts": {each.value: counts[each] for each in Impact} | {"accepted": accepted},
        "changes": [
            {
                "change": each.id,
                "impact": each.impact.value,
                "coordinate": each.coordinate,
                "value": each.value,
                "message": each.message,
                "file": each.place.file,
                "line": each.place.line,
                "column": each.place.column,
                "accepted": each.accepted,
            }
            for each in changes
        ],
    }
