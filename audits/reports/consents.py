"""Counts of consents by kind, wording and language, and of those in force today, without names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from audits.forms.findings import finding_data, findings_table
from audits.forms.report import Figure, Report, Section, Table, cell, code
from audits.schema.checks import Check, Finding
from audits.schema.places import SourcePosition
from store.sql.reading import Reader
from store.tables.consents import consents, cookie_choices
from values.date_time import in_seconds


@dataclass(frozen=True, slots=True)
class ConsentEvents:
    """The number of consents or withdrawals of one wording."""

    kind: str
    state: str
    wording: str
    language: str
    source: str
    events: int


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """All counts."""

    events: tuple[ConsentEvents, ...]
    standing: dict[str, dict[str, int]]
    """By kind, the number of people whose newest event is GIVEN, and WITHDRAWN."""
    wordings: dict[tuple[str, str, str], tuple[str, ...]]
    """By kind, version and language, the SHA-256 of each shown text; there must be exactly one."""
    cookies: dict[str, int]
    """Choices about measurement: `yes`, `no`, and the number of these with Global Privacy Control."""


async def consent_facts(reader: Reader) -> ConsentFacts:
    """Count in the database; no row about a person is read."""
    grouped = (consents.c.kind, consents.c.state, consents.c.wording_version, consents.c.language, consents.c.source)
    events = await _rows(reader, select(*grouped, func.count()).group_by(*grouped).order_by(*grouped))
    # Ids increase with time, so the highest one is the newest event.
    newest = select(func.max(consents.c.id)).group_by(consents.c.customer_id, consents.c.kind).scalar_subquery()
    standing = await _rows(
        reader,
        select(consents.c.kind, consents.c.state, func.count())
        .where(consents.c.id.in_(newest))
        .group_by(consents.c.kind, consents.c.state),
    )
    shown = (consents.c.kind, consents.c.wording_version, consents.c.language, consents.c.wording_hash)
    wordings = await _rows(reader, select(*shown).distinct().order_by(*shown))
    chosen = (cookie_choices.c.measurement, cookie_choices.c.global_privacy_control)
    cookies = await _rows(reader, select(*chosen, func.count()).group_by(*chosen))
    hashes: dict[tuple[str, str, str], tuple[str, ...]] = {}
    for kind, version, language, hash_ in wordings:
        key = (kind, version, language)
        hashes[key] = (*hashes.get(key, ()), bytes(hash_).hex())
    now: dict[str, dict[str, int]] = {}
    for kind, state, count in standing:
        now.setdefault(kind, {})[state] = count
    counted = {"yes": 0, "no": 0, "globalPrivacyControl": 0}
    for measurement, control, count in cookies:
        counted["yes" if measurement else "no"] += count
        counted["globalPrivacyControl"] += count if control else 0
    return ConsentFacts(tuple(ConsentEvents(*row) for row in events), dict(sorted(now.items())), hashes, counted)


async def _rows(reader: Reader, statement: Any) -> Sequence[Sequence[Any]]:
    return await reader.fetch(reader.prepare(statement), {})


def unclear_wordings(facts: ConsentFacts) -> list[Finding]:
    """Find versions of a wording with several texts: the consent can then not be demonstrated (Art. 7(1))."""
    return [
        Finding(
            Check.WORDING_CHANGED,
            f"Version {version} of {kind} in {language} stands for {len(hashes)} texts.",
            f"{kind}/{version}/{language}",
            SourcePosition("consents"),
        )
        for (kind, version, language), hashes in facts.wordings.items()
        if len(hashes) > 1
    ]


def consents_report(facts: ConsentFacts, now: datetime) -> Report:
    """Return the report: consents in force today, then all events."""
    found = unclear_wordings(facts)
    standing = Table(
        ("Kind", "Stand", "Taken back"),
        [
            [code(kind), cell(counts.get("GIVEN", 0)), cell(counts.get("WITHDRAWN", 0))]
            for kind, counts in facts.standing.items()
        ],
    )
    events = Table(
        ("Kind", "State", "Wording", "Language", "Given at", "Events"),
        [
            [
                code(each.kind),
                cell(each.state),
                cell(each.wording),
                cell(each.language),
                cell(each.source),
                cell(each.events),
            ]
            for each in facts.events
        ],
    )
    sections = [Section("Findings", table=findings_table(found))] if found else []
    sections += [Section("What stands today", table=standing), Section("Events", table=events)]
    figures = [
        Figure("Events", str(sum(each.events for each in facts.events))),
        Figure("Wordings", str(len(facts.wordings))),
        Figure("Measurement allowed", str(facts.cookies["yes"])),
        Figure("Measurement refused", str(facts.cookies["no"])),
        Figure("With Global Privacy Control", str(facts.cookies["globalPrivacyControl"])),
    ]
    data = {
        "standing": {
            kind: {"given": counts.get("GIVEN", 0), "withdrawn": counts.get("WITHDRAWN", 0)}
            for kind, counts in facts.standing.items()
        },
        "events": [
            {
                "kind": each.kind,
                "state": each.state,
                "wordingVersion": each.wording,
                "language": each.language,
                "source": each.source,
                "events": each.events,
            }
            for each in facts.events
        ],
        "wordings": [
            {"kind": kind, "version": version, "language": language, "sha256": list(hashes)}
            for (kind, version, language), hashes in facts.wordings.items()
        ],
        "cookies": dict(facts.cookies),
        "findings": [finding_data(each) for each in found],
    }
    lead = "What people agreed to and took back. Consents are events; the newest of a person and kind is what counts."
    sources = {"Counted at": in_seconds(now)}
    return Report("consents", "Consents", lead, sections, data, figures, sources, rows=events)
