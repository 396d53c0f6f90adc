"""Computes when a customer is erased, on request or automatically (R32-R34, R42-R47, R59; readings A11, A12, A19)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
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
"""Cooling-off period: the owner of a hijacked account has this long to cancel a request before anything is erased."""
TARGET: Final = Period(days=25)
"""The target for an erasure on request; the days left until the deadline are for repairs."""
ALARM: Final = Period(days=27)
"""An erasure on request that is not done by then raises an alarm."""
LAST_CALL: Final = timedelta(hours=6)
"""Time before its deadline at which an automatic erasure should be done, and raises an alarm if it is not."""
WARNINGS: Final = (timedelta(days=60), timedelta(days=7))
"""Times before an automatic erasure at which the customer is warned; the first is early, since it must arrive."""
NOTICE: Final = Period(days=7)
"""Minimum time between a warning and the day that it announces, however late the erasure was found to be due."""
ARRIVAL: Final = timedelta(days=3)
"""A warning expires this long before the day that it announces: the customer has at least this time to react."""
SAME_DAY: Final = timedelta(days=1)
"""Differences below this between the announced and the present deadline are a time zone change, not a new deadline."""
LAST_LETTER: Final = timedelta(days=1)
"""Minimum time for delivery attempts of the final notice when the deadline is nearer than that, or has passed."""


@unique
class ErasureCause(Row):
    """The reason for which a customer is erased."""

    REQUEST = ("The customer asked for it.",)
    RETENTION = ("Six months have passed since the last service ended.",)


@dataclass(frozen=True, slots=True)
class ErasureDates:
    """The dates of an erasure; all instants in UTC, `not_before <= by <= due` and `alarm_at < due`."""

    cause: ErasureCause
    not_before: datetime
    by: datetime
    """The target: the erasure should be done by then."""
    alarm_at: datetime
    """The operator is alarmed at this time if the erasure is not done."""
    due: datetime
    """The deadline, the last second of its day; the customer has been told by then as well (A19)."""


def due_erasure(
    *,
    requests: Iterable[datetime],
    services_active: bool,
    last_service_ended: datetime | None,
    last_sign_in: datetime | None,
    zone: tzinfo,
    not_due_before: datetime | None = None,
) -> ErasureDates | None:
    """Return when the customer is to be erased, or None while no period runs.

    `requests` are the standing ones, withdrawn ones left out; `last_service_ended` is the end of the latest
    service of all; `last_sign_in` counts for an account that never had one (A12), and only for step 3, so that
    signing in never moves a request; `zone` is the controller's. Steps:
    1. no period runs while a service is active: a request then stays armed (R31, R42-R45);
    2. each request starts at the later of itself and that end (A11), and the earliest deadline holds (R47);
    3. without a request the six months run from that end (R34, R44), and they still hold with one (R46);
    4. a customer who asks after the six months still has the days in which a request can be cancelled;
    5. `not_due_before` leaves a customer who came in after their services had ended the time to be warned.
    """
    if services_active:  # 1
        return None
    asked_at = tuple(requests)
    asked = [requested_erasure(at, last_service_ended, zone) for at in asked_at]  # 2
    first = min(asked, key=lambda clock: clock.due, default=None)
    dormant_since = last_service_ended or last_sign_in
    if dormant_since is None:
        return first
    automatic = _later(automatic_erasure(dormant_since, zone), not_due_before)  # 3, 5
    if first is None:
        return automatic
    if first.due <= automatic.due:
        return first
    # The six months had ended before the customer asked: without this, the erasure would begin at once.
    if automatic.due < min(asked_at):  # 4
        return replace(automatic, not_before=first.not_before)
    return automatic


def requested_erasure(requested: datetime, last_service_ended: datetime | None, zone: tzinfo) -> ErasureDates:
    """Return the dates of an erasure that the customer asked for (R32, R33, A11)."""
    start = requested if last_service_ended is None else max(requested, last_service_ended)
    day = local_day(start, zone)
    # In a month of 31 days the 30 days end first, in February the month does.
    due = min(end_of_day(limit.after(day), zone) for limit in REQUEST_LIMITS)
    return ErasureDates(
        cause=ErasureCause.REQUEST,
        not_before=end_of_day(GUARD.after(day), zone),
        by=end_of_day(TARGET.after(day), zone),
        alarm_at=end_of_day(ALARM.after(day), zone),
        due=due,
    )


def automatic_erasure(last_service_ended: datetime, zone: tzinfo) -> ErasureDates:
    """Return the dates of an automatic erasure: on the day six months after the last service ended, not before
    (R34)."""
    day = AUTOMATIC.after(local_day(last_service_ended, zone))
    due = end_of_day(day, zone)
    return ErasureDates(
        cause=ErasureCause.RETENTION,
        not_before=start_of_day(day, zone),
        by=due - LAST_CALL,
        alarm_at=due - LAST_CALL,
        due=due,
    )


def _later(clock: ErasureDates, not_due_before: datetime | None) -> ErasureDates:
    """Move all dates of an erasure so that its deadline is not before a given time."""
    if not_due_before is None or clock.due >= not_due_before:
        return clock
    late = not_due_before - clock.due
    begin, by, alarm = (each + late for each in (clock.not_before, clock.by, clock.alarm_at))
    return ErasureDates(clock.cause, begin, by, alarm, not_due_before)


def warning_dates(clock: ErasureDates) -> tuple[datetime, ...]:
    """Return when the customer is warned, earliest first; empty for an erasure that the customer asked for."""
    return tuple(clock.due - ahead for ahead in WARNINGS) if clock.cause is ErasureCause.RETENTION else ()


def named_day(due: datetime, now: datetime, zone: tzinfo) -> datetime:
    """Return the end of the day that a warning written now announces: the deadline's, but at least NOTICE ahead.

    A customer who was found too late is erased on that day, and the deadline is missed: better late than without
    warning.
    """
    return max(due, end_of_day(NOTICE.after(local_day(now, zone)), zone))


def earliest_due(known: datetime, zone: tzinfo) -> datetime:
    """Return the earliest deadline of a customer who was imported, at the instant `known`, after their services had
    ended: it leaves time for every warning."""
    return end_of_day(local_day(known + max(WARNINGS), zone), zone)


def still_ahead(clock: ErasureDates, now: datetime, zone: tzinfo) -> ErasureDates:
    """Return the dates of a request whose services ended earlier than was known: a customer who hears of it only now
    still has time to cancel. The deadline stays, and may be missed."""
    return replace(clock, not_before=max(clock.not_before, end_of_day(local_day(now + SAME_DAY, zone), zone)))


def as_announced(clock: ErasureDates, zone: tzinfo) -> ErasureDates:
    """Return the dates as a letter announces them: if the deadline is missed, with the day on which it will be done."""
    return replace(clock, due=max(clock.due, end_of_day(local_day(clock.not_before + SAME_DAY, zone), zone)))


def last_letter_until(due: datetime | None, now: datetime) -> datetime:
    """Return until when the final notice may be kept: the deadline, by which the customer must be informed (A19)."""
    return max(due or now, now + LAST_LETTER)


def days_over(due: datetime, now: datetime, zone: tzinfo) -> int:
    """Return how many days have begun since the deadline, 0 before it is over."""
    return max(0, (local_day(now, zone) - local_day(due, zone)).days)


@dataclass(frozen=True, slots=True)
class WarningLetter:
    """A warning that was written: the day that it announces, and the state of its delivery."""

    names: datetime
    written_at: datetime
    failed_at: datetime | None = None
    """The time of its first failed delivery."""
    settled_at: datetime | None = None
    counts: bool = False
    """True if it was delivered, or if it is certain that it cannot be."""

    def good_for(self, due: datetime) -> bool:
        """Return whether it announces this deadline, and not one that was moved since."""
        return self.names >= due - SAME_DAY


@dataclass(frozen=True, slots=True)
class Warned:
    """The state of the warnings of an automatic erasure."""

    begins: datetime | None
    """The earliest time for the erasure: on the announced day; None as long as no warning counts."""
    write: datetime | None
    """The day that a warning announces that is to be written now; None: none is to be written."""
    alarm_at: datetime | None
    """Since when the delivery of a warning has been failing while none counts; None: it does not fail."""


AGAIN: Final = timedelta(days=1)
"""Delay after which a failed warning is written again, and a warning that is still waiting counts as failed."""


def warned(clock: ErasureDates, warnings: Iterable[WarningLetter], now: datetime, zone: tzinfo) -> Warned:
    """Return what is to be done about the warnings of an automatic erasure.

    1. Warnings about an earlier deadline that was moved since count for nothing.
    2. The erasure begins on the day that the first warning which counts has named, if the clock allows it.
    3. As long as none counts, one is written 60 days ahead, and anew a day after one has failed for good.
    4. Once one counts, another follows a week ahead, unless the first was written within that week or a day before.
    """
    known = [each for each in warnings if each.good_for(clock.due)]  # 1
    counting = [each for each in known if each.counts]
    waiting = any(each.settled_at is None for each in known)
    # At most one warning a day, however often a delivery fails.
    recent = any(abs(now - each.written_at) < AGAIN for each in known)
    if counting:
        day = min(each.names for each in counting)
        begins = max(clock.not_before, start_of_day(local_day(day, zone), zone))  # 2
        second = day - WARNINGS[-1]
        due = second <= now < begins and not waiting and all(each.written_at < second - AGAIN for each in known)  # 4
        return Warned(begins, day if due else None, None)
    due = now >= clock.due - WARNINGS[0] and not waiting and not recent  # 3
    failing = [failure for each in known if (failure := _failure(each, now)) is not None]
    return Warned(None, named_day(clock.due, now, zone) if due else None, min(failing, default=None))


def _failure(warning: WarningLetter, now: datetime) -> datetime | None:
    """Return since when a warning that does not count has been failing; None: it has not failed."""
    late = warning.written_at + AGAIN
    found = [each for each in (warning.failed_at, warning.settled_at, late if late <= now else None) if each]
    return min(found, default=None)


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
