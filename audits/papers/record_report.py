"""The record of processing activities as a report: each part under the letter of Art. 30(1) that requires it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from audits.forms.findings import schema_source
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.papers.companies import Company
from audits.papers.controller import Controller, Party
from audits.papers.notice_data import company_data, copies_data, periods_data
from audits.papers.record import Activity, ProcessingRecord
from audits.papers.texts import NoticeTexts
from audits.schema.facts import Facts
from policy.recipients import Recipient

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
"""The columns; Art. 30 does not require the legal basis, which is marked as extra."""


def record_report(facts: Facts, found: ProcessingRecord) -> Report:
    """Return the report: controller, activities, transfers, measures."""
    own = found.controller
    table = Table(COLUMNS, [_row(each, own) for each in found.activities], wordy=1)
    transfers = [f"{each.recipient.text} {each.country}: {each.safeguards['en']}" for each in own.transfers]
    sections = [
        Section("(a) Controller, representative, data protection officer", list(_responsible(own))),
        Section("(b) to (f) Processing activities", table=table),
        Section(
            "(e) Transfers to other countries", [] if transfers else [(own.no_transfers or {}).get("en", "")], transfers
        ),
        Section("(f) Set by the operator, and copies kept by programs", list(_kept(found)), list(_copies(found))),
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
        # The record exists in English only (`record_draft`).
        cell("\n".join(f"{one.country}: {one.safeguards['en']}" for one in each.transfers) or "None."),
        cell("\n".join(one.text for one in each.limits)),
        cell("\n".join(f"{one.article}: {one.text}" for one in each.purpose.bases)),
        cell("\n".join(_remarks(each))),
    ]


def _recipients(each: Activity) -> Iterator[str]:
    """Yield the kinds of recipients, and the companies by name; without the registers these are unknown."""
    yield from (f"{one.text} {one.condition}" for one in each.recipients)
    yield from map(_company, each.companies or ())
    # Without the registers it would be wrong to state that there is no partner.
    if each.companies is None and each.may_have_partners:
        yield "The partners bound to carry it out, if any: the register of partners was not read."
    elif each.companies is None and each.recipients:
        yield "Which companies these are: the registers were not read."


def _company(one: Company) -> str:
    where = f"{one.name} ({one.country})"
    match one.recipient:
        case Recipient.PARTNER:
            signed = f" (SHA-256 {one.document})" if one.document else ""
            return f"{where}, a partner bound since {one.since}{signed}: {', '.join(one.fields)}"
        case Recipient.PAYMENT_AFFILIATE:
            what = " ".join(each.text for each in one.categories)
            return f"{where}, registered on {one.since}, to which payments are forwarded: {what}"
        case _:
            return where


def _kept(found: ProcessingRecord) -> Iterator[str]:
    if not found.registers_read:
        yield "No register was read: this record follows from the schema alone."
    texts = NoticeTexts("en", addressed=False)
    for name, period in (found.periods or {}).items():
        said = (
            texts.prose(f"periods.{name}", period=texts.period(period)) if period else "Nobody has said when it ends."
        )
        yield f"{name}: {said}"


def _copies(found: ProcessingRecord) -> Iterator[str]:
    for each in found.copies:
        known = f"{each.keeps}, for {each.days} days" if each.days is not None else "nobody has said what, or how long"
        yield f"{each.name} ({each.client}) keeps: {known}"


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
"""The remark for a purpose without an exemption (Art. 18(2))."""


def _responsible(own: Controller) -> Iterator[str]:
    yield f"Controller: {own.name}, {own.address} ({own.country}), {own.email} {own.phone}".strip()
    yield f"Joint controllers: {', '.join(own.joint) or 'none'}."
    yield _party("Representative in the Union", own.representative)
    yield _party("Data protection officer", own.dpo)


def _party(role: str, party: Party) -> str:
    if party.none:
        return f"{role}: none. {party.none['en']}"
    return f"{role}: {', '.join(filter(None, (party.name, party.address, party.email)))}"


def _data(found: ProcessingRecord) -> dict[str, Any]:
    own = found.controller
    return {
        "article": "GDPR Art. 30(1)",
        "responsible": {
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
        "measures": list(found.measures),
        "copies": [copies_data(each) for each in found.copies],
        "periods": periods_data(found.periods),
        "registersRead": found.registers_read,
    }


def _party_data(party: Party) -> dict[str, Any]:
    if party.none:
        return {"none": dict(party.none)}
    return {"name": party.name, "address": party.address or None, "email": party.email}


def _bound(each: Activity) -> list[Company]:
    return [one for one in each.companies or () if one.recipient is Recipient.PARTNER]


def _partner_data(one: Company) -> dict[str, Any]:
    return {"name": one.name, "country": one.country, "since": one.since, "fields": list(one.fields)}


def activity_data(each: Activity) -> dict[str, Any]:
    """Return one activity in the JSON form, with what letters (b) to (f) of the article ask for."""
    return {
        "name": each.purpose.name,
        "enabled": each.enabled,
        "text": each.purpose.text,
        "subjects": [one.name for one in each.subjects],
        "categories": [one.name for one in each.categories],
        "recipients": [{"kind": one.name, "who": one.text, "condition": one.condition} for one in each.recipients],
        "partners": None if each.companies is None else [_partner_data(one) for one in _bound(each)],
        "companies": None if each.companies is None else [company_data(one) for one in each.companies],
        "transfers": [
            {"recipient": one.recipient.name, "country": one.country, "safeguards": one.safeguards["en"]}
            for one in each.transfers
        ],
        "limits": [
            {"rule": one.name, "text": one.text, "period": one.period, "from": one.starts} for one in each.limits
        ],
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
