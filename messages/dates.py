"""Dates and names of countries and languages, as a language writes them (CLDR, by Babel)."""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from functools import lru_cache

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.lists import format_list

from messages.catalogue import SOURCE

BRITISH = "en-GB"
"""The locale of English dates: the day stands before the month."""


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Babel's facts of a language; those of English for one that CLDR does not know."""
    try:
        return Locale.parse(BRITISH if language == SOURCE else language, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(BRITISH, sep="-")


def day(value: date | datetime, language: str, zone: tzinfo | None = None) -> str:
    """A day with its month in words; of an instant, the day in the zone."""
    if isinstance(value, datetime) and zone is not None:
        value = value.astimezone(zone)
    return format_date(value, "long", locale_of(language))


def moment(value: datetime, language: str) -> str:
    """A day and time in UTC, and says so."""
    time = format_datetime(value, "HH:mm", locale=locale_of(language))
    return f"{day(value, language)}, {time} UTC"


def listed(parts: list[str], language: str) -> str:
    """One, two and three."""
    return format_list(parts, locale=locale_of(language))


def country(code: str, language: str) -> str:
    """The name of a country by its ISO 3166-1 code; the code where CLDR has no name."""
    return str(locale_of(language).territories.get(code.upper(), code))


def name_of(language: str) -> str:
    """The name of a language in itself, with a capital as on a button."""
    name = locale_of(language).languages.get(language.partition("-")[0], language) if language != SOURCE else "English"
    return name[:1].upper() + name[1:]


def direction(language: str) -> str:
    """Whether it is written from the left (`ltr`) or from the right (`rtl`)."""
    return str(locale_of(language).text_direction)
