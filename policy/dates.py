"""When a customer is erased: on request, or by itself (R32-R34, R42-R47, R59; readings A11, A12, A19)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import unique
from typing import Final

from policy.periods import Period
from policy.rows import Row

REQUEST_LIMITS: Final = (Period(days=30), Period(months=1))
"""The notice's 30 days and the month of GDPR Art. 12(3): whichever ends first (A11)."""
AUTOMATIC: Final = Period(months=6)
"""From the end of the last service, in calendar months, not 180 days (R34)."""
GUARD: Final = Period(days=3)
"""A taken-over account's owner has this long to cancel a request before anything is erased."""
TARGET: Final = Period(days=25)
"""When an erasure on request should be done; what is left until the deadline is for repairs."""
ALARM: Final = Period(days=27)
"""When an erasure on request that is not done raises an alarm."""
LAST_CALL: Final = timedelta(hours=6)
"""How long before its deadline an automatic erasure should be done, and raises an alarm if it is not."""
WARNINGS: Final = (timedelta(days=30), timedelta(days=7))
"""How long before an automatic erasure the customer is warned."""


@unique
class Cause(Row):
    """Why a customer is erased."""

    REQUEST = ("The customer asked for it.",)
    RETENTION = ("Six months have passed since the last service ended.",)


@dataclass(frozen=True, slots=True)
class Erasure:
    """When a customer is to be erased; all instants in UTC, `not_before <= by <= due` and `alarm_at < due`."""

    cause: Cause
    not_before: datetime
    by: datetime
    """When the work should be done."""
    alarm_at: datetime
    """When the operator is alarmed, should it not be done."""
    due: datetime
    """The deadline, the last second of its day; the customer has been told by then as well (A19)."""


def due_erasure(
    *,
    requests: Iterable[datetime],
    services_active: bool,
    last_service_ended: datetime | None,
    last_sign_in: datetime | None,
    zone: tzinfo,
) -> Erasure | None:
    """Return when the customer is to be erased, or None while no clock runs.

    `requests` are the standing ones, withdrawn ones left out; `last_service_ended` is the end of the latest
    service of all; `last_sign_in` counts for an account that never had one (A12), and only for step 3, so that
    signing in never moves a request; `zone` is the controller's. Steps:
    1. no clock runs while a service is active: a request then stays armed (R31, R42-R45);
    2. each request starts at the later of itself and that end (A11), and the earliest deadline holds (R47);
    3. without a request the six months run from that end (R34, R44), and they still hold with one (R46).
    """
    if services_active:  # 1
        return None
    clocks = [requested_erasure(at, last_service_ended, zone) for at in requests]  # 2
    dormant_since = last_service_ended or last_sign_in
    if dormant_since is not None:  # 3
        clocks.append(automatic_erasure(dormant_since, zone))
    return min(clocks, key=lambda clock: clock.due, default=None)


def requested_erasure(requested: datetime, last_service_ended: datetime | None, zone: tzinfo) -> Erasure:
    """Return the dates of an erasure that the customer asked for (R32, R33, A11)."""
    start = requested if last_service_ended is None else max(requested, last_service_ended)
    day = local_day(start, zone)
    due = min(end_of_day(limit.after(day), zone) for limit in REQUEST_LIMITS)
    return Erasure(
        cause=Cause.REQUEST,
        not_before=end_of_day(GUARD.after(day), zone),
        by=end_of_day(TARGET.after(day), zone),
        alarm_at=end_of_day(ALARM.after(day), zone),
        due=due,
    )


def automatic_erasure(last_service_ended: datetime, zone: tzinfo) -> Erasure:
    """Return the dates of an erasure that nobody asked for: on the day six months later, not before (R34)."""
    day = AUTOMATIC.after(local_day(last_service_ended, zone))
    due = end_of_day(day, zone)
    return Erasure(
        cause=Cause.RETENTION,
        not_before=start_of_day(day, zone),
        by=due - LAST_CALL,
        alarm_at=due - LAST_CALL,
        due=due,
    )


def warning_dates(clock: Erasure) -> tuple[datetime, ...]:
    """Return when the customer is warned, earliest first; a customer who asked needs no warning."""
    return tuple(clock.due - ahead for ahead in WARNINGS) if clock.cause is Cause.RETENTION else ()


def period_end(start: datetime, period: Period, zone: tzinfo) -> datetime:
    """Return the end of the last day of a period that began at an instant (R59)."""
    return end_of_day(period.after(local_day(start, zone)), zone)


def local_day(instant: datetime, zone: tzinfo) -> date:
    """Return the day of an instant in the zone; ValueError for an instant without a zone of its own."""
    if instant.utcoffset() is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(zone).date()


def start_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the first instant of the day in the zone, in UTC.

    Where clocks skip midnight, Python reads midnight with the offset before the change, which is that instant.
    """
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the last whole second of the day in the zone, in UTC; a day may have 23 or 25 hours."""
    return start_of_day(day + timedelta(days=1), zone) - timedelta(seconds=1)
