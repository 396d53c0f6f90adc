"""Nobody is erased without having been warned: the dates of warnings, over calendars, zones and clocks (R34, F3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo

from hypothesis import given
from hypothesis import strategies as st

from policy.dates import (
    ARRIVAL,
    WARNINGS,
    ErasureDates,
    WarningLetter,
    as_announced,
    automatic_erasure,
    days_over,
    due_erasure,
    earliest_due,
    last_letter_until,
    named_day,
    requested_erasure,
    still_ahead,
    warned,
)
from tests.policy.test_dates import INSTANTS, ZONES

SPANS = st.integers(0, 400 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
STEP = timedelta(hours=7)


@given(INSTANTS, SPANS, ZONES)
def test_a_warning_never_names_a_day_that_is_over_or_near(ended: datetime, later: timedelta, zone: tzinfo) -> None:
    """F3: in whatever zone, and however late the customer was found."""
    due, now = automatic_erasure(ended, zone).due, ended + later
    named = named_day(due, now, zone)
    assert named >= due and named - now >= timedelta(days=7)
    assert named - ARRIVAL > now + timedelta(days=3)
    assert named == due or named - now <= timedelta(days=8, hours=2)


@given(INSTANTS, st.lists(st.sampled_from(["taken", "refused", "lost"]), max_size=12), SPANS, ZONES)
def test_no_erasure_begins_before_a_warning_that_counts_has_named_the_day(
    ended: datetime, fates: list[str], late: timedelta, zone: tzinfo
) -> None:
    """R34: whatever becomes of the letters, and however late the first look was; a clock that is set back changes
    nothing (F3)."""
    clock, letters = automatic_erasure(ended, zone), list[WarningLetter]()
    now, end, fate = ended + late, ended + late + timedelta(days=420), iter(fates)
    while now < end:
        plan = warned(clock, letters, now, zone)
        counting = [each for each in letters if each.counts]
        assert (plan.begins is None) == (not counting)
        if plan.begins is not None and plan.begins <= now:
            assert plan.begins >= clock.not_before
            first = min(counting, key=lambda each: each.names)
            assert first.settled_at is not None and now - first.settled_at > timedelta(days=2)
            return
        if plan.write is not None:
            assert plan.write > now
            outcome = next(fate, "taken")
            letter = WarningLetter(plan.write, now)
            letters.append(replace(letter, settled_at=now + STEP, counts=outcome != "lost"))
        back = warned(clock, letters, now - timedelta(days=200), zone)
        assert (back.begins is None) == (not any(each.counts for each in letters))
        now += STEP
    raise AssertionError("never erased")


@given(INSTANTS, ZONES)
def test_in_time_two_letters_are_written_sixty_days_and_a_week_ahead(ended: datetime, zone: tzinfo) -> None:
    """The erasure then comes on its day, as both have arrived."""
    clock, letters, now = automatic_erasure(ended, zone), list[WarningLetter](), ended
    while now < clock.due:
        plan = warned(clock, letters, now, zone)
        if plan.write is not None:
            assert plan.write == clock.due
            letters.append(WarningLetter(plan.write, now, None, now, counts=True))
        now += STEP
    assert [
        (clock.due - each.written_at) // STEP * STEP <= ahead for each, ahead in zip(letters, WARNINGS, strict=True)
    ]
    assert all(ahead - (clock.due - each.written_at) < STEP for each, ahead in zip(letters, WARNINGS, strict=True))
    assert warned(clock, letters, now, zone).begins == clock.not_before


def test_an_alarm_runs_from_the_first_failure_and_a_letter_that_waits_a_day_fails() -> None:
    """Until one arrives: then it is over."""
    ended = datetime(2027, 1, 15, 9, tzinfo=UTC)
    clock = automatic_erasure(ended, UTC)
    written = clock.due - WARNINGS[0]
    letter = WarningLetter(clock.due, written)
    hour = timedelta(hours=1)
    assert warned(clock, [letter], written + hour, UTC).alarm_at is None
    assert warned(clock, [letter], written + timedelta(days=2), UTC).alarm_at == written + timedelta(days=1)
    failing = replace(letter, failed_at=written + hour)
    assert warned(clock, [failing], written + 2 * hour, UTC).alarm_at == written + hour
    arrived = replace(failing, settled_at=written + 3 * hour, counts=True)
    assert warned(clock, [arrived], written + 4 * hour, UTC).alarm_at is None


@given(INSTANTS, ZONES)
def test_a_warning_of_an_earlier_deadline_counts_for_nothing(ended: datetime, zone: tzinfo) -> None:
    """Who was warned, came back and stayed away again is warned again."""
    old, new = automatic_erasure(ended, zone), automatic_erasure(ended + timedelta(days=100), zone)
    letter = WarningLetter(old.due, old.due - WARNINGS[0], None, old.due - WARNINGS[0], counts=True)
    assert warned(old, [letter], old.due, zone).begins is not None
    assert warned(new, [letter], new.due, zone).begins is None


@given(INSTANTS, SPANS, ZONES)
def test_who_came_in_after_the_services_ended_has_the_time_for_both_warnings(
    known: datetime, ago: timedelta, zone: tzinfo
) -> None:
    """An import of customers whose six months are over erases none of them at once."""
    floor = earliest_due(known, zone)
    clock = due_erasure(
        requests=(), services_active=False, last_service_ended=known - ago, last_sign_in=None, zone=zone,
        not_due_before=floor,
    )  # fmt: skip
    assert clock is not None and clock.due >= floor
    assert clock.due - known >= max(WARNINGS)
    assert clock.not_before <= clock.by <= clock.due and clock.alarm_at < clock.due


@given(INSTANTS, SPANS, ZONES)
def test_a_request_that_starts_late_can_be_called_off_and_names_no_day_that_is_over(
    asked: datetime, late: timedelta, zone: tzinfo
) -> None:
    """The end of the services was told long after it: the deadline stands, the letter names the day it will be done."""
    now = asked + late
    clock = still_ahead(requested_erasure(asked, asked, zone), now, zone)
    told = as_announced(clock, zone)
    assert clock.not_before > now + timedelta(hours=20)
    assert now < told.not_before < told.due and told.due >= clock.due
    assert clock.due == requested_erasure(asked, asked, zone).due


@given(INSTANTS, SPANS, ZONES)
def test_who_asks_when_the_six_months_are_over_has_the_days_to_call_it_off(
    ended: datetime, later: timedelta, zone: tzinfo
) -> None:
    """R46: and whoever asks before that loses nothing of the earlier deadline."""
    asked = ended + later
    clock = due_erasure(requests=[asked], services_active=False, last_service_ended=ended, last_sign_in=None, zone=zone)
    assert clock is not None
    if automatic_erasure(ended, zone).due < asked:
        assert clock.not_before == requested_erasure(asked, ended, zone).not_before > asked
    assert clock.due <= automatic_erasure(ended, zone).due


@given(INSTANTS, SPANS, ZONES)
def test_the_last_letter_ends_with_the_deadline(due: datetime, late: timedelta, zone: tzinfo) -> None:
    """A19; and a day later where there is hardly any time left."""
    assert last_letter_until(due, due - late) == max(due, due - late + timedelta(days=1))
    assert last_letter_until(None, due) == due + timedelta(days=1)
    assert (days_over(due, due + late, zone) == 0) == (late == timedelta(0) or _same_day(due, due + late, zone))
    assert days_over(due, due - late, zone) == 0


def _same_day(one: datetime, other: datetime, zone: tzinfo) -> bool:
    return one.astimezone(zone).date() == other.astimezone(zone).date()


def test_days_end_where_the_controller_is() -> None:
    """Half past midnight in Zurich is still the day before in UTC: it is the controller's day that counts."""
    from zoneinfo import ZoneInfo

    zone = ZoneInfo("Europe/Zurich")
    asked = datetime(2027, 1, 31, 23, 30, tzinfo=UTC)
    found: list[ErasureDates] = [requested_erasure(asked, None, each) for each in (zone, UTC)]
    assert [each.due for each in found] == [
        datetime(2027, 3, 1, 22, 59, 59, tzinfo=UTC), datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)
    ]  # fmt: skip
