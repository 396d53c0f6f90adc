"""Validates single values of an import: each returns the value, or one fault."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from resolvers.inputs.changes import FieldChange
from resolvers.inputs.report import FieldFault
from values import lines, mailbox
from values.country import CountryError, read_country
from values.damage import looks_damaged
from values.date_time import DateTimeError, read_day_or_moment
from values.domain_name import DomainNameError, to_ascii
from values.external_id import ExternalIdError, read_external_id
from values.language import LanguageError, read_language
from values.lines import LineError, read_line, trimmed
from values.mailbox import MailboxError, read_mailbox
from values.person_name import read_name
from values.postal_address import read_postal_address
from values.telephone import TelephoneError, TelephoneFault, read_telephone

Check = Callable[[str], "str | FieldFault"]
FieldProblem = tuple[str, FieldFault, str]
"""A field's path, what is wrong with it, and what its country has instead; never a value."""

# Characters that start a formula in spreadsheets, full-width forms included (CSV injection, D7).
_FORMULA = tuple("=+-@＝＋－＠")
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,31}")
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

EMAIL_PROBLEMS = {
    mailbox.MailboxFault.NO_ADDRESS: FieldFault.NOT_AN_EMAIL,
    mailbox.MailboxFault.QUOTED: FieldFault.QUOTED_EMAIL,
    mailbox.MailboxFault.LITERAL: FieldFault.EMAIL_AT_NUMBER,
    mailbox.MailboxFault.NO_DOMAIN: FieldFault.EMAIL_WITHOUT_DOMAIN,
    mailbox.MailboxFault.TOO_LONG: FieldFault.EMAIL_TOO_LONG,
    mailbox.MailboxFault.MIXED: FieldFault.MIXED_SCRIPTS,
}
PHONE_PROBLEMS = {
    TelephoneFault.NO_NUMBER: FieldFault.NOT_A_PHONE,
    TelephoneFault.NO_COUNTRY: FieldFault.PHONE_WITHOUT_COUNTRY,
    TelephoneFault.EXTENSION: FieldFault.PHONE_EXTENSION,
    TelephoneFault.SEVERAL: FieldFault.SEVERAL_PHONES,
    TelephoneFault.LENGTH: FieldFault.PHONE_LENGTH,
}


def line(text: str) -> str | FieldFault:
    """A line of text that does not start like a spreadsheet formula."""
    # Exports of this data will be opened in spreadsheets, too.
    return FieldFault.FORMULA if text.startswith(_FORMULA) else text


def email(text: str) -> str | FieldFault:
    """An e-mail address, international ones included, by the rules of the API."""
    if text.startswith(_FORMULA):
        return FieldFault.FORMULA
    try:
        return read_mailbox(text).display
    except MailboxError as error:
        return EMAIL_PROBLEMS[error.fault]


def phone(text: str) -> str | FieldFault:
    """A telephone number in E.164 form, by the rules of the API."""
    return _phone(text, None)


def phone_in(country: str | None) -> Check:
    """A check for a telephone number that reads one without country code as a number of this country."""
    return lambda text: _phone(text, country)


def _phone(text: str, country: str | None) -> str | FieldFault:
    try:
        return read_telephone(text, country)
    except TelephoneError as error:
        return PHONE_PROBLEMS[error.fault]


def country(text: str) -> str | FieldFault:
    """The code of a country, by the rules of the API."""
    try:
        return read_country(text)
    except CountryError:
        return FieldFault.NOT_A_COUNTRY


def language(text: str) -> str | FieldFault:
    """A language tag (BCP 47), by the rules of the API."""
    try:
        return read_language(text)
    except LanguageError:
        return FieldFault.NOT_A_LANGUAGE


def number(text: str) -> str | FieldFault:
    """A customer number."""
    return text if _NUMBER.fullmatch(text) else FieldFault.NOT_A_NUMBER


def external_id(system: str | None) -> Check:
    """A check for an id in another system: that of the whole file, or else one that the text begins with."""

    def check(text: str) -> str | FieldFault:
        try:
            return read_external_id(text, system)
        except ExternalIdError:
            return FieldFault.NOT_AN_EXTERNAL_ID

    return check


def domain(text: str) -> str | FieldFault:
    """A domain name of at least two labels, in A-labels."""
    try:
        return to_ascii(text)
    except DomainNameError:
        return FieldFault.NOT_A_DOMAIN


def name(text: str) -> str | FieldFault:
    """A part of a name, by the rules of the API; a spreadsheet formula is refused."""
    try:
        return line(read_name(text, lines.LONGEST))
    except LineError:
        return FieldFault.NOT_A_NAME


ADDRESS_COLUMNS = {"postalCode": "postal_code"}
ADDRESS_PROBLEMS = {
    "REQUIRED": FieldFault.MISSING,
    "INVALID_POSTAL_CODE": FieldFault.NOT_A_POSTAL_CODE,
    "INVALID_REGION": FieldFault.NOT_A_REGION,
}


def address(fields: Fields, written: dict[str, str | None]) -> dict[str, str | None]:
    """A postal address by the rules of its country; adds a fault for each part that breaks one."""
    found, problems = read_postal_address(written)
    if not problems and found["postalCode"] != written["postalCode"]:
        fields.note("postal_code", FieldChange.STANDARD_FORM)
    for each in problems:
        fields.fault(ADDRESS_COLUMNS.get(each.part, each.part), ADDRESS_PROBLEMS[each.code], ", ".join(each.instead))
    return found


def one_of(words: Sequence[str]) -> Check:
    """A check for one of the words, case-insensitive."""
    return lambda text: text.upper() if text.upper() in words else FieldFault.NOT_A_CHOICE


class Fields:
    """The fields of a record or of an object in it; faults are added with the field's path."""

    __slots__ = ("_changes", "_problems", "_raw", "_under", "now")

    def __init__(
        self,
        raw: Mapping[str, Any],
        problems: list[FieldProblem],
        changes: list[tuple[str, FieldChange]],
        now: datetime,
        under: str = "",
    ) -> None:
        self._raw, self._problems, self._changes, self.now, self._under = raw, problems, changes, now, under

    def fault(self, name: str, fault: FieldFault, instead: str = "") -> None:
        """Add a fault of the field, with what would be right."""
        self._problems.append((self._under + name, fault, instead))

    def note(self, name: str, change: FieldChange) -> None:
        """Note that the field is not taken as it is written, or was assumed."""
        self._changes.append((self._under + name, change))

    def assumed(self, name: str, change: FieldChange = FieldChange.ASSUMED) -> None:
        """Note that a missing field is assumed; one that is there and wrong is a fault instead."""
        if self.is_empty(name):
            self.note(name, change)

    def is_empty(self, name: str) -> bool:
        """Whether the field is missing or blank."""
        value = self._raw.get(name)
        return value is None or (isinstance(value, str) and not value.strip())

    def raw(self, name: str) -> Any:
        """The field as written."""
        return self._raw.get(name)

    def within(self, raw: Mapping[str, Any]) -> Fields:
        """Other fields of the same record, with the same path."""
        return Fields(raw, self._problems, self._changes, self.now, self._under)

    def only(self, names: Sequence[str], place: str) -> None:
        """Add a fault for unknown keys; their names are not reported, since they may be personal data."""
        # Data without a use is not imported (GDPR Art. 5(1)(c)).
        if not self._raw.keys() <= frozenset(names):
            self.fault(place, FieldFault.UNKNOWN_KEY)

    def text(self, name: str, check: Check = line, most: int = 200) -> str | None:
        """The field, NFC-normalised and trimmed; None if it is empty, or invalid, which adds a fault."""
        value = self._raw.get(name)
        if value is None:
            return None
        found = self._checked(name, value, check, most)
        if isinstance(found, FieldFault):
            self.fault(name, found)
            return None
        return found or None

    def required(self, name: str, check: Check = line, most: int = 200) -> str:
        """Like `text`, but an empty field adds a fault, and the empty string is returned."""
        if self.is_empty(name):
            self.fault(name, FieldFault.MISSING)
            return ""
        return self.text(name, check, most) or ""

    def secret(self, name: str, most: int) -> str | None:
        """The field exactly as written but for blanks around it, such as a hash; None if it is empty or no line."""
        value = self._raw.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            return None
        if not isinstance(value, str):
            self.fault(name, FieldFault.WRONG_TYPE)
            return None
        bare = value.strip()
        if len(bare) > most:
            self.fault(name, FieldFault.TOO_LONG)
        elif not bare.isprintable():
            self.fault(name, FieldFault.CONTROL_CHARACTER)
        else:
            return bare
        return None

    def truth(self, name: str, default: bool) -> bool:
        """A JSON boolean, or one of the words true, yes, 1, false, no, 0."""
        value = self._raw.get(name)
        if isinstance(value, bool):
            return value
        word = self.text(name)
        if word is None:
            return default
        if word.lower() not in _TRUTH:
            self.fault(name, FieldFault.NOT_A_BOOLEAN)
        return _TRUTH.get(word.lower(), default)

    def moment(self, name: str, future: bool = False) -> datetime | None:
        """A date (midnight) or a time, in UTC unless it has an offset."""
        text = self.text(name)
        if text is None:
            return None
        try:
            found = read_day_or_moment(text)
        except DateTimeError:
            self.fault(name, FieldFault.NOT_A_DATE)
            return None
        # A day of tolerance, since a date has no time zone.
        if not future and found > self.now + timedelta(days=1):
            self.fault(name, FieldFault.IN_THE_FUTURE)
        return found

    def objects(self, name: str, most: int) -> list[Fields]:
        """A list of objects; the paths of their fields contain the index."""
        value = self._raw.get(name)
        if value is None or value == "":
            return []
        if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
            self.fault(name, FieldFault.WRONG_TYPE)
            return []
        if len(value) > most:
            self.fault(name, FieldFault.TOO_MANY)
            return []
        return [self._inner(entry, f"{name}[{place}].") for place, entry in enumerate(value)]

    def object(self, name: str) -> Fields | None:
        """An object; None if there is none or it is of another type, which adds a fault."""
        value = self._raw.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.fault(name, FieldFault.WRONG_TYPE)
            return None
        return self._inner(value, f"{name}.")

    def _inner(self, raw: Mapping[str, Any], under: str) -> Fields:
        return Fields(raw, self._problems, self._changes, self.now, self._under + under)

    def _checked(self, name: str, value: Any, check: Check, most: int) -> str | FieldFault:
        if not isinstance(value, str):
            return FieldFault.WRONG_TYPE
        try:
            text = read_line(value, most)
        except LineError as error:
            return FieldFault.TOO_LONG if error.code == "TOO_LONG" else FieldFault.CONTROL_CHARACTER
        if looks_damaged(text):
            self.note(name, FieldChange.DAMAGED)
        if text != (bare := trimmed(value)):
            self.note(name, FieldChange.COMPOSED)
        elif bare != value.strip():
            self.note(name, FieldChange.MARKS)
        found = check(text) if text else ""
        if not isinstance(found, FieldFault) and found != text:
            self.note(name, FieldChange.STANDARD_FORM)
        return found
