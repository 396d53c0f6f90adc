"""What an objection and a restriction do to each purpose, and by when they are answered (Art. 12(3), 18, 21; D17)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from policy.purposes import Purpose
from policy.restricting import RESTRICTION, ObjectionOutcome, answer_by, instead, may_lift, objection_to, stops

ZURICH = ZoneInfo("Europe/Zurich")
JUDGED = {
    Purpose.PERSONALISE_COMMUNICATION,
    Purpose.EMERGENCY_CONTACT,
    Purpose.ACCOUNT_SECURITY,
    Purpose.SELF_PROTECTION,
    Purpose.ACCOUNTABILITY_LOG,
}
"""Those that rest on a legitimate interest, alone or beside another basis (Art. 21(1))."""
GO_ON = {
    Purpose.AUTHENTICATION,
    Purpose.LEGAL_REQUEST,
    Purpose.COOKIE_ESSENTIAL,
    Purpose.SELF_SERVICE,
    Purpose.ERASURE,
    Purpose.RIGHTS_HANDLING,
    Purpose.ACCOUNTABILITY_LOG,
    Purpose.STATUTORY_RETENTION,
}
"""Those of Art. 18(2), which a restriction does not stop."""


@pytest.mark.parametrize("purpose", Purpose)
def test_direct_marketing_ends_at_once_and_an_interest_is_judged(purpose: Purpose) -> None:
    expected = ObjectionOutcome.JUDGED if purpose in JUDGED else ObjectionOutcome.NONE
    if purpose is Purpose.PRODUCT_NEWS:
        expected = ObjectionOutcome.AT_ONCE
    assert objection_to(purpose) is expected
    if expected is not ObjectionOutcome.NONE:
        assert purpose.objection is not None and "Art. 21" in purpose.objection, "the notice says so, too"


@pytest.mark.parametrize("purpose", Purpose)
def test_a_restriction_stops_what_is_not_exempt_and_an_objection_its_own_purpose(purpose: Purpose) -> None:
    if purpose in GO_ON:
        assert stops(purpose) == ()
    elif purpose in JUDGED | {Purpose.PRODUCT_NEWS}:
        assert stops(purpose) == (RESTRICTION, purpose.name)
    else:
        assert stops(purpose) == (RESTRICTION,)


@pytest.mark.parametrize(
    ("purpose", "says"),
    [
        (Purpose.CARD_ON_FILE, "withdraw"),
        (Purpose.COOKIE_MEASUREMENT, "withdraw"),
        (Purpose.SERVICE_PROVISION, "end the service"),
        (Purpose.DOMAIN_REGISTRATION, "end the service"),
        (Purpose.STATUTORY_RETENTION, "complain to the authority"),
    ],
)
def test_who_cannot_object_is_told_what_to_do_instead(purpose: Purpose, says: str) -> None:
    """Art. 12(4): by what the purpose rests on first."""
    assert says in instead(purpose)


def test_everybody_who_cannot_object_is_told_something() -> None:
    assert all(instead(each) for each in Purpose if objection_to(each) is ObjectionOutcome.NONE)


@pytest.mark.parametrize(
    ("asked", "by"),
    [
        ("2027-02-10T12:00+00:00", "2027-03-11T00:00+01:00"),
        ("2027-01-31T12:00+00:00", "2027-03-01T00:00+01:00"),
        ("2027-03-31T22:30+00:00", "2027-05-02T00:00+02:00"),
    ],
)
def test_an_answer_is_due_by_the_end_of_the_day_a_month_later(asked: str, by: str) -> None:
    """Art. 12(3), where the controller is: half past midnight of 1 April in Zurich is still March in UTC."""
    moment = datetime.fromisoformat(by)
    assert moment - timedelta(seconds=1) <= answer_by(datetime.fromisoformat(asked), ZURICH) <= moment


def test_a_restriction_is_lifted_three_days_after_the_person_was_told() -> None:
    """Art. 18(3): never before, and never without."""
    told = datetime(2027, 3, 1, 12, tzinfo=UTC)
    assert not may_lift(None, told)
    assert not may_lift(told, told) and not may_lift(told, told + timedelta(days=3, seconds=-1))
    assert may_lift(told, told + timedelta(days=3))
