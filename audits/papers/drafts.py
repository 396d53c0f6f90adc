"""A notice or a record before it is released: what it says in each language, and the bytes of each of its forms."""

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
from messages.catalogue import languages

NOTICE, RECORD = "NOTICE", "RECORD"
WIDTH: Final = 100
"""Columns of the table form of a released paper, which must be the same on every terminal."""
SEALED: Final = (
    "kind", "version", "valid_from", "issued_at", "operator", "staff", "reason", "sign_offs", "loosens", "inputs",
    "substance",
)  # fmt: skip
"""The columns of a released paper that its SHA-256 covers beside its forms: all but its id and that SHA-256."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a paper holds: a version that was released, or a draft of today (version 0)."""

    version: int
    day: date
    """From when it holds; of a draft, the day it was made."""
    issued: date

    def put(self, report: Report) -> Report:
        """The report with its version and dates in words, in its sources and in its data."""
        key = "released" if self.version else "draft"
        words = NoticeTexts(report.language).prose(
            f"release.{key}", version=self.version, day=self.day, issued=self.issued
        )
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
    """One paper as it would be released now, by language."""

    kind: str
    reports: Mapping[str, Report]
    untranslated: frozenset[str]

    @property
    def substance(self) -> bytes:
        """SHA-256 of what it says, whatever its version, its date and the names of the files it was made from."""
        said = {language: FORMS["markdown"](replace(each, sources={})) for language, each in self.reports.items()}
        facts = {language: dict(each.data) for language, each in self.reports.items()}
        return sha256(orjson.dumps([said, facts], option=orjson.OPT_SORT_KEYS)).digest()

    def forms(self, stamp: Stamp) -> dict[tuple[str, str], str]:
        """Every language in every form, byte for byte as it stays."""
        return {
            (language, form): to_text(stamp.put(each), WIDTH) if form == "table" else make(stamp.put(each))
            for language, each in self.reports.items()
            for form, make in FORMS.items()
        }


def draft(kind: str, facts: Facts, registers: Registers, controller: Controller) -> Draft:
    """The paper of a kind; Unreadable while a country that receives data has no safeguard."""
    require_safeguards(controller, companies(facts, registers))
    return notice_draft(facts, registers, controller) if kind == NOTICE else record_draft(facts, registers, controller)


def notice_draft(facts: Facts, registers: Registers, controller: Controller | None) -> Draft:
    """The notice in every language; without the controller's file, of what the gateway knows by itself."""
    spoken = languages() if controller is None else controller.languages
    found, texts = notice(facts, registers), {language: NoticeTexts(language) for language in spoken}
    reports = {language: notice_report(facts, found, controller, each) for language, each in texts.items()}
    return Draft(NOTICE, reports, frozenset().union(*(each.untranslated for each in texts.values())))


def record_draft(facts: Facts, registers: Registers, controller: Controller) -> Draft:
    """The record, which is in English."""
    return Draft(RECORD, {"en": record_report(facts, record(facts, controller, registers))}, frozenset())


def digest_of(forms: Mapping[tuple[str, str], str], row: Mapping[str, Any]) -> bytes:
    """SHA-256 over the SHA-256 of each form and the `SEALED` columns of the row: what the ledger holds of a paper."""
    listed = [[language, form, sha256(text.encode()).hexdigest()] for (language, form), text in sorted(forms.items())]
    return sha256(orjson.dumps([listed, [[name, _written(row[name])] for name in SEALED]])).digest()


def _written(value: Any) -> str | int | None:
    """One value, the same from every database: moments in whole seconds, bytes in hexadecimal."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if value is None or isinstance(value, int):
        return value
    return bytes(value).hex() if isinstance(value, bytes | bytearray | memoryview) else str(value)
