"""The record of processing activities as a report: each part under the letter of Art. 30(1) that requires it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from audits.forms.findings import schema_source
from audits.forms.report import Cell, Figure, Report, Section, Table, cell, code
from audits.papers.companies import Company
from audits.papers.controller import Controller, Party, Transfer
from audits.papers.notice_data import company_data, copies_data, periods_data
from audits.papers.record import Activity, ProcessingRecord
from audits.papers.texts import NoticeTexts
from audits.schema.facts import Facts
from messages.catalogue import translate
from messages.dates import country
from messages.message import Message, Text, marked
from policy.recipients import Recipient

COLUMNS = (
    marked("Activity"),
    marked("Purpose (b)"),
    marked("Persons (c)"),
    marked("Categories of data (c)"),
    marked("Recipients (d)"),
    marked("Other countries (e)"),
    marked("Time limits (f)"),
    marked("Legal basis (extra)"),
    marked("Remarks"),
)
"""The columns; Art. 30 does not require the legal basis, which is marked as extra."""


def record_report(facts: Facts, found: ProcessingRecord, texts: NoticeTexts | None = None) -> Report:
    """Return the report: controller, one section for each activity, transfers, measures.

    `texts` are those of a language; by default English. The data of its JSON form are the same in every language.
    """
    words = _Words(found.controller, texts or NoticeTexts("en", addressed=False))
    rows = [words.row(each) for each in found.activities]
    columns = [words.say(each) for each in COLUMNS]
    table = Table(columns, rows, wordy=1)
    say = words.say
    enabled = sum(each.enabled for each in found.activities)
    figures = [
        Figure(say(marked("Activities")), str(enabled)),
        Figure(say(marked("Switched off")), str(len(rows) - enabled)),
        Figure(say(marked("Fields")), str(len(facts.outputs))),
        Figure(
            say(marked("Kinds of recipients")), str(len({each for one in found.activities for each in one.recipients}))
        ),
    ]
    return Report(
        "record",
        say(marked("Record of processing activities")),
        say(Message(LEAD, None, None, name=found.controller.name)),
        list(words.sections(found, columns, rows)),
        _data(found),
        figures,
        schema_source(facts) | {say(marked("Controller")): found.controller.source},
        language=words.language,
        rows=table,
    )


LEAD: Final = marked(
    "Kept by {name} under Article 30(1) of the GDPR, derived from the schema that enforces it. "
    "The legal basis is an extra column: the article does not ask for it."
)


class _Words:
    """The sentences of the record in one language."""

    def __init__(self, own: Controller, texts: NoticeTexts) -> None:
        self._own, self._texts, self.language = own, texts, texts.language

    def say(self, text: Text) -> str:
        """A sentence in the language."""
        return translate(text, self.language)

    def sections(
        self, found: ProcessingRecord, columns: Sequence[str], rows: Sequence[Sequence[Cell]]
    ) -> Iterator[Section]:
        """Yield the parts: the controller, each activity, and what holds for all of them."""
        own = self._own
        yield Section(
            self.say(marked("(a) Controller, representative, data protection officer")), list(self._responsible())
        )
        for number, (each, row) in enumerate(zip(found.activities, rows, strict=True), 1):
            asked = list(zip(columns, row, strict=True))[1:]
            heading = f"{number}. {self._texts.of(each.purpose)}"
            lines = [[cell(name), answer] for name, answer in asked if answer.text]
            yield Section(heading, table=Table([self.say(marked("Art. 30(1)")), row[0].text], lines))
        transfers = [f"{self._texts.of(each.recipient)} {self._transfer(each)}" for each in own.transfers]
        none = [] if transfers else [self._own_text(own.no_transfers or {})]
        yield Section(self.say(marked("(e) Transfers to other countries")), none, transfers)
        kept = self.say(marked("(f) Set by the operator, and copies kept by programs"))
        yield Section(kept, list(self._kept(found)), list(self._copies(found)))
        measures = [self.say(each) for each in found.measures]
        yield Section(self.say(marked("(g) Technical and organisational measures")), bullets=measures)

    def row(self, each: Activity) -> list[Cell]:
        """One activity, in the order of COLUMNS."""
        of, purpose = self._texts.of, each.purpose
        name = purpose.name if each.enabled else f"{purpose.name} ({self.say(marked('off'))})"
        none = self.say(marked("None."))
        transfers = [self._transfer(one) for one in each.transfers]
        return [
            code(name, "" if each.enabled else "quiet"),
            cell(of(purpose)),
            cell("\n".join(self.say(one.text) for one in each.subjects)),
            cell("\n".join(f"• {of(one)}" for one in each.categories)),
            cell("\n".join(self._recipients(each)) or none),
            cell("\n".join(transfers) or none),
            cell("\n".join(of(one) for one in each.limits)),
            cell("\n".join(f"{of(one, 'article')}: {of(one)}" for one in purpose.bases)),
            cell("\n".join(self._remarks(each))),
        ]

    def _transfer(self, one: Transfer) -> str:
        """The country, and the safeguard that the controller names for it (Art. 46)."""
        return f"{country(one.country, self.language)} ({one.country}): {self._own_text(one.safeguards)}"

    def _own_text(self, given: Mapping[str, str]) -> str:
        """The text of the controller's file in the language, else in English."""
        return given.get(self.language) or given.get("en", "")

    def _recipients(self, each: Activity) -> Iterator[str]:
        """Yield the kinds of recipients, and the companies by name; without the registers these are unknown."""
        yield from (f"{self._texts.of(one)} {self._texts.of(one, 'condition')}" for one in each.recipients)
        yield from map(self._company, each.companies or ())
        # Without the registers it would be wrong to state that there is no partner.
        if each.companies is None and each.may_have_partners:
            yield self.say(marked("The partners bound to carry it out, if any: the register of partners was not read."))
        elif each.companies is None and each.recipients:
            yield self.say(marked("Which companies these are: the registers were not read."))

    def _company(self, one: Company) -> str:
        where = f"{one.name} ({one.country})"
        match one.recipient:
            case Recipient.PARTNER:
                signed = f" (SHA-256 {one.document})" if one.document else ""
                since, fields = f"{one.since}{signed}", ", ".join(one.fields)
                return self.say(Message(BOUND, None, None, company=where, since=since, fields=fields))
            case Recipient.PAYMENT_AFFILIATE:
                what = " ".join(self._texts.of(each) for each in one.categories)
                return self.say(Message(FORWARDED, None, None, company=where, since=one.since, what=what))
            case _:
                return where

    def _kept(self, found: ProcessingRecord) -> Iterator[str]:
        if not found.registers_read:
            yield self.say(marked("No register was read: this record follows from the schema alone."))
        for name, period in (found.periods or {}).items():
            prose = self._texts.prose
            unknown = self.say(marked("Nobody has said when it ends."))
            ends = prose(f"periods.{name}", period=self._texts.period(period)) if period else unknown
            yield f"{name}: {ends}"

    def _copies(self, found: ProcessingRecord) -> Iterator[str]:
        for each in found.copies:
            name = f"{each.name} ({each.client})"
            if each.days is None:
                yield self.say(Message("{name}: nobody has said what it keeps, or how long", None, None, name=name))
            else:
                yield self.say(
                    Message(
                        "{name} keeps {what}, for {days} days", None, None, name=name, what=each.keeps, days=each.days
                    )
                )

    def _remarks(self, each: Activity) -> Iterator[str]:
        of, purpose = self._texts.of, each.purpose
        if each.note:
            yield self.say(each.note)
        if purpose.consent:
            yield self.say(Message("Consent: {text}", None, None, text=of(purpose, "consent")))
        if purpose.objection:
            yield self.say(Message("Objection: {text}", None, None, text=of(purpose, "objection")))
        exempt = of(purpose, "exempt") or self.say(STOPS)
        yield self.say(Message("While the person has processing restricted (Art. 18): {text}", None, None, text=exempt))
        if purpose.requires_reference:
            yield self.say(marked("Each use names its case."))

    def _responsible(self) -> Iterator[str]:
        own, none = self._own, self.say(marked("none"))
        where = f"{own.name}, {own.address} ({own.country}), {own.email} {own.phone}".strip()
        yield self.say(Message("Controller: {text}", None, None, text=where))
        yield self.say(Message("Joint controllers: {text}.", None, None, text=", ".join(own.joint) or none))
        yield self._party(marked("Representative in the Union: {text}"), own.representative)
        yield self._party(marked("Data protection officer: {text}"), own.dpo)

    def _party(self, role: str, party: Party) -> str:
        said = (
            f"{self.say('none')}. {self._own_text(party.none)}"
            if party.none
            else ", ".join(filter(None, (party.name, party.address, party.email)))
        )
        return self.say(Message(role, None, None, text=said))


STOPS: Final = marked("it stops; rows of that person are not read.")
"""The remark for a purpose without an exemption (Art. 18(2))."""
BOUND: Final = marked("{company}, a partner bound since {since}: {fields}")
FORWARDED: Final = marked("{company}, registered on {since}, to which payments are forwarded: {what}")


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
        "measures": [str(each) for each in found.measures],
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
