"""Reads of a coordinate by client, from the ledger: there must be none before it is removed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.reports.ledger import LedgerEntries
from store.sql.reading import Reader


@dataclass(slots=True)
class CoordinateUse:
    """The reads of one coordinate by one client for one purpose."""

    coordinate: str
    client: str
    purpose: str
    operations: int = 0
    last: int = 0
    """Seconds since 1970."""


async def coordinate_uses(reader: Reader, coordinates: Collection[str], since: datetime) -> list[CoordinateUse]:
    """Count the reads of these coordinates from a moment on, by coordinate, client and purpose."""
    found: dict[tuple[str, str, str], CoordinateUse] = {}
    async for entry in LedgerEntries(reader).reads(since):
        for coordinate in set(entry["fields"]) & set(coordinates):
            key = (coordinate, str(entry["client"]), str(entry["purpose"] or "none"))
            use = found.setdefault(key, CoordinateUse(*key))
            use.operations += sum(entry["counts"]) if entry.get("counts") else 1
            use.last = max(use.last, entry["at"])
    return [found[key] for key in sorted(found)]


def coordinate_report(uses: Sequence[CoordinateUse], coordinates: Sequence[str], since: datetime) -> Report:
    """Return the report: by coordinate, client and purpose."""
    columns = ("Coordinate", "Client", "Purpose", "Operations", "Last")
    used = {each.coordinate for each in uses}
    unused = [each for each in coordinates if each not in used]
    figures = [
        Figure("Coordinates", str(len(coordinates))),
        Figure("Still read", str(len(used)), "care" if used else "good"),
        Figure("Clients", str(len({each.client for each in uses}))),
    ]
    lead = "Nobody has read them." if not uses else f"{len(used)} of {len(coordinates)} are still read."
    sections = [Section("Use", table=Table(columns, [_row(each) for each in uses]))] if uses else []
    if unused:
        sections.append(Section("Read by nobody", bullets=unused))
    data = {
        "unused": unused,
        "uses": [
            {
                "coordinate": each.coordinate,
                "client": each.client,
                "purpose": each.purpose,
                "operations": each.operations,
                "lastAt": _said(each.last),
            }
            for each in uses
        ],
    }
    return Report("use", "Use of the schema", lead, sections, data, figures, {"Counted from": since.isoformat()})


def _row(each: CoordinateUse) -> list[Cell]:
    return [code(each.coordinate), code(each.client), cell(each.purpose), cell(each.operations), cell(_said(each.last))]


def _said(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
