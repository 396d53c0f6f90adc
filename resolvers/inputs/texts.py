"""Validates the input fields of the API and collects their problems, without values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from messages.message import Text
from resolvers.commands.context import UserProblem
from values import lines, mailbox, person_name, telephone
from values.country import read_country
from values.language import read_language
from values.lines import LineError, read_line
from values.mailbox import MailboxError, read_mailbox
from values.person_name import read_name
from values.postal_address import read_postal_address
from values.telephone import read_telephone


def nameless(*fields: str) -> UserProblem:
    """The problem that no part of a name is left, at the last of the fields."""
    return UserProblem("REQUIRED", "A given name or a family name is needed.", fields[-1:] or ("familyName",))


class InputReader:
    """Reads fields of an input; returns None for a field that is empty, null or invalid."""

    def __init__(self, given: Mapping[str, Any], under: tuple[str, ...] = ()) -> None:
        self.given, self.under = given, under
        self.problems: list[UserProblem] = []

    def name(self, field: str, most: int = person_name.LONGEST) -> str | None:
        """A part of a name: one line with at least one letter; required."""
        text = self._read(field, read_name, most)
        if text is None:
            self._needed(field)
        return text

    def name_part(self, field: str) -> str | None:
        """A part of a name that may be empty, since some people have one name."""
        return self._read(field, read_name, person_name.LONGEST)

    def names(self, given: str, family: str) -> tuple[str | None, str | None]:
        """A person's name; one of its parts is required."""
        found = self.name_part(given), self.name_part(family)
        if not any(found) and not any(problem.field[-1] in (given, family) for problem in self.problems):
            self.problems.append(nameless(family))
        return found

    def owner_name(self, field: str) -> str | None:
        """The name of a registrant, who may be an organisation."""
        return self.name(field, lines.LONGEST)

    def phone(self, field: str) -> str | None:
        """A telephone number as E.164."""
        return self._value(field, read_telephone, "INVALID_PHONE", telephone.LONGEST_TYPED)

    def email(self, field: str) -> str | None:
        """An e-mail address in its canonical display form; look-alikes of mixed scripts are refused."""
        text = self.line(field, mailbox.LONGEST_TYPED)
        try:
            return None if text is None else read_mailbox(text).display
        except MailboxError as error:
            self.problem(field, error.fault.code, str(error))
            return None

    def language(self, field: str) -> str | None:
        """A language tag (BCP 47)."""
        return self._value(field, read_language, "INVALID_LANGUAGE")

    def address(self, field: str) -> Mapping[str, str | None]:
        """A postal address; street, city and country are required."""
        # A reader of its own, so that paths contain the field.
        inner = InputReader(self.given[field], (*self.under, field))
        found: dict[str, str | None] = {
            part: inner.line(part) for part in ("street", "street2", "postalCode", "city", "region")
        }
        found["country"] = inner._value("country", read_country, "INVALID_COUNTRY")
        for part in ("street", "city", "country"):
            if found[part] is None:
                inner._needed(part)
        # The rules of a country apply only to an address that is complete.
        if not inner.problems:
            found, problems = read_postal_address(found)
            for fault in problems:
                inner.problem(fault.part, fault.code, fault.message)
        self.problems += inner.problems
        return found

    def line(self, field: str, most: int = lines.LONGEST) -> str | None:
        """One line of text, NFC-normalised and trimmed."""
        return self._read(field, read_line, most)

    def _read(self, field: str, read: Callable[[str, int], str], most: int) -> str | None:
        value = self.given.get(field)
        try:
            return None if value is None else read(value, most) or None
        except LineError as error:
            self.problem(field, error.code, error.message)
            return None

    def problem(self, field: str, code: str, message: Text) -> None:
        """Note what is wrong with a field."""
        self.problems.append(UserProblem(code, message, (*self.under, field)))

    def _needed(self, field: str) -> None:
        # A field that is malformed is not reported as missing, too.
        if not any(problem.field[-1] == field for problem in self.problems):
            self.problem(field, "REQUIRED", "This cannot be empty.")

    def _value(self, field: str, read: Callable[[str], str], code: str, most: int = lines.LONGEST) -> str | None:
        text = self.line(field, most)
        try:
            return None if text is None else read(text)
        except ValueError as error:  # Of `values`: its message is a sentence of the catalogue, and repeats nothing.
            self.problem(field, code, str(error))
            return None
