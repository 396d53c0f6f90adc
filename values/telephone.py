"""A telephone number in one form: that of ITU-T E.164, by which it can be dialled from everywhere."""

from __future__ import annotations

import re
from enum import Enum

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, ValidationResult

from messages.message import marked
from values.digits import in_ascii
from values.lines import LineError, read_line

LONGEST_TYPED = 60
"""Maximum characters of the input; longer texts are refused unparsed."""

_URI = re.compile(r"tel:", re.IGNORECASE)
# Digits after these are dialled after the call is answered (RFC 3966 §5.3), or a second number.
_EXTENSION = re.compile(r"[0-9)]\s*(?:[,;#*x]|ext|durchwahl|poste|int|anexo)", re.IGNORECASE)
_FORM = re.compile(r"\+?[0-9\s().\-/\u2010-\u2015\u2212\uff0d~]+")
_ITALIAN = (39, 378)
"""Country codes of Italy, the Vatican and San Marino, whose numbers begin with a zero that is dialled from abroad."""
_TRUNK = re.compile(r"\(\s*0\s*\)")


class TelephoneFault(Enum):
    """The reason why a text is no telephone number, as a sentence."""

    NO_NUMBER = marked("This is no telephone number, such as +41 21 320 00 00.")
    NO_COUNTRY = marked("Write the number with its country code, such as +41 21 …")
    EXTENSION = marked("Numbers with an extension are not taken: write one that reaches the person directly.")
    SEVERAL = marked("Write one telephone number only.")
    LENGTH = marked("No number of this country has so many or so few digits.")


class TelephoneError(ValueError):
    """The text is no telephone number; the message says why and repeats nothing of it."""

    def __init__(self, fault: TelephoneFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def read_telephone(text: str, country: str | None = None) -> str:
    """Return the number in E.164; TelephoneError if it is none.

    It must be possible, not assigned: numbering plans change faster than libraries. Digits may be of any script; `00`
    stands for `+`. A number without country code is read as one of `country`, and refused without it. Nothing of it is
    left out: extensions, letters and second numbers are refused.
    """
    typed = _cleaned(text)
    first, slash, _ = typed.partition("/")
    if slash and _is_valid(_parsed(first, country)):
        raise TelephoneError(TelephoneFault.SEVERAL)
    if not _TRUNK.search(typed):
        return _in_e164(_possible(typed, country))
    # "(0)" is dialled only inside the country, except where numbers begin with it.
    kept, without = _parsed(typed, country), _parsed(_TRUNK.sub(" ", typed, count=1), country)
    begins = kept is not None and kept.country_code in _ITALIAN
    for each in (kept, without) if begins else (without, kept):
        if each is not None and _is_valid(each):
            return _in_e164(each)
    return _in_e164(_possible(_TRUNK.sub(" ", typed, count=1), country))


def lookup_form(text: str) -> str:
    """Return the form by which numbers are compared; a text that is none matches no number."""
    try:
        return read_telephone(text)
    except TelephoneError:
        return "\0" + text[: 4 * LONGEST_TYPED]


def has_country_code(text: str) -> bool:
    """Return whether the text begins like an international number, so that no country is guessed for it."""
    return in_ascii(text).strip().removeprefix("tel:").startswith(("+", "\uff0b", "00"))


def is_assigned(digits: str) -> bool:
    """Return whether digits, after a `+`, are a number that a country assigns: what may be one in another text."""
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(f"+{digits}"))
    except phonenumbers.NumberParseException:
        return False


def _cleaned(text: str) -> str:
    try:
        line = " ".join(in_ascii(read_line(text, LONGEST_TYPED)).replace("\uff0b", "+").split())
    except LineError:
        raise TelephoneError(TelephoneFault.NO_NUMBER) from None
    line = _URI.sub("", line, count=1) if _URI.match(line) else line
    if _EXTENSION.search(line):
        raise TelephoneError(TelephoneFault.EXTENSION)
    if not _FORM.fullmatch(line):
        raise TelephoneError(TelephoneFault.NO_NUMBER)
    return line


def _possible(typed: str, country: str | None) -> PhoneNumber:
    number = _parsed(typed, country)
    if typed.startswith("00") and not _is_possible(number):
        number = _parsed(f"+{typed[2:]}", None)
    if number is None:
        raise TelephoneError(
            TelephoneFault.NO_NUMBER if has_country_code(typed) or country else TelephoneFault.NO_COUNTRY
        )
    if not _is_possible(number):
        raise TelephoneError(TelephoneFault.LENGTH)
    return number


def _parsed(typed: str, country: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(typed, country)
    except phonenumbers.NumberParseException:
        return None


def _in_e164(number: PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def _is_valid(number: PhoneNumber | None) -> bool:
    return number is not None and bool(phonenumbers.is_valid_number(number))


def _is_possible(number: PhoneNumber | None) -> bool:
    # Not `is_possible_number`, which takes what can be dialled only within a town.
    found = None if number is None else phonenumbers.is_possible_number_with_reason(number)
    return bool(found == ValidationResult.IS_POSSIBLE)


def example_telephone(country: str) -> str | None:
    """Return a number of a country (ISO 3166-1) as it is dialled from abroad, in groups, as an example in a form; None
    for a country without numbers of its own."""
    example = phonenumbers.example_number(country)
    return None if example is None else str(phonenumbers.format_number(example, PhoneNumberFormat.INTERNATIONAL))
