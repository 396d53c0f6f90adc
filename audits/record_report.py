"""The record of processing activities as a report: each part under the letter of Art. 30(1) that asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audits.controller import Controller, Party
from audits.facts import Facts
from audits.lint_report import schema_source
from audits.partners import BoundPartner
from audits.record import Activity, Record
from audits.reports import Cell, Figure, Report, Section, Table, cell, code

COLUMNS = (
    "Activity",
    "Purpose (b)",
    "Persons (c)",
    "Categories of data (c)",
    "Recipients (d)",
    "Other countries (e)",
    "Time limits (f)",
    "Legal basis (extra)",
    "Remarks",
)
"""The legal basis is not asked for by Art. 30 and marked as extra."""


def record_report(facts: Facts, found: Record) -> Report:
    """Controller, activities, transfers, measures."""
    own = found.controller
    table = Table(COLUMNS, [_row(each, own) for each in found.activities], wordy=1)
    transfers = [f"{each.recipient.text} {each.country}: {each.safeguards['en']}" for each in own.transfers]
    sections = [
        Section("(a) Controller, representative, data protection officer", list(_responsible(own))),
        Section("(b) to (f) Processing activities", table=table),
        Section(
            "(e) Transfers to other countries", [] if transfers else [(own.no_transfers or {}).get("en", "")], transfers
        ),
        Section("(g) Technical and organisational measures", bullets=found.measures),
    ]
    figures = [
        Figure("Activities", str(sum(each.enabled for each in found.activities))),
        Figure("Switched off", str(sum(not each.enabled for each in found.activities))),
        Figure("Fields", str(len(facts.outputs))),
        Figure("Kinds of recipients", str(len({each for one in found.activities for each in one.recipients}))),
    ]
    lead = (
        f"Kept by {own.name} under Article 30(1) of the GDPR, derived from the schema that enforces it. "
        "The legal basis is an extra column: the article does not ask for it."
    )
    sources = schema_source(facts) | {"Controller": own.source}
    return Report(
        "record", "Record of processing activities", lead, sections, _data(found), figures, sources, rows=table
    )


def _row(each: Activity, own: Controller) -> list[Cell]:
    return [
        code(each.purpose.name if each.enabled else f"{each.purpose.name} (off)", "" if each.enabled else "quiet"),
        cell(each.purpose.text),
        cell("\n".join(one.text for one in each.subjects)),
        cell("\n".join(f"• {one.text}" for one in each.categories)),
        cell("\n".join(_recipients(each)) or "None."),
        cell("\n".join(f"{one.country}: {one.safeguards['en']}" for one in each.transfers) or "None."),
        cell("\n".join(one.text for one in each.limits)),
        cell("\n".join(f"{one.article}: {one.text}" for one in each.purpose.bases)),
        cell("\n".join(_remarks(each))),
    ]


def _recipients(each: Activity) -> Iterator[str]:
    """The kinds of recipients, and the partners by name: only the register of partners can say that there is none."""
    yield from (f"{one.text} {one.condition}" for one in each.recipients)
    for one in each.partners or ():
        yield f"{one.name} ({one.country}), a partner bound since {one.since:%Y-%m-%d}: {', '.join(one.fields)}"
    if each.partners is None and each.may_have_partners:
        yield "The partners bound to carry it out, if any: the register of partners was not read."


def _remarks(each: Activity) -> Iterator[str]:
    if each.note:
        yield each.note
    if each.purpose.consent:
        yield f"Consent: {each.purpose.consent}"
    if each.purpose.objection:
        yield f"Objection: {each.purpose.objection}"
    yield f"While the person has processing restricted (Art. 18): {each.purpose.exempt or STOPS}"
    if each.purpose.requires_reference:
        yield "Each use names its case."


STOPS = "it stops; rows of that person are not read."
"""What happens to a purpose that says nothing else."""


def _responsible(own: Controller) -> Iterator[str]:
    yield f"Controller: {own.name}, {own.address} ({own.country}), {own.email} {own.phone}".strip()
    yield f"Joint controllers: {', '.join(own.joint) or 'none'}."
    yield _party("Representative in the Union", own.representative)
    yield _party("Data protection officer", own.dpo)


def _party(role: str, party: Party) -> str:
    if party.none:
        return f"{role}: none. {party.none['en']}"
    return f"{role}: {', '.join(filter(None, (party.name, party.address, party.email)))}"


def _data(found: Record) -> dict[str, Any]:
    own = found.controller
    return {
        "article": "GDPR Art. 30(1)",
        "a": {
            "controller": {
                "name": own.name,
                "address": own.address,
                "country": own.country,
                "email": own.email,
                "phone": own.phone or None,
            },
            "jointControllers": list(own.joint),
            "representative": _party_data(own.representative),
            "dataProtectionOfficer": _party_data(own.dpo),
        },
        "activities": [activity_data(each) for each in found.activities],
        "g": list(found.measures),
    }


def _partner_data(one: BoundPartner) -> dict[str, Any]:
    return {"name": one.name, "country": one.country, "since": f"{one.since:%Y-%m-%d}", "fields": list(one.fields)}


def _party_data(party: Party) -> dict[str, Any]:
    if party.none:
        return {"none": dict(party.none)}
    return {"name": party.name, "address": party.address or None, "email": party.email}


def activity_data(each: Activity) -> dict[str, Any]:
    """One activity in the JSON form, by the letters of the article."""
    return {
        "name": each.purpose.name,
        "enabled": each.enabled,
        "b": each.purpose.text,
        "c": {
            "subjects": [one.name for one in each.subjects],
            "categories": [one.name for one in each.categories],
        },
        "d": [{"kind": one.name, "who": one.text, "condition": one.condition} for one in each.recipients],
        "partners": None if each.partners is None else [_partner_data(one) for one in each.partners],
        "e": [
            {"recipient": one.recipient.name, "country": one.country, "safeguards": one.safeguards["en"]}
            for one in each.transfers
        ],
        "f": [{"rule": one.name, "text": one.text, "period": one.period, "from": one.starts} for one in each.limits],
        "extra": {
            "legalBases": [{"name": one.name, "article": one.article} for one in each.purpose.bases],
            "consent": each.purpose.consent,
            "objection": each.purpose.objection,
            "whileRestricted": each.purpose.exempt or STOPS,
            "requiresReference": each.purpose.requires_reference,
            "fields": list(each.fields),
            "note": each.note or None,
        },
    }
