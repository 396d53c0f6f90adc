"""What customers type, checked field by field: what is wrong is collected, and named without its value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

import phonenumbers

from resolvers.addresses import checked
from resolvers.commands import UserProblem
from resolvers.email_addresses import EMAIL_FAULTS, address_fault
from resolvers.import_report import Fault
from resolvers.import_values import country, language

_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")
NAME_MOST, LINE_MOST = 100, 200


def number(text: str) -> str | Fault:
    """A telephone number as E.164."""
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return Fault.NOT_A_PHONE
    if not phonenumbers.is_possible_number(parsed):
        return Fault.NOT_A_PHONE
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


class Texts:
    """Reads fields of an input; None for a field that is empty, null or wrong."""

    def __init__(self, given: Mapping[str, Any], under: tuple[str, ...] = ()) -> None:
        self.given, self.under = given, under
        self.problems: list[UserProblem] = []

    def name(self, field: str) -> str | None:
        """A part of a name: a line with at least one letter; it may not be emptied."""
        text = self.line(field, NAME_MOST)
        if text is None:
            self._needed(field)
        elif not any(unicodedata.category(character).startswith("L") for character in text):
            self.problem(field, "INVALID_NAME", "A name needs at least one letter.")
        return text

    def phone(self, field: str) -> str | None:
        """E.164, for a number that the country could have: plans of numbers change faster than libraries."""
        return self._checked(field, number, "INVALID_PHONE", "Write the number with its country code, such as +41 21 …")

    def email(self, field: str) -> str | None:
        """An e-mail address that nobody takes for another one."""
        text = self.line(field)
        fault = None if text is None else address_fault(text)
        if fault is not None:
            self.problem(field, fault, EMAIL_FAULTS[fault])
            return None
        return text

    def language(self, field: str) -> str | None:
        """BCP 47."""
        return self._checked(field, language, "INVALID_LANGUAGE", "Write a language tag, such as fr-CH.")

    def address(self, field: str) -> Mapping[str, str | None]:
        """A postal address: street, city and country at least."""
        inner = Texts(self.given[field], (*self.under, field))
        found: dict[str, str | None] = {
            part: inner.line(part) for part in ("street", "street2", "postalCode", "city", "region")
        }
        found["country"] = inner._checked("country", country, "INVALID_COUNTRY", "Write two letters, such as CH.")
        for part in ("street", "city", "country"):
            if found[part] is None:
                inner._needed(part)
        if not inner.problems:
            found, faults = checked(found)
            for fault in faults:
                inner.problem(fault.part, fault.code, fault.message)
        self.problems += inner.problems
        return found

    def line(self, field: str, most: int = LINE_MOST) -> str | None:
        """One line of text in NFC, without the space around it."""
        value = self.given.get(field)
        if value is None:
            return None
        # Looked at first: normalising takes the square of the number of combining marks.
        text = value if len(value) > 4 * most else unicodedata.normalize("NFC", value).strip()
        if len(text) > most:
            self.problem(field, "TOO_LONG", f"At most {most} characters.")
            return None
        if _INVISIBLE.search(text):
            self.problem(field, "INVALID_CHARACTERS", "It has characters that cannot be seen; type it again.")
            return None
        return text or None

    def problem(self, field: str, code: str, message: str) -> None:
        """Note what is wrong with a field."""
        self.problems.append(UserProblem(code, message, (*self.under, field)))

    def _needed(self, field: str) -> None:
        if not any(problem.field[-1] == field for problem in self.problems):
            self.problem(field, "REQUIRED", "This cannot be empty.")

    def _checked(self, field: str, check: Callable[[str], str | Fault], code: str, message: str) -> str | None:
        text = self.line(field)
        if text is None:
            return None
        found = check(text)
        if isinstance(found, Fault):
            self.problem(field, code, message)
            return None
        return found
