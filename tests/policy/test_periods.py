"""Calendar arithmetic as people do it (R59)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.periods import Period, add_months

DAYS = st.dates(date(1900, 1, 1), date(2500, 12, 31))
PERIODS = st.builds(Period, months=st.integers(0, 600), days=st.integers(0, 5_000))


@pytest.mark.parametrize(
    ("iso", "period"),
    [
        ("P6M", Period(months=6)),
        ("P30D", Period(days=30)),
        ("P0D", Period()),
        ("P1Y2M3W4D", Period(months=14, days=25)),
        ("P2W", Period(days=14)),
        ("P12M", Period(months=12)),
    ],
)
def test_reads_iso_8601(iso: str, period: Period) -> None:
    assert Period.parse(iso) == period


@pytest.mark.parametrize(
    "text", ["", "P", "6M", "P6", "PT6H", "P6M ", " P6M", "P6M\n", "P-6M", "P1D6M", "p6m", "P1.5M", "P٣M", "P1234567D"]
)
def test_refuses_what_is_no_calendar_period(text: str) -> None:
    """A bare `P` passes other people's patterns; an hour has no place in a calendar."""
    with pytest.raises(ValueError, match="not a calendar period"):
        Period.parse(text)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2027, 8, 30), 6, date(2028, 2, 29)),
        (date(2027, 8, 28), 6, date(2028, 2, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2027, 3, 1), 1, date(2027, 4, 1)),
        (date(2026, 12, 31), 2, date(2027, 2, 28)),
        (date(2, 1, 31), -12, date(1, 1, 31)),
        (date(9998, 12, 31), 12, date(9999, 12, 31)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2027, 3, 31), -1, date(2027, 2, 28)),
        (date(2100, 1, 31), 1, date(2100, 2, 28)),
        (date(2000, 1, 31), 1, date(2000, 2, 29)),
    ],
)
def test_months_end_with_the_month(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


def _by_trial(day: date, months: int) -> date:
    """Count month by month, then step back from the wished day until one exists."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    wished = day.day
    while True:
        try:
            return date(year, month, wished)
        except ValueError:
            wished -= 1


@given(DAYS, st.integers(0, 600))
def test_agrees_with_counting_by_hand(day: date, months: int) -> None:
    assert add_months(day, months) == _by_trial(day, months)


@given(DAYS, DAYS, PERIODS)
def test_a_later_start_never_ends_sooner(one: date, other: date, period: Period) -> None:
    earlier, later = sorted((one, other))
    assert period.after(earlier) <= period.after(later)


@given(DAYS, PERIODS, st.integers(0, 24), st.integers(0, 400))
def test_a_longer_period_never_ends_sooner(day: date, period: Period, months: int, days: int) -> None:
    longer = Period(period.months + months, period.days + days)
    assert period.after(day) <= longer.after(day)


def test_months_come_before_days() -> None:
    assert Period(months=1, days=1).after(date(2027, 1, 30)) == date(2027, 3, 1)


@given(DAYS, st.integers(0, 5_000))
def test_days_are_days(day: date, days: int) -> None:
    assert Period(days=days).after(day) - day == timedelta(days=days)


@pytest.mark.parametrize(("day", "months"), [(date(9999, 12, 1), 1), (date(1, 1, 1), -1), (date(2026, 1, 1), 10**9)])
def test_the_calendar_has_ends(day: date, months: int) -> None:
    with pytest.raises(ValueError, match="leave the calendar"):
        add_months(day, months)
