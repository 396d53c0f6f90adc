"""Report of how long clients have their purposes: to be confirmed, about to end, ended, and given in an emergency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from audits.forms.report import Cell, Figure, Report, Section, Table, Tone, cell, code
from audits.reports.ledger import LedgerEntries
from policy.grants import NOTICE, REVIEW_WITHIN
from store.registers.clients import clients
from store.registers.grants import client_grants, emergency_grants
from store.sql.metadata import instant
from store.sql.reading import Reader
from values.date_time import in_seconds

E, G = emergency_grants.c, client_grants.c
MOST = 1_000
"""Maximum emergency grants in one report, the newest first."""


@dataclass(frozen=True, slots=True)
class GrantFact:
    """A purpose of an enabled client, with its dates."""

    client: str
    purpose: str
    granted_at: datetime
    confirmed_at: datetime | None
    confirm_by: datetime | None
    last_used_at: datetime | None
    ends_at: datetime | None
    ends_because: str | None
    closed_at: datetime | None

    def state(self, now: datetime) -> str:
        """CLOSED, ENDING after a warning, DUE within the time of a warning or past the date, or CONFIRMED."""
        if self.closed_at is not None:
            return "CLOSED"
        if self.ends_at is not None:
            return "ENDING"
        return "DUE" if self.confirm_by is not None and self.confirm_by - NOTICE <= now else "CONFIRMED"


@dataclass(slots=True)
class EmergencyFact:
    """A purpose that was given in an emergency, and what was read for it."""

    id: int
    client: str
    purpose: str
    reference: str
    because: str
    opened_at: datetime
    opened_by: str
    ended_at: datetime
    """The end, also one to come."""
    reviewed_at: datetime | None
    reviewed_by: str | None
    finding: str | None
    operations: int = 0
    fields: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)

    def state(self, now: datetime) -> str:
        """RUNNING, REVIEWED, or to be reviewed: ENDED, and OVERDUE a week later."""
        if self.reviewed_at is not None:
            return "REVIEWED"
        if self.ended_at > now:
            return "RUNNING"
        return "OVERDUE" if self.ended_at + REVIEW_WITHIN < now else "ENDED"


async def grant_facts(reader: Reader) -> list[GrantFact]:
    """Read the purposes of enabled clients, by client and purpose."""
    columns = (G.client_id, G.purpose, G.granted_at, G.confirmed_at, G.confirm_by, G.last_used_at, G.ends_at,
               G.ends_because, G.closed_at)  # fmt: skip
    query = select(*columns).join_from(client_grants, clients, clients.c.id == G.client_id)
    query = query.where(clients.c.disabled_at.is_(None)).order_by(G.client_id, G.purpose)
    return [
        GrantFact(
            client, purpose, instant(granted), _at(confirmed), _at(by), _at(used), _at(ends), because, _at(closed)
        )
        for client, purpose, granted, confirmed, by, used, ends, because, closed in await reader.fetch(
            reader.prepare(query), {}
        )
    ]


async def emergency_facts(reader: Reader, ledger: Reader) -> list[EmergencyFact]:
    """Read the grants in emergencies, the newest first, with what the ledger has of those not reviewed."""
    columns = (E.id, E.client_id, E.purpose, E.reference, E.because, E.opened_at, E.opened_by, E.ends_at, E.ended_at,
               E.reviewed_at, E.reviewed_by, E.finding)  # fmt: skip
    query = select(*columns).order_by(E.id.desc()).limit(MOST)
    found = [
        EmergencyFact(id_, client, purpose, reference, because, instant(opened), by, _at(ended) or instant(ends),
                      _at(reviewed), reviewer, finding)
        for id_, client, purpose, reference, because, opened, by, ends, ended, reviewed, reviewer, finding in (
            await reader.fetch(reader.prepare(query), {})
        )
    ]  # fmt: skip
    waiting = [each for each in found if each.reviewed_at is None]
    if waiting:
        await _read_of(ledger, waiting)
    return found


async def _read_of(ledger: Reader, waiting: Sequence[EmergencyFact]) -> None:
    async for entry in LedgerEntries(ledger).reads(min(each.opened_at for each in waiting)):
        for each in waiting:
            mine = entry["client"] == each.client and entry["purpose"] == each.purpose
            # A request that began in the last second may be recorded a moment after the end.
            if mine and each.opened_at.timestamp() <= entry["at"] <= each.ended_at.timestamp() + 60:
                each.operations += 1
                each.fields.update(entry["fields"])
                each.people.update(entry["subjects"])


def needs_attention(grants: Sequence[GrantFact], emergencies: Sequence[EmergencyFact], now: datetime) -> bool:
    """Whether something ends, is due, or is to be reviewed."""
    return any(each.state(now) in ("DUE", "ENDING") for each in grants) or any(
        each.state(now) in ("ENDED", "OVERDUE") for each in emergencies
    )


def grants_report(grants: Sequence[GrantFact], emergencies: Sequence[EmergencyFact], now: datetime) -> Report:
    """Return the report; it names clients and staff's codes, and nobody else."""
    states = [each.state(now) for each in grants]
    reviews = [each.state(now) for each in emergencies]
    figures = [
        Figure("Purposes of clients", str(len(grants) - states.count("CLOSED"))),
        Figure("To be confirmed", str(states.count("DUE")), "care" if "DUE" in states else "good"),
        Figure("About to end", str(states.count("ENDING")), "care" if "ENDING" in states else "good"),
        Figure("Ended", str(states.count("CLOSED"))),
        Figure("In an emergency", str(reviews.count("RUNNING")), "care" if "RUNNING" in reviews else ""),
        Figure("To be reviewed", str(reviews.count("ENDED") + reviews.count("OVERDUE")),
               "bad" if "OVERDUE" in reviews else "care" if "ENDED" in reviews else "good"),
    ]  # fmt: skip
    columns = ("Client", "Purpose", "State", "Confirmed", "Confirm by", "Last used", "Ends", "Because")
    sections = [Section("Purposes of clients", table=Table(columns, [_grant(each, now) for each in grants]))]
    if emergencies:
        more = ("Number", "Client", "Purpose", "State", "Case", "Why", "By", "From", "Until", "Operations", "People",
                   "Fields", "Reviewed by", "Finding")  # fmt: skip
        rows = [_emergency(each, now) for each in emergencies]
        sections.append(Section("In an emergency", table=Table(more, rows, wordy=4)))
    data = {
        "grants": [_grant_data(each, now) for each in grants],
        "emergencies": [_emergency_data(each, now) for each in emergencies],
    }
    lead = "Until when each client has its purposes, and which were given in an emergency."
    return Report("grants", "How long clients have their purposes", lead, sections, data, figures, {
        "Read at": in_seconds(now)
    })  # fmt: skip


_TONES: dict[str, Tone] = {"CLOSED": "quiet", "ENDING": "care", "DUE": "care", "ENDED": "care", "OVERDUE": "bad"}


def _grant(each: GrantFact, now: datetime) -> list[Cell]:
    state = each.state(now)
    return [
        code(each.client),
        cell(each.purpose),
        cell(state, _TONES.get(state, "")),
        *(cell(_day(at)) for at in (each.confirmed_at, each.confirm_by, each.last_used_at)),
        cell(_day(each.closed_at or each.ends_at)),
        cell(each.ends_because or ""),
    ]


def _emergency(each: EmergencyFact, now: datetime) -> list[Cell]:
    state = each.state(now)
    read = each.reviewed_at is None
    return [
        code(str(each.id)),
        code(each.client),
        cell(each.purpose),
        cell(state, _TONES.get(state, "")),
        cell(each.reference),
        cell(each.because),
        cell(each.opened_by),
        cell(in_seconds(each.opened_at) or ""),
        cell(in_seconds(each.ended_at) or ""),
        cell(each.operations if read else ""),
        cell(len(each.people) if read else ""),
        cell(" ".join(sorted(each.fields))),
        cell(each.reviewed_by or ""),
        cell(each.finding or ""),
    ]


def _grant_data(each: GrantFact, now: datetime) -> dict[str, Any]:
    return {
        "client": each.client,
        "purpose": each.purpose,
        "state": each.state(now),
        "grantedAt": in_seconds(each.granted_at),
        "confirmedAt": in_seconds(each.confirmed_at),
        "confirmBy": in_seconds(each.confirm_by),
        "lastUsedAt": in_seconds(each.last_used_at),
        "endsAt": in_seconds(each.ends_at),
        "endsBecause": each.ends_because,
        "closedAt": in_seconds(each.closed_at),
    }


def _emergency_data(each: EmergencyFact, now: datetime) -> dict[str, Any]:
    read = each.reviewed_at is None
    return {
        "number": str(each.id),
        "client": each.client,
        "purpose": each.purpose,
        "state": each.state(now),
        "reference": each.reference,
        "because": each.because,
        "openedAt": in_seconds(each.opened_at),
        "openedBy": each.opened_by,
        "endedAt": in_seconds(each.ended_at),
        "operations": each.operations if read else None,
        "people": len(each.people) if read else None,
        "fields": sorted(each.fields) if read else None,
        "reviewedAt": in_seconds(each.reviewed_at),
        "reviewedBy": each.reviewed_by,
        "finding": each.finding,
    }


def _at(resting: str | datetime | None) -> datetime | None:
    return None if resting is None else instant(resting)


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
