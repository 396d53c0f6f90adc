"""The data of each report for programs, in its JSON form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from audits.forms.findings import lint_report, schema_source
from audits.papers import issued
from audits.papers.drafts import NOTICE, RECORD
from audits.papers.notice import notice
from audits.papers.notice_data import notice_data
from audits.papers.record import activity, own_measures
from audits.papers.record_report import activity_data
from audits.papers.registers import Registers
from audits.papers.texts import NoticeTexts
from audits.reports.acts import acts_data
from audits.reports.checkpoints import checkpoint_facts, checkpoints_data
from audits.reports.clients import findings, registrations
from audits.reports.clients_report import clients_report
from audits.reports.consents import consent_facts, consents_report
from audits.reports.erasures import erasure_facts, erasures_report
from audits.reports.matrix import matrix, matrix_report
from audits.reports.papers_report import paper_data
from audits.reports.refusals import refusal_facts, refusals_data
from audits.schema.facts import Facts
from audits.schema.lint import lint
from audits.schema.vocabulary import CATALOGUES
from policy.purposes import Purpose
from store.accesses.acts import Acts
from store.sql.reading import Reader

Data = Mapping[str, Any]


def schema_content(facts: Facts) -> Data:
    """Return the audited schema: its name, SHA-256 and size."""
    name, digest = schema_source(facts).values()
    return {"name": name, "sha256": digest, "types": len(facts.sdl.types), "personalFields": len(facts.personal)}


def lint_content(facts: Facts) -> Data:
    """Return the data of `gateway audit lint`."""
    return lint_report(facts, lint(facts)).data


def matrix_content(facts: Facts, filters: Mapping[str, Sequence[str]]) -> Data:
    """Return the data of `gateway audit matrix`, with the same filters."""
    return matrix_report(facts, matrix(facts, **filters)).data


def notice_content(facts: Facts, registers: Registers, language: str) -> Data:
    """Return the data of `gateway audit notice`, from the schema and the registers, without the controller's own
    facts."""
    return notice_data(notice(facts, registers), NoticeTexts(language))


def record_content(facts: Facts, registers: Registers) -> Data:
    """Return the data of `gateway audit record`, letters b to d, f and g; a and e are in the controller's file."""
    activities = [activity_data(activity(facts, purpose, registers)) for purpose in Purpose]
    return {
        "article": "GDPR Art. 30(1)",
        "activities": activities,
        "measures": [str(each) for each in own_measures(facts)],
    }


async def papers_content(reader: Reader, day: date) -> Sequence[Data]:
    """Return the versions of notice and record in force on a day, and the newest."""
    return [
        {
            "kind": kind,
            "inForce": paper_data(await issued.in_force(reader, kind, day)),
            "newest": paper_data(await issued.latest(reader, kind)),
        }
        for kind in (NOTICE, RECORD)
    ]


def words_content(language: str) -> Sequence[Data]:
    """Return every row of the policy with its sentence."""
    texts = NoticeTexts(language, addressed=False)
    return [
        {"enum": enum, "name": row.name, "text": texts.of(row)} for enum, rows in CATALOGUES.items() for row in rows
    ]


async def clients_content(facts: Facts, reader: Reader) -> Data:
    """Return the data of `gateway audit clients`."""
    registered = await registrations(reader)
    return clients_report(facts, registered, findings(facts, registered)).data


async def erasures_content(reader: Reader, now: datetime) -> Data:
    """Return the data of `gateway audit erasures`, counted by state, and by due day."""
    data = erasures_report(await erasure_facts(reader), now).data
    counts = data["counts"]
    totals = ("overdue", "late", "dueWithinAWeek")
    # A GraphQL object has fixed fields, so that counts by state become a list.
    states = [{"state": name, "cases": count} for name, count in counts.items() if name not in totals]
    return {name: counts[name] for name in totals} | {"states": states, "due": data["due"]}


async def consents_content(reader: Reader, now: datetime) -> Data:
    """Return the data of `gateway audit consents`."""
    data = consents_report(await consent_facts(reader), now).data
    # A list for the same reason, one entry per kind of consent.
    standing = [{"kind": kind} | counts for kind, counts in data["standing"].items()]
    return {**data, "standing": standing}


async def refusals_content(reader: Reader, now: datetime, days: int) -> Sequence[Data]:
    """Return the data of `gateway audit refusals`, of the last `days` days."""
    return refusals_data(await refusal_facts(reader, now - timedelta(days=days), now))


async def acts_content(reader: Reader, most: int) -> Sequence[Data]:
    """Return the newest acts of operators, as in `gateway audit acts`."""
    return acts_data(await Acts(reader).newest(most))


async def ledger_content(reader: Reader, most: int) -> Sequence[Data]:
    """Return the newest checkpoints, as in `gateway audit ledger`."""
    return checkpoints_data(await checkpoint_facts(reader, most))
