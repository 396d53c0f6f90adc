"""Custom scalars, each specified by an ISO standard or an RFC."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, NewType

import strawberry
from graphql import GraphQLError

from policy.currencies import MINOR_DIGITS
from values.date_time import read_moment


def _serialize(value: Any) -> str:
    if isinstance(value, str):
        return value
    moment: datetime = value
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _parse(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError("a DateTime is a text such as 2026-11-23T14:30:00Z")
    return read_moment(value)


def _only_read(value: Any) -> dict[str, Any]:
    raise ValueError("this scalar is read, and never sent")


def _text(value: Any) -> str:
    # graphql-core's `String` refuses these too; `str` would take a list or an object for a text.
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?", re.ASCII)


def _decimal(value: Any) -> str:
    # A text, never a number: a reader of JSON makes a binary fraction of 0.1.
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise GraphQLError("a Decimal is a text of digits, such as 69.00")
    return value


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in MINOR_DIGITS:
        raise GraphQLError("a CurrencyCode is a code of ISO 4217, such as CHF")
    return value


DateTime = NewType("DateTime", str)
Decimal = NewType("Decimal", str)
CurrencyCode = NewType("CurrencyCode", str)
CountryCode = NewType("CountryCode", str)
LanguageTag = NewType("LanguageTag", str)
RdapDomain = NewType("RdapDomain", dict[str, Any])

SCALARS: dict[object, Any] = {
    DateTime: strawberry.scalar(
        name="DateTime",
        description="A moment in UTC, to the second, such as 2026-11-23T14:30:00Z (RFC 3339).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc3339",
        serialize=_serialize,
        parse_value=_parse,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number of exactly these digits, as a text, such as 69.00 or -0.005 (XML Schema).",
        specified_by_url="https://www.w3.org/TR/xmlschema11-2/#decimal",
        serialize=_decimal,
        parse_value=_decimal,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description="A currency by its three letters, such as CHF (ISO 4217).",
        specified_by_url="https://www.iso.org/iso-4217-currency-codes.html",
        serialize=_currency,
        parse_value=_currency,
    ),
    CountryCode: strawberry.scalar(
        name="CountryCode",
        description="A country by its two letters (ISO 3166-1 alpha-2).",
        specified_by_url="https://www.iso.org/iso-3166-country-codes.html",
        serialize=str,
        parse_value=_text,
    ),
    LanguageTag: strawberry.scalar(
        name="LanguageTag",
        description="A language, with region where it matters, such as fr-CH (BCP 47).",
        specified_by_url="https://www.rfc-editor.org/info/bcp47",
        serialize=str,
        parse_value=_text,
    ),
    RdapDomain: strawberry.scalar(
        name="RdapDomain",
        description="A domain object of RDAP as JSON, with its redactions marked (RFC 9537).",
        specified_by_url="https://www.rfc-editor.org/rfc/rfc9083#section-5.3",
        serialize=dict,
        parse_value=_only_read,
    ),
}
