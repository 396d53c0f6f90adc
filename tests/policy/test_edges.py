"""The last value that is in and the first that is out: of cards, of time zones, and of what reaches whom."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from policy.cards import LONGEST, YEARS_AHEAD, Brand, CardFault, CardNumber, card_number, possible
from policy.categories import Category
from policy.dates import (
    SAME_DAY,
    WARNINGS,
    ErasureCause,
    Warned,
    WarningLetter,
    as_announced,
    automatic_erasure,
    days_over,
    due_erasure,
    earliest_due,
    local_day,
    period_end,
    requested_erasure,
    still_ahead,
    warned,
)
from policy.hard_rules import never_received
from policy.periods import Period
from policy.purposes import Purpose, refuse_sale
from policy.recipients import CONTRACTED, Recipient
from policy.registered import AffiliateRegistration, ClientRegistration, PartnerRegistration, Webhook, offences
from policy.retention import RetentionRule
from policy.rules import Allowance, Rule

TODAY = date(2026, 11, 27)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
AUCKLAND, HONOLULU = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")
HTTPS = "https://pay.example/hook"


# --- cards -----------------------------------------------------------------------------------------------------------


def test_a_published_test_number_is_refused_unless_asked_for() -> None:
    assert card_number("4111111111111111") is CardFault.TEST
    assert isinstance(card_number("4111111111111111", tests=True), CardNumber)


def test_what_people_type_between_digits() -> None:
    """A space that does not break comes along when a number is copied."""
    assert isinstance(card_number("4539\u00a05787\u00a06362\u00a01486"), CardNumber)
    assert isinstance(card_number(" 4539 5787-6362 1486 "), CardNumber)


def test_as_much_is_looked_at_as_a_number_with_something_between_its_digits_takes() -> None:
    number = "4539578763621486"
    assert isinstance(card_number(number + " " * (LONGEST - 16)), CardNumber)
    assert card_number(number + " " * (LONGEST - 15)) is CardFault.CHARACTERS


@pytest.mark.parametrize(
    ("month", "year", "is_possible"),
    [
        (1, 2026, True),
        (12, 2026, True),
        (0, 2026, False),
        (13, 2026, False),
        (6, 2026 - YEARS_AHEAD, True),
        (6, 2026 - YEARS_AHEAD - 1, False),
        (6, 2026 + YEARS_AHEAD, True),
        (6, 2026 + YEARS_AHEAD + 1, False),
    ],
)
def test_the_dates_of_expiry_that_there_can_be(month: int, year: int, is_possible: bool) -> None:
    assert possible(month, year, TODAY) is is_possible


def test_no_two_networks_share_a_prefix_of_one_length() -> None:
    """So that the longest one decides, whatever their order."""
    ranges = [(first, last, brand) for brand in Brand for first, last in brand.beginnings]
    for (first, last, one), (begin, end, other) in combinations(ranges, 2):
        apart = last < begin or end < first
        assert len(str(first)) != len(str(begin)) or apart, (one, other)


# --- days are the controller's (R59) ---------------------------------------------------------------------------------


def test_a_day_is_the_zone_s_and_not_the_server_s() -> None:
    """At noon in UTC it is tomorrow in Auckland, and still night in Honolulu."""
    noon = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
    assert period_end(noon, Period(days=1), AUCKLAND) == datetime(2026, 1, 12, 10, 59, 59, tzinfo=UTC)
    assert period_end(noon, Period(days=1), HONOLULU) == datetime(2026, 1, 12, 9, 59, 59, tzinfo=UTC)


def test_the_deadline_of_who_came_in_late_is_the_end_of_a_day_of_the_zone() -> None:
    noon = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
    assert earliest_due(noon, AUCKLAND) == datetime(2026, 3, 12, 10, 59, 59, tzinfo=UTC)
    assert earliest_due(noon, HONOLULU) == datetime(2026, 3, 12, 9, 59, 59, tzinfo=UTC)


def test_days_over_are_counted_from_the_deadline_on() -> None:
    due = datetime(2026, 1, 12, 10, 59, 59, tzinfo=UTC)
    for late, days in ((-50, 0), (-1, 0), (0, 0), (1, 1), (86_400, 1), (86_401, 2)):
        assert days_over(due, due + timedelta(seconds=late), AUCKLAND) == days, late


@pytest.mark.parametrize("zone", [AUCKLAND, HONOLULU])
def test_a_letter_names_the_day_of_the_zone_on_which_it_will_be_done(zone: ZoneInfo) -> None:
    """Where the deadline is missed, it is the day after the one until which it can be called off."""
    clock = requested_erasure(datetime(2026, 1, 10, 12, 30, tzinfo=UTC), None, zone)
    late = replace(clock, not_before=clock.due + timedelta(days=3))
    assert as_announced(late, zone).due == late.not_before + timedelta(days=1)
    assert as_announced(clock, zone) == clock


@pytest.mark.parametrize("zone", [AUCKLAND, HONOLULU])
def test_who_hears_late_of_an_end_can_call_it_off_until_a_day_of_the_zone_ends(zone: ZoneInfo) -> None:
    asked = datetime(2026, 1, 10, 12, 30, tzinfo=UTC)
    now = asked + timedelta(days=40)
    until = still_ahead(requested_erasure(asked, asked, zone), now, zone).not_before.astimezone(zone)
    assert (until.hour, until.minute, until.second) == (23, 59, 59)
    assert until.date() == (now + SAME_DAY).astimezone(zone).date()


@pytest.mark.parametrize("zone", [AUCKLAND, HONOLULU])
def test_every_date_of_a_request_is_the_end_of_a_day_of_the_zone(zone: ZoneInfo) -> None:
    clock = requested_erasure(datetime(2026, 1, 10, 12, 30, tzinfo=UTC), None, zone)
    for moment in (clock.not_before, clock.by, clock.alarm_at, clock.due):
        assert moment.astimezone(zone).strftime("%H:%M:%S") == "23:59:59"


def test_no_other_warning_is_written_while_one_waits_and_after_a_day_it_fails() -> None:
    """It may still arrive; meanwhile the operator is told."""
    clock = automatic_erasure(datetime(2026, 1, 10, 12, tzinfo=UTC), AUCKLAND)
    written = clock.due - timedelta(days=50)
    letter = WarningLetter(clock.due, written)
    for days in (1, 3, 20):
        assert warned(clock, [letter], written + timedelta(days=days), AUCKLAND) == Warned(None, None, written + DAY)
    assert warned(clock, [letter], written + DAY - timedelta(seconds=1), AUCKLAND) == Warned(None, None, None)


def test_a_warning_that_failed_is_written_anew_a_day_later() -> None:
    clock = automatic_erasure(datetime(2026, 1, 10, 12, tzinfo=UTC), AUCKLAND)
    written = clock.due - timedelta(days=50)
    letter = WarningLetter(clock.due, written, failed_at=written, settled_at=written + SECOND)
    assert warned(clock, [letter], written + DAY - SECOND, AUCKLAND) == Warned(None, None, written)
    assert warned(clock, [letter], written + DAY, AUCKLAND) == Warned(None, clock.due, written)


def test_the_second_warning_is_written_from_a_week_ahead_until_the_day() -> None:
    clock = automatic_erasure(datetime(2026, 1, 10, 12, tzinfo=UTC), AUCKLAND)
    second, begins = clock.due - WARNINGS[-1], clock.not_before
    first = WarningLetter(clock.due, clock.due - WARNINGS[0], settled_at=clock.due - WARNINGS[0], counts=True)
    for now, write in ((second - SECOND, None), (second, clock.due), (begins - SECOND, clock.due), (begins, None)):
        assert warned(clock, [first], now, AUCKLAND) == Warned(begins, write, None), now
    for written, write in ((second - DAY - SECOND, clock.due), (second - DAY, None), (second, None)):
        letter = replace(first, written_at=written, settled_at=written)
        assert warned(clock, [letter], begins - SECOND, AUCKLAND).write == write, written


def test_the_first_warning_is_written_sixty_days_ahead_and_names_a_day_of_the_zone() -> None:
    clock = automatic_erasure(datetime(2026, 1, 10, 12, tzinfo=UTC), AUCKLAND)
    ahead = clock.due - WARNINGS[0]
    assert warned(clock, [], ahead - SECOND, AUCKLAND).write is None
    assert warned(clock, [], ahead, AUCKLAND).write == clock.due
    late = warned(clock, [], clock.due + DAY, AUCKLAND).write
    assert late is not None and late.astimezone(AUCKLAND).strftime("%H:%M:%S") == "23:59:59"


def test_an_instant_without_a_zone_has_no_day() -> None:
    with pytest.raises(ValueError, match=r"^an instant needs a time zone$"):
        local_day(datetime(2026, 1, 10, 12), AUCKLAND)  # noqa: DTZ001


def test_of_a_request_and_six_months_that_end_together_the_request_is_carried_out() -> None:
    """R46: its customer has been promised the dates of a request."""
    ended, asked = datetime(2026, 1, 10, 12, tzinfo=UTC), datetime(2026, 6, 10, 12, tzinfo=UTC)
    assert requested_erasure(asked, ended, AUCKLAND).due == automatic_erasure(ended, AUCKLAND).due
    assert of_request(asked, ended) == requested_erasure(asked, ended, AUCKLAND)


def test_who_asks_in_the_last_second_of_the_six_months_asks_in_time() -> None:
    """A second later it needs the days in which a request can be called off."""
    ended = datetime(2026, 1, 10, 12, tzinfo=UTC)
    due = automatic_erasure(ended, AUCKLAND).due
    assert of_request(due, ended) == automatic_erasure(ended, AUCKLAND)
    late = due + timedelta(seconds=1)
    expected = requested_erasure(late, ended, AUCKLAND).not_before
    assert of_request(late, ended) == replace(automatic_erasure(ended, AUCKLAND), not_before=expected)


def of_request(asked: datetime, ended: datetime) -> Any:
    return due_erasure(
        requests=[asked], services_active=False, last_service_ended=ended, last_sign_in=None, zone=AUCKLAND
    )


def test_who_came_in_late_has_every_date_as_much_later() -> None:
    """An import leaves the time for both warnings (R34)."""
    ended = datetime(2020, 1, 10, 12, tzinfo=UTC)
    usual, floor = automatic_erasure(ended, AUCKLAND), datetime(2026, 3, 12, 10, 59, 59, tzinfo=UTC)
    clock = due_erasure(
        requests=[], services_active=False, last_service_ended=ended, last_sign_in=None, zone=AUCKLAND,
        not_due_before=floor,
    )  # fmt: skip
    assert clock is not None and (clock.due, clock.cause) == (floor, ErasureCause.RETENTION)
    late = floor - usual.due
    assert (clock.not_before, clock.by, clock.alarm_at) == (
        usual.not_before + late, usual.by + late, usual.alarm_at + late
    )  # fmt: skip


def test_a_warning_is_about_a_deadline_that_moved_by_a_day_at_most() -> None:
    """A time zone's change moves it by less."""
    due = datetime(2026, 1, 12, 10, 59, 59, tzinfo=UTC)
    letter = WarningLetter(due, due - timedelta(days=60))
    assert letter.good_for(due) and letter.good_for(due + SAME_DAY)
    assert not letter.good_for(due + SAME_DAY + timedelta(seconds=1))


# --- what reaches whom, and what a refusal says ----------------------------------------------------------------------

R16 = "R16: login details are disclosed to nobody"
R22 = "R22: a payment affiliate receives payment information only"
CARD = "R22: a card reaches the payment affiliate and nobody else"
CARDS = {"CARD_NUMBER", "CARD_EXPIRY", "CARD_BRAND"}


@pytest.mark.parametrize("category", [None, *Category], ids=lambda each: each.name if each else "none")
def test_what_never_reaches_a_kind_of_recipient(category: Category | None) -> None:
    """(R16, R22) The whole table."""
    name = category.name if category else ""
    secret = [R16] if name in {"PASSWORD", "AUTH_FACTOR"} else []
    paying = name in CARDS | {"PAYMENT_METHOD", "TRANSACTION"}
    assert never_received(category, Recipient.AUTHORITY) == never_received(category, Recipient.REGISTRY) == secret
    assert never_received(category, Recipient.PAYMENT_AFFILIATE) == secret + ([] if paying else [R22])
    assert never_received(category, Recipient.PARTNER) == secret + ([CARD] if name in CARDS else [])


def test_a_registration_that_breaks_a_rule_is_told_what_is_allowed() -> None:
    contract = ", ".join(each.name for each in Purpose if each in CONTRACTED)
    assert contract.startswith("SERVICE_PROVISION, SERVICE_COMMUNICATION, INVOICING")
    assert offences(PartnerRegistration("PRODUCT_NEWS", "CH", frozenset(), {})) == [
        f"R7: a partner carries out a part of the contract: {contract}"
    ]
    assert offences(ClientRegistration(frozenset({"LEGAL_REQUEST"}))) == [
        "R24: an order is answered by two persons (`gateway legal`), never with a token"
    ]
    encrypted = "R23: what leaves the house leaves it encrypted: the address begins with https://"
    assert offences(AffiliateRegistration("ftp://pay.example", "Swiss")) == [
        "R23: a recipient has a country (ISO 3166-1), which customers are shown",
        encrypted,
    ]
    for url in ("", "pay.example", "//pay.example", "https://", "https://é.example", "https://[", "http://localhost.x"):
        assert offences(Webhook("crm", url, frozenset())) == [encrypted], url
    assert offences(Webhook("affiliate:Pay", HTTPS, frozenset())) == [
        "R22: a payment affiliate is told of cards that may not be kept, and of nothing else"
    ]


def test_a_partner_gets_no_card_and_no_login_detail_even_where_the_schema_allows_its_purpose() -> None:
    """(D11, R16, R22) A purpose that a hard rule closes is told as such, and a category that no partner gets, too."""
    life, purpose = RetentionRule.CUSTOMER_LIFE, Purpose.INVOICING
    plain = Rule("X.y", None, (Allowance(frozenset({purpose})),), life)
    for category, says in (
        (Category.CARD_BRAND, "R2: X.y is no field that may be read for INVOICING"),
        (Category.PASSWORD, "R2: X.y is no field that may be read for INVOICING"),
    ):
        rules = {"X.y": replace(plain, category=category)}
        assert offences(PartnerRegistration(purpose.name, "CH", frozenset({"X.y"}), rules)) == [says]
    assert offences(PartnerRegistration(purpose.name, "CH", frozenset({"X.y"}), {"X.y": plain})) == []


def test_no_purpose_that_sells_can_be_declared() -> None:
    """(R6) The refusal names the terms."""
    for dpv, fides in ((("SellDataToThirdParties", "Other"), "essential"), (("Any", "Other"), "third_party_sharing")):
        with pytest.raises(ValueError, match=rf"^R6: .* at large: {' '.join(dpv)}, {fides}$"):
            refuse_sale(dpv, fides)
    refuse_sale(("Any",), "essential")
