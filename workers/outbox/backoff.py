"""Exponential backoff with jitter for failed deliveries, and the Retry-After header."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=4)
ASKED_FOR = timedelta(hours=24)
"""The longest Retry-After that is respected."""


def pause(attempt: int, rng: Callable[[], float]) -> timedelta:
    """Return the backoff after this many attempts: doubling from 5 seconds to 4 hours, with a jitter of ±25 %.

    `rng` returns random numbers from 0 to 1.
    """
    # The exponent is bounded: an unbounded shift would overflow a timedelta after some 45 attempts.
    return min(FIRST * (1 << min(attempt - 1, 20)), LONGEST) * (0.75 + rng() / 2)


def asked_for(retry_after: str | None, now: datetime) -> timedelta:
    """Parse a Retry-After header (RFC 9110, 10.2.3), seconds or a date; zero for anything else."""
    if retry_after is None:
        return timedelta(0)
    if retry_after.isascii() and retry_after.isdigit():
        # Nine digits exceed the maximum already; more would overflow a timedelta.
        return min(timedelta(seconds=int(retry_after[:9])), ASKED_FOR)
    try:
        until = parsedate_to_datetime(retry_after)
    except ValueError:
        return timedelta(0)
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max(until - now, timedelta(0)), ASKED_FOR)
