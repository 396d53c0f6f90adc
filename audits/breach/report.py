"""The scope of a breach as a report: numbers, fields and purposes, and the clock of the notification; nobody's name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from audits.breach.scope import BreachScope
from audits.forms.findings import finding_data, findings_table
from audits.forms.report import Cell, Figure, Report, Section, Table, Tone, cell, code
from audits.reports.ledger_report import moment
from audits.reports.refusals import RefusedClient, refusals_data
from policy.breaches import NotificationClock

SOON = 24
"""Hours before the deadline from which on the clock is a warning."""


def breach_report(
    scope: BreachScope,
    concerned: Counter[str],
    categories: Mapping[str, str | None],
    refused: Sequence[RefusedClient],
    clock: NotificationClock,
    now: datetime,
) -> Report:
    """Return the report. `concerned` are the persons for each category, `categories` those of the schema's fields."""
    rows = [_row(scope, coordinate, categories) for coordinate in sorted(scope.fields)]
    table = Table(("Field", "Category", "Purposes", "Operations", "Persons"), rows)
    purposes = Table(
        ("Purpose", "Operations"), [[code(name or "none"), cell(count)] for name, count in scope.purposes.most_common()]
    )
    kinds = Table(("Category", "Persons"), [[code(name), cell(count)] for name, count in concerned.most_common()])
    tried = Table(
        ("Field", "Purpose asked", "Reason", "Operations"),
        [[code(each.coordinate), cell(each.purpose), cell(each.reason), cell(each.operations)] for each in refused],
    )
    sections = (
        [Section("Entries that are not as they were signed", table=findings_table(scope.findings))]
        if scope.findings
        else []
    )
    sections += [
        Section("Fields", table=table),
        Section("Categories of data", table=kinds),
        Section("Purposes that were stated", table=purposes),
        Section("Tried and refused, on the days of the period", table=tried),
    ]
    lead = (
        "The readings of one client in a period, from the ledger. A reading stands there before its answer leaves, so"
        " nothing that left is missing. Persons are counted by pseudonym: those who were erased since are among them."
    )
    sources = {"Ledger": _origin(scope), "Counted at": moment(int(now.timestamp()))}
    data = _data(scope, concerned, categories, refused, clock, now)
    return Report("breach", "Scope of a breach", lead, sections, data, _figures(scope, clock, now), sources, rows=table)


def clock_text(clock: NotificationClock, now: datetime) -> str:
    """Tell by when the authority is notified, and how many hours that is from now."""
    hours = clock.hours_left(now)
    said = f"{hours} hours left" if clock.left(now).total_seconds() >= 0 else f"{-hours} hours over"
    return f"{moment(int(clock.due.timestamp()))}, {said}"


def _figures(scope: BreachScope, clock: NotificationClock, now: datetime) -> list[Figure]:
    hours = clock.hours_left(now)
    tone: Tone = "bad" if clock.due < now else "care" if hours < SOON else ""
    return [
        Figure("Notify the authority by", clock_text(clock, now), tone),
        Figure("Persons", str(scope.persons)),
        Figure("Values", str(scope.records)),
        Figure("Operations", str(scope.operations)),
        Figure("Proven", str(scope.proven), "good" if scope.proven and not scope.findings else ""),
        Figure("Not signed yet", str(scope.unsigned), "care" if scope.unsigned else ""),
    ]


def _data(
    scope: BreachScope,
    concerned: Counter[str],
    categories: Mapping[str, str | None],
    refused: Sequence[RefusedClient],
    clock: NotificationClock,
    now: datetime,
) -> dict[str, Any]:
    return {
        "client": scope.client,
        "from": moment(int(scope.since.timestamp())),
        "to": moment(int(scope.until.timestamp())),
        "awareAt": moment(int(clock.aware.timestamp())),
        "notifyBy": moment(int(clock.due.timestamp())),
        "hoursLeft": clock.hours_left(now),
        "persons": scope.persons,
        "values": scope.records,
        "operations": scope.operations,
        "withReference": scope.with_reference,
        "first": moment(scope.first) if scope.first else None,
        "last": moment(scope.last) if scope.last else None,
        "proven": scope.proven,
        "unsigned": scope.unsigned,
        "checkpoint": scope.checkpoint.note if scope.checkpoint else None,
        "fields": [
            {
                "coordinate": coordinate,
                "category": categories.get(coordinate),
                "purposes": sorted(filter(None, each.purposes)),
                "operations": each.operations,
                "persons": each.persons,
            }
            for coordinate, each in sorted(scope.fields.items())
        ],
        "categories": [{"category": name, "persons": count} for name, count in concerned.most_common()],
        "purposes": [{"purpose": name or None, "operations": count} for name, count in scope.purposes.most_common()],
        "refused": refusals_data(refused),
        "findings": [finding_data(each) for each in scope.findings],
    }


def _row(scope: BreachScope, coordinate: str, categories: Mapping[str, str | None]) -> list[Cell]:
    read = scope.fields[coordinate]
    category = categories.get(coordinate)
    return [
        code(coordinate),
        # A field of an earlier schema was read all the same.
        code(category) if coordinate in categories else cell("not in this schema", "care"),
        cell(" ".join(sorted(filter(None, read.purposes)))),
        cell(read.operations),
        cell(read.persons),
    ]


def _origin(scope: BreachScope) -> str:
    signed = scope.checkpoint
    return f"{signed.size} signed entries, root {signed.root.hex()}" if signed else "nothing was signed yet"
