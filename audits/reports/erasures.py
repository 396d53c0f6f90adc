"""Report of requested and due erasures: dates and states, without personal data."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from audits.forms.report import Cell, Figure, Report, Section, Table, Tone, cell, code
from audits.schema.checks import Check, Finding
from audits.schema.places import SourcePosition
from store.sql.metadata import instant
from store.sql.reading import Reader
from store.tables.erasures import ERASURE_STATES, STANDING_STATES, erasures

OPEN: Final = frozenset(STANDING_STATES)
SOON: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ErasureFact:
    """One erasure. `case` is the number of its record, not of a person."""

    case: int
    state: str
    cause: str
    requested_at: datetime
    due_at: datetime | None
    when_services_end: bool
    cancelled_at: datetime | None
    finished_at: datetime | None

    def overdue(self, now: datetime) -> bool:
        """Return whether its deadline has passed and it is not done."""
        return self.state in OPEN and self.due_at is not None and self.due_at < now

    def late(self) -> bool:
        """Return whether it was done after its deadline."""
        return self.finished_at is not None and self.due_at is not None and self.finished_at > self.due_at

    def soon(self, now: datetime) -> bool:
        """Return whether it is due within a week."""
        return self.state in OPEN and self.due_at is not None and now <= self.due_at <= now + SOON


async def erasure_facts(reader: Reader) -> list[ErasureFact]:
    """Read every erasure, the next due first, then those done."""
    column = erasures.c
    names = ("id", "state", "cause", "requested_at", "due_at", "when_services_end", "cancelled_at", "finished_at")
    rows = await reader.fetch(reader.prepare(select(*(column[name] for name in names)).order_by(column.id)), {})
    found = [
        ErasureFact(case, state, cause, instant(asked), _maybe(due), bool(waits), _maybe(cancelled), _maybe(finished))
        for case, state, cause, asked, due, waits, cancelled, finished in rows
    ]
    # Open cases first, by deadline; those without one by their request.
    return sorted(found, key=lambda each: (each.state not in OPEN, each.due_at or each.requested_at, each.case))


def _maybe(resting: str | datetime | None) -> datetime | None:
    return None if resting is None else instant(resting)


def overdue(found: list[ErasureFact], now: datetime) -> list[Finding]:
    """Return findings for erasures that are past their deadline."""
    return [
        Finding(
            Check.ERASURE_OVERDUE,
            f"Case {each.case} was due {_said(each.due_at)} and is {each.state}.",
            str(each.case),
            SourcePosition("erasures"),
        )
        for each in found
        if each.overdue(now)
    ]


def erasures_report(found: list[ErasureFact], now: datetime) -> Report:
    """Return the report, deadlines first."""
    states = Counter(each.state for each in found)
    late = sum(each.late() for each in found)
    broken = sum(each.overdue(now) for each in found)
    table = Table(
        ("Case", "State", "Cause", "Asked for", "Due", "Waits for services", "Cancelled", "Done"),
        [_row(each, now) for each in found],
    )
    figures = [
        Figure("Overdue", str(broken), "bad" if broken else "good"),
        Figure("Due within a week", str(sum(each.soon(now) for each in found)), "care"),
        Figure("Blocked", str(states["BLOCKED"])),
        Figure("Done", str(states["ERASED"])),
        Figure("Done late", str(late), "bad" if late else ""),
    ]
    data = {
        "counts": {state: states[state] for state in ERASURE_STATES}
        | {"overdue": broken, "late": late, "dueWithinAWeek": sum(each.soon(now) for each in found)},
        "due": due_days(found, now),
        "erasures": [
            {
                "case": str(each.case),
                "state": each.state,
                "cause": each.cause,
                "requestedAt": _said(each.requested_at),
                "dueAt": _said(each.due_at) or None,
                "whenServicesEnd": each.when_services_end,
                "cancelledAt": _said(each.cancelled_at) or None,
                "finishedAt": _said(each.finished_at) or None,
                "overdue": each.overdue(now),
                "late": each.late(),
            }
            for each in found
        ],
    }
    lead = "What was promised, by when, and whether it was kept. The records name no person."
    return Report("erasures", "Erasures", lead, [Section("Cases", table=table)], data, figures, {"Read at": _said(now)})


def due_days(found: list[ErasureFact], now: datetime) -> list[dict[str, Any]]:
    """Return the days on which open cases are due, the earliest first, with counts of due and overdue cases."""
    days: dict[str, list[ErasureFact]] = {}
    for each in found:
        if each.state in OPEN and each.due_at is not None:
            days.setdefault(each.due_at.date().isoformat(), []).append(each)
    return [
        {"day": day, "cases": len(cases), "overdue": sum(each.overdue(now) for each in cases)}
        for day, cases in sorted(days.items())
    ]


def _row(each: ErasureFact, now: datetime) -> list[Cell]:
    tone: Tone = "bad" if each.overdue(now) or each.late() else "care" if each.soon(now) else ""
    return [
        code(each.case),
        cell(each.state),
        cell(each.cause),
        cell(_said(each.requested_at)),
        cell(_said(each.due_at), tone, "overdue" if each.overdue(now) else ""),
        cell("yes" if each.when_services_end else "no"),
        cell(_said(each.cancelled_at)),
        cell(_said(each.finished_at)),
    ]


def _said(moment: datetime | None) -> str:
    return moment.isoformat().replace("+00:00", "Z") if moment else ""
