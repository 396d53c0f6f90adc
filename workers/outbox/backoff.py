"""When to try again what failed: soon at first, then ever more rarely, and never all at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=4)
ASKED_FOR = timedelta(hours=24)
"""The longest that a receiver may ask us to stay away."""


def pause(attempt: int, dice: Callable[[], float]) -> timedelta:
    """How long to wait after this many attempts: doubling from 5 seconds to 4 hours, give or take a quarter."""
    return min(FIRST * (1 << min(attempt - 1, 20)), LONGEST) * (0.75 + dice() / 2)


def asked_for(retry_after: str | None, now: datetime) -> timedelta:
    """What a Retry-After says (RFC 9110, 10.2.3), seconds or a date; nothing for what is neither."""
    if retry_after is None:
        return timedelta(0)
    if retry_after.isascii() and retry_after.isdigit():
        return min(timedelta(seconds=int(retry_after[:9])), ASKED_FOR)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta(0)
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), ASKED_FOR)
