"""A draft of a notice or a record before its release: the report in each language, and the bytes of each form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from typing import Any, Final

import orjson

from audits.forms.forms import FORMS
from audits.forms.report import Report
from audits.forms.text_form import to_text
from audits.papers.companies import companies
from audits.papers.controller import Controller
from audits.papers.notice import notice
from audits.papers.notice_report import notice_report
from audits.papers.record import record
from audits.papers.record_report import record_report
from audits.papers.registers import Registers
from audits.papers.texts import NoticeTexts
from audits.papers.transfers import require_safeguards
from audits.schema.facts import Facts
from messages import dates
from messages.catalogue import languages
from policy.papers import PAPER_KINDS

NOTICE, RECORD = PAPER_KINDS
WIDTH: Final = 100
"""Width of the table form of a released paper in characters, the same on every terminal."""
SEALED: Final = (
    "kind", "version", "valid_from", "issued_at", "operator", "staff", "reason", "sign_offs", "loosens", "inputs",
    "substance",
)  # fmt: skip
"""The columns of a released paper that its SHA-256 covers, beside its forms: all but its id and the SHA-256 itself."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """The version and validity of a paper: of a released version, or of a draft of today (version 0)."""

    version: int
    day: date
    """The day from which it is in force; for a draft, the day on which it was made."""
    issued: date

    def put(self, report: Report) -> Report:
        """Return the report with its version and dates, in words, in its sources and in its data."""
        key = "released" if self.version else "draft"
        day, issued = (dates.day(each, report.language) for each in (self.day, self.issued))
        words = NoticeTexts(report.language).prose(f"release.{key}", version=self.version, day=day, issued=issued)
        data = {
            "version": self.version or None,
            "validFrom": f"{self.day}" if self.version else None,
            "issuedOn": f"{self.issued}",
            "state": key.upper(),
        }
        sources = {"Version": words} | dict(report.sources)
        return replace(report, lead=f"{words} {report.lead}", sources=sources, data=data | dict(report.data))


@dataclass(frozen=True, slots=True)
class Draft:
    """One paper as it would be released now, in each language."""

    kind: str
    reports: Mapping[str, Report]
    untranslated: frozenset[str]

    @property
    def substance(self) -> bytes:
        """The SHA-256 of the content, without its version, its date and the names of its source files."""
        # Without the sources: another name of a file does not change the content.
        said = {language: FORMS["markdown"](replace(each, sources={})) for language, each in self.reports.items()}
        facts = {language: dict(each.data) for language, each in self.reports.items()}
        return sha256(orjson.dumps([said, facts], option=orjson.OPT_SORT_KEYS)).digest()

    def forms(self, stamp: Stamp) -> dict[tuple[str, str], str]:
        """Return every form in every language, byte for byte as it will be stored."""
        return {
            (language, form): to_text(stamp.put(each), WIDTH) if form == "table" else make(stamp.put(each))
            for language, each in self.reports.items()
            for form, make in FORMS.items()
        }


def draft(kind: str, facts: Facts, registers: Registers, controller: Controller) -> Draft:
    """Make the paper of a kind; UnreadableError while a country that receives data has no safeguard."""
    require_safeguards(controller, companies(facts, registers))
    return notice_draft(facts, registers, controller) if kind == NOTICE else record_draft(facts, registers, controller)


def notice_draft(facts: Facts, registers: Registers, controller: Controller | None) -> Draft:
    """The notice in every language; without the controller's file, of what the gateway knows by itself."""
    spoken = languages() if controller is None else controller.languages
    found, texts = notice(facts, registers), {language: NoticeTexts(language) for language in spoken}
    reports = {language: notice_report(facts, found, controller, each) for language, each in texts.items()}
    return Draft(NOTICE, reports, frozenset().union(*(each.untranslated for each in texts.values())))


def record_draft(facts: Facts, registers: Registers, controller: Controller) -> Draft:
    """Make the record in every language that the controller's file speaks."""
    found = record(facts, controller, registers)
    texts = {language: NoticeTexts(language, addressed=False) for language in controller.languages}
    reports = {language: record_report(facts, found, each) for language, each in texts.items()}
    return Draft(RECORD, reports, frozenset().union(*(each.untranslated for each in texts.values())))


def digest_of(forms: Mapping[tuple[str, str], str], row: Mapping[str, Any]) -> bytes:
    """Return the SHA-256 over the SHA-256 of each form and the `SEALED` columns, which the ledger records for a
    paper."""
    listed = [[language, form, sha256(text.encode()).hexdigest()] for (language, form), text in sorted(forms.items())]
    return sha256(orjson.dumps([listed, [[name, _written(row[name])] for name in SEALED]])).digest()


def _written(value: Any) -> str | int | None:
    """Normalise one value, so that it is the same from every database: times in whole seconds, bytes in hexadecimal."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if value is None or isinstance(value, int):
        return value
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
