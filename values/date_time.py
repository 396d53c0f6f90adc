"""Dates and moments as they are written by ISO 8601 and RFC 3339, in UTC."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import overload

from values.digits import in_ascii
from values.lines import trimmed

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<time>[0-9]{2}:[0-9]{2}(:[0-9]{2})?)([.,](?P<fraction>[0-9]{1,12}))?"
    r"(?P<zone>[Zz]|[+\-][0-9]{2}(:?[0-9]{2})?)?"
)
LONGEST = 48
"""Maximum characters; longer texts are refused unparsed."""


class DateTimeError(ValueError):
    """The text is no date or no moment; the message says how one is written and repeats nothing of it."""


def read_day(text: str) -> date:
    """Return the day, such as 2026-03-31; DateTimeError if there is none."""
    written = in_ascii(trimmed(text[: LONGEST + 1]))
    try:
        if _DAY.fullmatch(written):
            return date.fromisoformat(written)
    except ValueError:
        pass
    raise DateTimeError("a date is a text such as 2026-03-31")


def read_moment(text: str) -> datetime:
    """Return the moment in UTC; DateTimeError if it has no time zone: it would depend on where it is read."""
    found = _read(text)
    if found.tzinfo is None:
        raise DateTimeError("a DateTime needs a time zone, such as the Z of 2026-11-23T14:30:00Z")
    return _in_utc(found)


def read_day_or_moment(text: str) -> datetime:
    """Return a day's beginning or a moment, in UTC unless it has an offset; DateTimeError if it is neither."""
    try:
        day = read_day(text)
    except DateTimeError:
        return _in_utc(_read(text))
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@overload
def in_seconds(moment: datetime) -> str: ...
@overload
def in_seconds(moment: datetime | None) -> str | None: ...
def in_seconds(moment: datetime | None) -> str | None:
    """Return a moment of UTC as reports write it, to the second (RFC 3339): `2026-03-31T08:00:00Z`; None for none."""
    return None if moment is None else moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _read(text: str) -> datetime:
    found = _TIME.fullmatch(in_ascii(trimmed(text[: LONGEST + 1])))
    if found is None:
        raise DateTimeError("a DateTime is a text such as 2026-11-23T14:30:00Z")
    # Digits beyond the microsecond are of no use to anybody, and no reason to refuse a moment.
    fraction = f".{found['fraction'][:6]}" if found["fraction"] else ""
    seconds = "" if len(found["time"]) > len("10:00") else ":00"
    try:
        zone = (found["zone"] or "").upper()
        return datetime.fromisoformat(f"{found['day']}T{found['time']}{seconds}{fraction}{zone}")
    except ValueError:
        raise DateTimeError("a DateTime is a text such as 2026-11-23T14:30:00Z") from None


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError:  # The first or the last day that Python knows, in another time zone.
        raise DateTimeError("this moment lies outside of the calendar") from None
