"""The diff as a report: for clients, for privacy and for the notice, with the required sign-offs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from audits.compatibility.changes import ClientChange
from audits.compatibility.comparing import breaking
from audits.forms.findings import schema_source
from audits.forms.report import Cell, Figure, Report, Section, Table, Tone, cell, code
from audits.reports.diff_clients import client_data, client_figures, client_sections
from audits.schema.changes import Direction, SchemaChange, Severity
from audits.schema.diff import loosening, uses
from audits.schema.facts import Facts
from audits.schema.signoffs import SignOff, proposed
from audits.schema.vocabulary import Vocabulary

TONES: dict[Direction, Tone] = {Direction.LOOSENS: "bad", Direction.TIGHTENS: "good", Direction.NEUTRAL: "quiet"}


def diff_report(
    old: Facts,
    new: Facts,
    changes: Sequence[SchemaChange],
    clients: Sequence[ClientChange] = (),
    stale: Sequence[SignOff] = (),
) -> Report:
    """Return the report: counts first, then every change for clients and for privacy, then the notice's."""
    open_, breaks = loosening(changes), breaking(clients)
    counts = Counter(each.kind.direction for each in changes)
    heaviest = next((each for each in Severity if any(change.kind.severity is each for change in changes)), None)
    notice = notice_changes(old, new)
    figures = [
        *client_figures(clients),
        Figure("Loosen", str(counts[Direction.LOOSENS]), "bad" if open_ else ""),
        Figure("Signed off", str(counts[Direction.LOOSENS] - len(open_))),
        Figure("Tighten", str(counts[Direction.TIGHTENS]), "good" if counts[Direction.TIGHTENS] else ""),
        Figure("Neutral", str(counts[Direction.NEUTRAL])),
        Figure("Weightiest", heaviest.value if heaviest else "none"),
    ]
    data = {
        "verdict": "loosens" if open_ else "accepted" if counts[Direction.LOOSENS] else "ok",
        "counts": {each.value: counts[each] for each in Direction}
        | {"accepted": counts[Direction.LOOSENS] - len(open_)},
        "severity": heaviest.value if heaviest else None,
        "changes": [change_data(each) for each in changes],
        "noticeChanges": notice,
        "clients": client_data(clients),
        "staleSignOffs": [{"coordinate": each.coordinate, "change": each.change} for each in stale],
    }
    sections = client_sections(clients)
    if changes:
        sections.append(Section("What changed for privacy", table=_table(changes)))
    if notice:
        sections.append(
            Section("What the privacy notice will say differently", bullets=[_said(each) for each in notice])
        )
    if open_ or breaks:
        hint = "Whoever may decide fills in who and why; then: gateway schema diff OLD NEW --accept FILE"
        sections.append(Section("Sign-offs that are needed", [hint], code=proposed([*breaks, *open_]).strip()))
    if stale:
        unused = [f"{each.change} of {each.coordinate} ({each.by})" for each in stale]
        sections.append(Section("Sign-offs of something that did not happen: remove them", bullets=unused))
    sources = schema_source(old, "Old schema") | schema_source(new, "New schema")
    lead = f"{_clients_lead(clients, breaks)} {_lead(changes, open_)}"
    return Report("diff", "What changed in the schema", lead, sections, data, figures, sources)


def _clients_lead(clients: Sequence[ClientChange], breaks: Sequence[ClientChange]) -> str:
    if not clients:
        return "Nothing that clients could notice changed."
    if breaks:
        return f"{len(breaks)} of {len(clients)} changes break documents of clients and are not signed off."
    return "No change breaks documents of clients without a sign-off."


def _lead(changes: Sequence[SchemaChange], open_: Sequence[SchemaChange]) -> str:
    if not changes:
        return "Nothing that matters for privacy changed."
    if open_:
        return f"{len(open_)} of {len(changes)} changes loosen the protection of personal data and are not signed off."
    return "No change loosens the protection of personal data without a sign-off."


def _table(changes: Sequence[SchemaChange]) -> Table:
    columns = ("Direction", "Severity", "Coordinate", "Change", "What", "Meaning", "Where")
    return Table(columns, [_row(each) for each in changes], wordy=4)


def _row(change: SchemaChange) -> list[Cell]:
    direction = change.kind.direction
    shown = f"{direction.value}, accepted" if change.accepted else direction.value
    return [
        cell(shown, "care" if change.accepted else TONES[direction], change.accepted or ""),
        cell(change.kind.severity.value),
        code(change.coordinate),
        code(change.kind.id),
        cell(change.value),
        cell(f"Accepted by {change.accepted}" if change.accepted else change.kind.text),
        code(change.place),
    ]


def change_data(change: SchemaChange) -> dict[str, Any]:
    """Return one change in the JSON form."""
    return {
        "change": change.kind.id,
        "direction": change.kind.direction.value,
        "severity": change.kind.severity.value,
        "coordinate": change.coordinate,
        "value": change.value,
        "meaning": change.kind.text,
        "file": change.place.file,
        "line": change.place.line,
        "column": change.place.column,
        "accepted": change.accepted,
    }


def notice_changes(old: Facts, new: Facts) -> list[dict[str, Any]]:
    """Return the pairs of category and purpose that are added to or removed from the notice."""
    before, after = uses(old), uses(new)
    words = Vocabulary.of_schema(new.sdl)
    return [
        {
            "change": "added" if pair in after else "removed",
            "category": pair[0],
            "purpose": pair[1],
            "text": words.text("Purpose", pair[1]),
        }
        for pair in sorted(before ^ after)
    ]


def _said(change: dict[str, Any]) -> str:
    verb = "will be used to" if change["change"] == "added" else "will no longer be used to"
    return f"{change['category']} {verb}: {change['text']} ({change['purpose']})"
