"""Which periods still run: one day decides for all, so that a table is cut at a date (R59)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.periods import Period

TODAY = st.dates(date(1990, 1, 1), date(2100, 12, 31))
PERIODS = st.builds(Period, months=st.integers(0, 30), days=st.integers(0, 70))


@given(TODAY, PERIODS)
def test_before_that_day_every_period_is_over_and_from_it_on_none(today: date, period: Period) -> None:
    first = period.first_running(today)
    assert period.after(first) >= today
    assert period.after(first - timedelta(days=1)) < today


@pytest.mark.parametrize(
    ("period", "today", "first"),
    [
        (Period(months=6), date(2027, 2, 28), date(2026, 8, 28)),
        (Period(months=6), date(2027, 3, 1), date(2026, 9, 1)),
        (Period(months=1), date(2027, 3, 1), date(2027, 2, 1)),
        (Period(months=1), date(2027, 2, 28), date(2027, 1, 28)),
        (Period(days=30), date(2027, 1, 31), date(2027, 1, 1)),
        (Period(months=1, days=1), date(2027, 3, 30), date(2027, 3, 1)),
        (Period(months=1, days=29), date(2027, 3, 30), date(2027, 2, 1)),
        (Period(months=1, days=3), date(2027, 3, 3), date(2027, 1, 28)),
        (Period(), date(2027, 1, 31), date(2027, 1, 31)),
    ],
)
def test_months_end_with_the_month(period: Period, today: date, first: date) -> None:
    """31 August and 28 August + 6 months are the same day, so neither is over on it."""
    assert period.first_running(today) == first


def test_the_search_takes_a_few_steps() -> None:
    """It begins near the answer: a table of ten years is not walked day by day."""
    asked: list[date] = []

    class Counted(Period):
        def after(self, day: date) -> date:
            asked.append(day)
            return super().after(day)

    Counted(months=120, days=20).first_running(date(2027, 3, 31))
    assert len(asked) < 12
