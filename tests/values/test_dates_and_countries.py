"""Dates, moments and countries as they are written (H24)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from values.country import COUNTRIES, CountryError, read_country
from values.date_time import DateTimeError, read_day, read_day_or_moment, read_moment

TEN = datetime(2024, 1, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-01-01T10:00:00Z", TEN),
        ("2024-01-01T10:00:00.123Z", TEN.replace(microsecond=123_000)),
        ("2024-01-01T10:00:00.123456789Z", TEN.replace(microsecond=123_456)),
        ("2024-01-01t10:00:00,5z", TEN.replace(microsecond=500_000)),
        ("2024-01-01T11:00:00+01:00", TEN),
        ("2024-01-01T11:00+0100", TEN),
        ("2024-01-01 11:00:00+01", TEN),
        (" \uff12\uff10\uff12\uff14-01-01T10:00Z ", TEN),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    assert read_moment(text) == read_day_or_moment(text) == moment


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2024-13-01T10:00:00Z", "2024-02-30T10:00:00Z", "2024-01-01T25:00:00Z", "2024-01-01T10:00:60Z",
     "20240101T100000Z", "2024-W01-1T10:00Z", "2024-01-01T10:00:00.Z", "1704103200", "0001-01-01T00:00:00+23:59",
     "9999-12-31T23:59:59-23:59", "2024-01-01T10:00:00+25:00"],
)  # fmt: skip
def test_what_is_no_moment(text: str) -> None:
    for read in (read_moment, read_day_or_moment):
        with pytest.raises(DateTimeError):
            read(text)


def test_a_moment_says_its_time_zone_and_a_day_has_none() -> None:
    with pytest.raises(DateTimeError):
        read_moment("2024-01-01T10:00:00")
    assert read_day_or_moment("2024-01-01T10:00:00") == TEN
    assert read_day("2024-02-29") == date(2024, 2, 29)
    assert read_day_or_moment("2024-01-01") == TEN.replace(hour=0)
    for text in ("2023-02-29", "2024-1-1", "01.02.2024", "2024-01-01T00:00:00Z", "20240101"):
        with pytest.raises(DateTimeError):
            read_day(text)


@given(st.datetimes(timezones=st.just(UTC)))
def test_every_moment_that_we_write_is_read(moment: datetime) -> None:
    assert read_moment(moment.isoformat()) == moment
    assert read_day_or_moment(moment.date().isoformat()).date() == read_day(moment.date().isoformat())


SENTENCES = {
    "a date is a text such as 2026-03-31",
    "a DateTime is a text such as 2026-11-23T14:30:00Z",
    "a DateTime needs a time zone, such as the Z of 2026-11-23T14:30:00Z",
    "this moment lies outside of the calendar",
    str(CountryError()),
}


@given(st.text(max_size=60))
def test_any_text_is_refused_by_its_own_error(text: str) -> None:
    for read, error in ((read_moment, DateTimeError), (read_day, DateTimeError), (read_country, CountryError)):
        try:
            read(text)
        except error as refusal:
            assert str(refusal) in SENTENCES, "whatever was given, none of it is repeated"


def test_countries_have_two_letters() -> None:
    assert (read_country(" ch "), read_country("Xk")) == ("CH", "XK")
    assert len(COUNTRIES) == 250
    for text in ("", "XX", "CHE", "Switzerland", "C", "ß"):
        with pytest.raises(CountryError):
            read_country(text)
