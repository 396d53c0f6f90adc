"""Calendar periods: days and months as people count them, with end-of-month clamping (ISO 8601, R59)."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Self

# ASCII: otherwise `\d` matches the digits of every script.
_ISO: Final = re.compile(r"P(?=\d)(?:(\d{1,4})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,6})D)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A calendar period: months first, then days."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, iso: str) -> Self:
        """Read an ISO 8601 duration of whole years, months, weeks and days, such as `P6M`; else ValueError."""
        match = _ISO.fullmatch(iso)
        if match is None:
            raise ValueError(f"not a calendar period such as P6M or P30D: {iso!r}")
        years, months, weeks, days = (int(number or 0) for number in match.groups())
        return cls(months=12 * years + months, days=7 * weeks + days)

    def after(self, day: date) -> date:
        """Return the day this period after another one; ValueError or OverflowError past the year 9999."""
        return add_months(day, self.months) + timedelta(days=self.days)

    def first_running(self, today: date) -> date:
        """Return the first day whose period has not ended before today: of all earlier ones it is over."""
        day = add_months(today, -self.months) - timedelta(days=self.days)
        # Months differ in length, so subtracting the period is only an estimate; the loops correct it by a few days.
        while self.after(day) >= today:
            day -= timedelta(days=1)
        while self.after(day) < today:
            day += timedelta(days=1)
        return day


def add_months(day: date, months: int) -> date:
    """Return the same day of a later (or earlier) month, or that month's last day when it is shorter.

    31 August + 6 months is 28 February. ValueError outside the years 1 to 9999.
    """
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if not date.min.year <= year <= date.max.year:
        raise ValueError(f"{day} and {months} months leave the calendar")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
