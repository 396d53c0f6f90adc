"""The ledger's counts as a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from audits.forms.findings import finding_data, findings_table
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.reports.checkpoints import checkpoints_data
from audits.reports.ledger import LedgerFacts, LedgerUse
from store.ledger.signed_checkpoints import Signed

CHECKPOINTS = 10
"""Maximum checkpoints in a report."""


def ledger_report(found: LedgerFacts, now: datetime, signed: Sequence[Signed] = ()) -> Report:
    """Return the report: entries that cannot be parsed first, then reads by client and purpose, and by field."""
    uses = found.sorted_uses()
    table = Table(
        ("Period", "Client", "Purpose", "Operations", "Persons read", "With a case", "Last"),
        [_row(each) for each in uses],
    )
    fields = sorted(found.fields.items(), key=lambda each: (-each[1], each[0]))
    # Unreadable entries first: they may be a sign of tampering.
    sections = [Section("Entries that cannot be read", table=findings_table(found.findings))] if found.findings else []
    sections += [
        Section("Readings", table=table),
        Section("Fields", table=Table(("Field", "Operations"), [[code(name), cell(count)] for name, count in fields])),
    ]
    if signed:
        sections.append(Section("Newest checkpoints", table=_checkpoints(signed)))
    figures = [
        Figure("Entries", str(found.entries)),
        Figure("Operations", str(sum(each.operations for each in uses))),
        Figure("Persons read", str(sum(each.subjects for each in uses))),
        Figure("Not readable", str(len(found.findings)), "bad" if found.findings else "good"),
    ]
    data = {
        "entries": found.entries,
        "otherEntries": found.others,
        "uses": [
            {
                "period": each.period,
                "client": each.client,
                "purpose": each.purpose,
                "operations": each.operations,
                "subjects": each.subjects,
                "withReference": each.with_reference,
                "first": moment(each.first),
                "last": moment(each.last),
            }
            for each in uses
        ],
        "fields": [{"coordinate": name, "operations": count} for name, count in fields],
        "checkpoints": checkpoints_data(signed),
        "findings": [finding_data(each) for each in found.findings],
    }
    lead = (
        "What was read, counted from the ledger, which holds pseudonyms and coordinates and no value of anybody."
        " Counting proves nothing: `gateway ledger verify` does."
    )
    sources = {"Counted at": moment(int(now.timestamp()))}
    return Report("ledger", "What was read", lead, sections, data, figures, sources, rows=table)


def _row(use: LedgerUse) -> list[Cell]:
    return [
        cell(use.period),
        code(use.client),
        code(use.purpose),
        cell(use.operations),
        cell(use.subjects),
        cell(use.with_reference),
        cell(moment(use.last)),
    ]


def _checkpoints(signed: Sequence[Signed]) -> Table:
    rows = [[cell(each["signedAt"]), cell(each["size"]), code(each["root"])] for each in checkpoints_data(signed)]
    return Table(("Signed", "Entries", "Root"), rows)


def moment(seconds: int) -> str:
    """Format Unix seconds by RFC 3339, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
