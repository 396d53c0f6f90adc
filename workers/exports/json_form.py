"""An export as JSON: everything (docs/export.schema.json), or the portable part (Art. 20)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

import orjson

from messages.catalogue import translate
from messages.words import Words
from policy.bases import LegalBasis
from policy.categories import Category
from policy.meanings import Origin
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.retention import RetentionRule
from store.records.holdings import DamagedValue
from workers.exports.contents import ExportedField, ExportedSection
from workers.exports.forms import DocumentHeader, Form

FORMAT = "customer-data-export"
VERSION = 1


class JsonForm(Form):
    """Writes one record in each line; the words of the catalogues are explained once, under `words`."""

    def __init__(self, portable: bool = False) -> None:
        self._portable = portable
        self._sections = 0
        self._records = 0
        self._language = "en"

    def begin(self, head: DocumentHeader) -> str:
        """Return the beginning of the document."""
        self._language = head.language
        facts = {
            "format": FORMAT,
            "version": VERSION,
            "kind": "PORTABLE" if self._portable else "EVERYTHING",
            "language": head.language,
            "madeAt": head.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "controller": {"name": head.controller, "address": head.address},
            "customer": head.customer,
            "words": self._words(head),
            "rights": RIGHTS.all(head.language),
            "transfers": [dict(each) for each in head.transfers],
        }
        return _dumped(facts)[:-1] + ',"holdings":['

    def open(self, section: ExportedSection) -> str:
        """Return a section's fields, and the beginning of its records."""
        if self._portable and not section.portable:
            return ""
        comma = ",\n" if self._sections else "\n"
        self._sections += 1
        self._records = 0
        facts: dict[str, Any] = {"name": section.name, "retention": section.retention.name}
        facts["fields"] = {field.name: _described(field) for field in self._fields(section)}
        return comma + _dumped(facts)[:-1] + (',"records":[' if section.row_by_row else "")

    def record(self, section: ExportedSection, record: Mapping[str, Any]) -> str:
        """Return one row as an object by field name."""
        if self._portable and not section.portable:
            return ""
        comma = ",\n" if self._records else "\n"
        self._records += 1
        values = {field.name: record[field.name] for field in self._fields(section) if field.name in record}
        return comma + _dumped(values)

    def close(self, section: ExportedSection, count: int | None) -> str:
        """Return the end of the records, with their number; null if they cannot be found by customer."""
        if self._portable and not section.portable:
            return ""
        return ("]" if section.row_by_row else "") + f',"count":{_dumped(count)}}}'

    def end(self) -> str:
        """Return the end of the document; without it the document is no valid JSON, so that a truncated one is
        detected."""
        return "\n]}\n"

    def _fields(self, section: ExportedSection) -> list[ExportedField]:
        return [field for field in section.fields if not self._portable or field.portable]

    def _words(self, head: DocumentHeader) -> dict[str, Any]:
        used = [field for section in head.sections for field in self._fields(section)]
        purposes = {purpose for field in used for purpose in field.purposes}
        return {
            "purposes": {each.name: self._purpose(each) for each in Purpose if each in purposes},
            "categories": self._said(Category, {field.category for field in used}),
            "retention": self._said(RetentionRule, {field.retention for field in used}),
            "recipients": self._said(Recipient, {each for field in used for each in field.recipients}),
            "origins": self._said(Origin, {field.origin for field in used}),
            "withheld": WITHHELD.all(self._language),
        }

    def _purpose(self, purpose: Purpose) -> dict[str, Any]:
        return {"why": translate(purpose.text, self._language), "legalBases": [_basis(each) for each in purpose.bases]}

    def _said(self, catalogue: Any, used: set[Any]) -> dict[str, str]:
        return {each.name: translate(each.text, self._language) for each in catalogue if each in used}


RIGHTS = Words(
    {
        "RECTIFICATION": "You may have what is wrong or incomplete put right (GDPR Art. 16).",
        "ERASURE": "You may have your data erased (GDPR Art. 17).",
        "RESTRICTION": "You may have what is done with your data restricted (GDPR Art. 18).",
        "PORTABILITY": "You may take along what you gave us; it is the export of the kind PORTABLE (GDPR Art. 20).",
        "OBJECTION": "You may object to what rests on our interests, and at any time to news (GDPR Art. 21).",
        "WITHDRAWAL": "You may take back a consent at any time; what was done before stays lawful (GDPR Art. 7(3)).",
        "COMPLAINT": "You may complain to the data protection authority where you live or work (GDPR Art. 77).",
        "SAFEGUARDS": (
            "Of each transfer to another country you may have a copy of its safeguards (GDPR Art. 15(2) and 46)."
        ),
    }
)
"""The information that GDPR Art. 15(1)(e), (f) and (2) requires beside the data."""

WITHHELD = Words(
    {
        "SECRET": "Held so that the service works, and shown to nobody: a password's hash, a key, a card number.",
        "FINGERPRINT": "A keyed hash of a value, by which it is found again; the value itself stands elsewhere.",
        "STAFF": "Which person of the staff did it: a datum of that person, not of yours.",
    }
)
"""Why a field has no value."""


def _basis(basis: LegalBasis) -> str:
    return basis.name


def _described(field: ExportedField) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "category": field.category.name if field.category else None,
        "purposes": [purpose.name for purpose in field.purposes],
        "recipients": [recipient.name for recipient in field.recipients],
        "retention": field.retention.name,
        "origin": field.origin.name,
        "source": field.source,
        "coordinates": list(field.coordinates),
        "description": field.description,
    }
    return facts | {"withheld": field.withheld} if field.withheld else facts


def _plain(value: Any) -> Any:
    if isinstance(value, DamagedValue):
        return {"damaged": True}
    raise TypeError


def _dumped(value: Any) -> str:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
