"""Custom scalars, each specified by a standard where there is one.

A scalar of `schema.core.forms` is what people type: it takes any text on the way in, and the command judges it by the
rule of `values/`, so that the form shows the sentence beside its field (`userErrors`). Every other scalar refuses on
the way in what it could not have on the way out, which is an error of the request. See docs/scalars.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

from policy.currencies import MINOR_DIGITS
from values.date_time import DateTimeError, read_day, read_moment

_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?", re.ASCII)
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}", re.ASCII)
_URL = re.compile(r"[a-z][a-z0-9+.-]{1,20}:[!-~]{1,4000}", re.ASCII)

# Errors are of graphql-core's kind, also on the way out: a value that does not fit is never an unexpected error, and
# never the caller's (`schema.execution.answers.unfit`).


def moment_written(value: Any) -> Any:
    """The stored moment as it is told: a text of SQLite as it is, the type of another driver for the encoder."""
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.fullmatch(value)):
        return value
    raise GraphQLError("no DateTime")


def _moment_out(value: Any) -> str:
    moment: str | datetime = moment_written(value)
    if isinstance(moment, str):
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _moment_in(value: Any) -> datetime:
    if isinstance(value, str):
        try:
            return read_moment(value)
        except DateTimeError as error:
            raise GraphQLError(str(error)) from None
    raise GraphQLError("a DateTime is a text such as 2026-11-23T14:30:00Z")


def _day_out(value: Any) -> str:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value.isoformat()
    return _matching(_DAY, "no Date")(value)


def _day_in(value: Any) -> date:
    if isinstance(value, str):
        try:
            return read_day(value)
        except DateTimeError as error:
            raise GraphQLError(str(error)) from None
    raise GraphQLError("a Date is a text such as 2026-03-31")


def _matching(form: re.Pattern[str], otherwise: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if isinstance(value, str) and form.fullmatch(value):
            return value
        raise GraphQLError(otherwise)

    return read


def _integer_out(value: Any) -> str:
    # A boolean is an int in Python.
    return _matching(_INTEGER, "no BigInt")(str(value) if type(value) is int else value)


def _integer_in(value: Any) -> int:
    text = str(value) if type(value) is int else value
    number = int(_matching(_INTEGER, "a BigInt is a whole number as a text, such as 9007199254740993")(text))
    if -(2**63) <= number < 2**63:
        return number
    raise GraphQLError("a BigInt has 64 bits")


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in MINOR_DIGITS:
        raise GraphQLError("a CurrencyCode is a code of ISO 4217, such as CHF")
    return value


def _only_read(value: Any) -> dict[str, Any]:
    raise GraphQLError("this scalar is read, and never sent")


def _text(value: Any) -> str:
    # graphql-core's `String` refuses these too; `str` would take a list or an object for a text.
    if not isinstance(value, str):
        raise GraphQLError("a text is needed")
    return value


_decimal = _matching(_DECIMAL, "a Decimal is a text of digits, such as 69.00")
_url = _matching(_URL, "a URL is an absolute address, such as https://example.org/a")

DateTime = NewType("DateTime", str)
Date = NewType("Date", str)
Decimal = NewType("Decimal", str)
BigInt = NewType("BigInt", str)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
LanguageTag = NewType("LanguageTag", str)
EmailAddress = NewType("EmailAddress", str)
PhoneNumber = NewType("PhoneNumber", str)
URL = NewType("URL", str)
RdapDomain = NewType("RdapDomain", dict[str, Any])


def _scalar(
    name: str, description: str, url: str, out: Callable[[Any], Any], into: Callable[[Any], Any] | None = None
) -> Any:
    return strawberry.scalar(
        name=name, description=description, specified_by_url=url, serialize=out, parse_value=into or out
    )


SCALARS: dict[object, Any] = {
    DateTime: _scalar(
        "DateTime",
        "A moment to the second, in UTC, such as 2026-11-23T14:30:00Z (RFC 3339). On the way in, any offset is taken.",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        _moment_out,
        _moment_in,
    ),
    Date: _scalar(
        "Date",
        "A day of the calendar, without a time and a zone, such as 2026-03-31 (RFC 3339, full-date).",
        "https://www.rfc-editor.org/rfc/rfc3339#section-5.6",
        _day_out,
        _day_in,
    ),
    Decimal: _scalar(
        "Decimal",
        "A decimal number of exactly these digits, as a text, such as 69.00 or -0.005 (XML Schema).",
        "https://www.w3.org/TR/xmlschema11-2/#decimal",
        _decimal,
    ),
    BigInt: _scalar(
        "BigInt",
        "A whole number of 64 bits, as a text: a number of JSON is exact up to 9007199254740991 only (XML Schema).",
        "https://www.w3.org/TR/xmlschema11-2/#long",
        _integer_out,
        _integer_in,
    ),
    CurrencyCode: _scalar(
        "CurrencyCode",
        "A currency by its three letters, such as CHF (ISO 4217).",
        "https://www.iso.org/iso-4217-currency-codes.html",
        _currency,
    ),
    CountryCode: _scalar(
        "CountryCode",
        "A country by its two letters, such as CH (ISO 3166-1 alpha-2), or XK for Kosovo.",
        "https://www.iso.org/iso-3166-country-codes.html",
        _text,
    ),
    LanguageTag: _scalar(
        "LanguageTag",
        "A language, with script or region where it matters, such as fr or fr-CH (BCP 47).",
        "https://www.rfc-editor.org/info/bcp47",
        _text,
    ),
    EmailAddress: _scalar(
        "EmailAddress",
        "An e-mail address as people write it, such as anna@example.ch; the domain may have any letters (RFC 6531).",
        "https://www.rfc-editor.org/rfc/rfc6531#section-3.3",
        _text,
    ),
    PhoneNumber: _scalar(
        "PhoneNumber",
        "A telephone number with its country code, such as +41213200000 (E.164). On the way in, spaces and punctuation "
        "are taken.",
        "https://www.itu.int/rec/T-REC-E.164",
        _text,
    ),
    URL: _scalar(
        "URL",
        "An absolute address of any scheme, such as https://example.org/a (WHATWG URL).",
        "https://url.spec.whatwg.org/",
        _url,
    ),
    RdapDomain: _scalar(
        "RdapDomain",
        "A domain object of RDAP as JSON, with its redactions marked (RFC 9537).",
        "https://www.rfc-editor.org/rfc/rfc9083#section-5.3",
        dict,
        _only_read,
    ),
}
