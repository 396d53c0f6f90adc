"""When a customer is erased: the notice's clocks (R32-R34, R42-R47, R59, A11, A12), over calendars and time zones."""

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import dates
from policy.dates import (
    ErasureCause,
    ErasureDates,
    automatic_erasure,
    due_erasure,
    end_of_day,
    local_day,
    requested_erasure,
)
from policy.periods import Period, add_months

ZURICH = ZoneInfo("Europe/Zurich")
ZONES = st.sampled_from(
    [
        UTC,
        ZURICH,
        timezone(timedelta(hours=-12)),
        ZoneInfo("America/Sao_Paulo"),  # had clocks that skip midnight
        ZoneInfo("America/Havana"),  # has two midnights a year, one of them twice
        ZoneInfo("America/St_Johns"),
        ZoneInfo("Asia/Kathmandu"),
        ZoneInfo("Australia/Lord_Howe"),  # changes by half an hour
        ZoneInfo("Pacific/Apia"),  # skipped 30 December 2011
        ZoneInfo("Pacific/Kiritimati"),
    ]
)
INSTANTS = st.integers(1_100_000_000, 4_260_000_000).map(
    lambda second: datetime.fromtimestamp(second, UTC)
)  # 2004-2104


def at(text: str, zone: ZoneInfo = ZURICH) -> datetime:
    """Noon, unless a time is given, in the controller's zone."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=zone)


def last_second(text: str, zone: ZoneInfo = ZURICH) -> datetime:
    return datetime.combine(date.fromisoformat(text), time(23, 59, 59), zone)


def due(
    *requests: str, ended: str | None = None, active: bool = False, sign_in: str | None = None
) -> tuple[str, datetime] | None:
    clock = due_erasure(
        requests=[at(request) for request in requests],
        services_active=active,
        last_service_ended=None if ended is None else at(ended),
        last_sign_in=None if sign_in is None else at(sign_in),
        zone=ZURICH,
    )
    return None if clock is None else (clock.cause.name, clock.due)


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ("2027-01-31", "2027-02-28"),  # one month is shorter than 30 days: GDPR Art. 12(3) is stricter
        ("2028-01-31", "2028-02-29"),
        ("2027-01-30", "2027-02-28"),
        ("2028-01-30", "2028-02-29"),
        ("2027-02-01", "2027-03-01"),
        ("2027-03-01", "2027-03-31"),  # 30 days are shorter than one month
        ("2027-04-15", "2027-05-15"),  # both the same
        ("2026-12-31", "2027-01-30"),
    ],
)
def test_request_clock_facts(requested: str, expected: str) -> None:
    """R32, A11, clock facts 1.10: the earlier of 30 days and one month, to the end of that day."""
    assert due(requested) == ("REQUEST", last_second(expected))


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        ("2026-08-31", "2027-02-28"),  # clamped; 180 days would be the 27th
        ("2027-08-31", "2028-02-29"),
        ("2026-08-28", "2027-02-28"),
        ("2026-10-31", "2027-04-30"),
        ("2026-05-15", "2026-11-15"),
        ("2028-02-29", "2028-08-29"),
    ],
)
def test_automatic_clock_facts(ended: str, expected: str) -> None:
    """R34, clock facts 1.10: six calendar months, clamped."""
    assert due(ended=ended) == ("RETENTION", last_second(expected))


def test_request_before_the_last_termination_starts_there() -> None:
    """R33, R43, A11: the same request, counted from the last termination."""
    assert due("2026-01-10", ended="2026-06-01") == ("REQUEST", last_second("2026-07-01"))


def test_request_after_the_termination_starts_with_itself() -> None:
    """R32, A11."""
    assert due("2026-06-20", ended="2026-06-01") == ("REQUEST", last_second("2026-07-20"))


@pytest.mark.parametrize("requests", [(), ("2026-01-10",)])
def test_no_clock_runs_while_a_service_is_active(requests: tuple[str, ...]) -> None:
    """R31, R42, R44: a new subscription stops the clocks; a request stays armed, and is not lost."""
    assert due(*requests, ended="2025-01-01", sign_in="2026-01-01", active=True) is None


def test_a_late_request_takes_the_earlier_deadline() -> None:
    """R46: in month five the request's 30 days hold, and at the very end the six months."""
    assert due("2026-05-20", ended="2026-01-01") == ("REQUEST", last_second("2026-06-19"))
    assert due("2026-06-20", ended="2026-01-01") == ("RETENTION", last_second("2026-07-01"))


def test_two_requests_are_one_erasure_at_the_earlier_deadline() -> None:
    """R47, in whichever order they are told."""
    assert due("2026-02-01", "2026-02-20") == due("2026-02-20", "2026-02-01") == due("2026-02-01")


def test_an_account_that_never_had_a_service_counts_from_its_last_sign_in() -> None:
    """A12; without one no clock runs, and signing in never moves a request (R32)."""
    assert due(sign_in="2026-01-15") == ("RETENTION", last_second("2026-07-15"))
    assert due("2026-01-10", sign_in="2026-01-25") == due("2026-01-10")
    assert due(ended="2026-01-01", sign_in="2026-05-01") == due(ended="2026-01-01")
    assert due() is None


def test_the_day_is_the_controller_s() -> None:
    """1.10: 23:30 UTC on 31 January is already February in Zurich, and still January in New York."""
    late = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    new_york = ZoneInfo("America/New_York")
    assert requested_erasure(late, None, ZURICH).due == last_second("2027-03-01")
    assert requested_erasure(late, None, new_york).due == last_second("2027-02-28", new_york)


def test_deadlines_are_instants_in_utc() -> None:
    """1.10; the end of a summer day in Zurich is 21:59:59 UTC, of a winter day 22:59:59."""
    assert requested_erasure(at("2026-06-01"), None, ZURICH).due == datetime(2026, 7, 1, 21, 59, 59, tzinfo=UTC)
    assert requested_erasure(at("2026-12-01"), None, ZURICH).due.isoformat() == "2026-12-31T22:59:59+00:00"


@pytest.mark.parametrize("hour", ["00:00", "00:30", "01:30", "02:30", "03:30", "23:59:59.999999"])
@pytest.mark.parametrize("day", ["2027-03-28", "2027-10-31"])
def test_changes_of_the_clocks_move_no_deadline(day: str, hour: str) -> None:
    """F3: on the days that Zurich changes its clocks, each hour counts from that same day."""
    expected = {"2027-03-28": "2027-04-27", "2027-10-31": "2027-11-30"}[day]
    assert due(f"{day}T{hour}") == ("REQUEST", last_second(expected))


@pytest.mark.parametrize(
    ("zone", "day", "last"),
    [
        ("Europe/Zurich", "2027-03-28", "2027-03-28T21:59:59"),  # 23 hours long
        ("Europe/Zurich", "2027-10-31", "2027-10-31T22:59:59"),  # 25 hours long
        ("America/Sao_Paulo", "2018-11-03", "2018-11-04T02:59:59"),  # the next day begins at 01:00
        ("America/Sao_Paulo", "2018-02-17", "2018-02-18T02:59:59"),  # its last hour comes twice
        ("America/Havana", "2026-10-31", "2026-11-01T03:59:59"),  # the next midnight comes twice: the first
        ("Pacific/Apia", "2011-12-29", "2011-12-30T09:59:59"),  # the next day does not exist
        ("Pacific/Apia", "2011-12-31", "2011-12-31T09:59:59"),
    ],
)
def test_end_of_odd_days(zone: str, day: str, last: str) -> None:
    expected = datetime.fromisoformat(last).replace(tzinfo=UTC)
    assert end_of_day(date.fromisoformat(day), ZoneInfo(zone)) == expected
    assert local_day(expected, ZoneInfo(zone)) == date.fromisoformat(day)
    assert local_day(expected + timedelta(seconds=1), ZoneInfo(zone)) > date.fromisoformat(day)


@given(INSTANTS, ZONES)
def test_a_day_ends_on_itself(instant: datetime, zone: ZoneInfo) -> None:
    day = local_day(instant, zone)
    end = end_of_day(day, zone)
    assert instant <= end
    assert local_day(end, zone) == day < local_day(end + timedelta(seconds=1), zone)
    assert end.microsecond == 0 and end.tzinfo is UTC


@given(INSTANTS, st.none() | INSTANTS, ZONES)
def test_a_request_is_met_within_30_days_and_a_month(
    requested: datetime, ended: datetime | None, zone: ZoneInfo
) -> None:
    """R32, R33: 28 days are always left, 30 never exceeded."""
    clock = requested_erasure(requested, ended, zone)
    start = local_day(max(requested, ended or requested), zone)
    taken = local_day(clock.due, zone) - start
    assert timedelta(days=28) <= taken <= timedelta(days=30)
    assert local_day(clock.due, zone) <= add_months(start, 1)


@given(INSTANTS, st.none() | INSTANTS, ZONES)
def test_steps_of_a_request_come_in_order(requested: datetime, ended: datetime | None, zone: ZoneInfo) -> None:
    """1.10: a guard of at most 7 days, done by day 25, alarm on day 27, and then the deadline."""
    clock = requested_erasure(requested, ended, zone)
    start = max(requested, ended or requested)
    assert start < clock.not_before < clock.by < clock.alarm_at < clock.due
    assert local_day(clock.not_before, zone) - local_day(start, zone) <= timedelta(days=7)
    assert local_day(clock.by, zone) - local_day(start, zone) == timedelta(days=25)
    assert local_day(clock.alarm_at, zone) - local_day(start, zone) == timedelta(days=27)
    assert clock.cause is ErasureCause.REQUEST and dates.warning_dates(clock) == ()


@given(INSTANTS, ZONES)
def test_steps_of_an_automatic_erasure_come_in_order(ended: datetime, zone: ZoneInfo) -> None:
    """R34, R36: not before the day six months later, an alarm before it is over, warnings before it begins."""
    clock = automatic_erasure(ended, zone)
    assert local_day(clock.not_before, zone) == local_day(clock.due, zone)
    assert local_day(clock.not_before - timedelta(seconds=1), zone) < local_day(clock.due, zone)
    assert clock.not_before < clock.by <= clock.alarm_at < clock.due
    assert timedelta(days=180) <= local_day(clock.due, zone) - local_day(ended, zone) <= timedelta(days=184)
    warnings = dates.warning_dates(clock)
    assert ended < warnings[0] and warnings[-1] < clock.not_before
    assert all(earlier < later for earlier, later in pairwise(warnings))


@given(INSTANTS, INSTANTS, st.none() | INSTANTS, ZONES)
def test_a_later_start_never_falls_due_sooner(
    one: datetime, other: datetime, ended: datetime | None, zone: ZoneInfo
) -> None:
    earlier, later = sorted((one, other))
    assert requested_erasure(earlier, ended, zone).due <= requested_erasure(later, ended, zone).due
    assert automatic_erasure(earlier, zone).due <= automatic_erasure(later, zone).due


@given(st.lists(INSTANTS, max_size=4), INSTANTS, st.none() | INSTANTS, st.none() | INSTANTS, ZONES)
def test_a_further_request_never_postpones(
    requests: list[datetime],
    further: datetime,
    ended: datetime | None,
    sign_in: datetime | None,
    zone: ZoneInfo,
) -> None:
    """R46, R47."""

    def clock(standing: list[datetime]) -> ErasureDates | None:
        return due_erasure(
            requests=standing, services_active=False, last_service_ended=ended, last_sign_in=sign_in, zone=zone
        )

    before, after = clock(requests), clock([*requests, further])
    assert after is not None
    assert before is None or after.due <= before.due
    assert after.due <= requested_erasure(further, ended, zone).due
    assert ended is None or after.due <= automatic_erasure(ended, zone).due
    assert clock([further, *reversed(requests)]) == after


def test_an_instant_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="needs a time zone"):
        requested_erasure(datetime(2026, 1, 1), None, ZURICH)  # noqa: DTZ001 - the mistake itself


def test_a_period_ends_with_its_last_day() -> None:
    """R59: the retention of any record, such as sign-ins for six months (A16)."""
    assert dates.period_end(at("2026-08-31T00:10"), Period.parse("P6M"), ZURICH) == last_second("2027-02-28")
    assert dates.period_end(at("2026-08-31T23:50"), Period.parse("P0D"), ZURICH) == last_second("2026-08-31")
