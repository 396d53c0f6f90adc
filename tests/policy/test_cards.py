"""What is a card number, and what is not (D4; section 6 of the requirements)."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.cards import TEST_NUMBERS, Brand, CardFault, CardNumber, brand_of, card_number, expired, luhn, possible

GENUINE = "4539 5787 6362 1486"
TODAY = date(2026, 11, 27)


def read(text: str, tests: bool = True) -> Brand | CardFault:
    found = card_number(text, tests=tests)
    return found.brand if isinstance(found, CardNumber) else found


@pytest.mark.parametrize(
    ("number", "brand"),
    [
        ("4111 1111 1111 1111", Brand.VISA),
        ("5555-5555-5555-4444", Brand.MASTERCARD),
        ("2223003122003222", Brand.MASTERCARD),
        ("378282246310005", Brand.AMERICAN_EXPRESS),
        ("6011111111111117", Brand.DISCOVER),
        ("30569309025904", Brand.DINERS_CLUB),
        ("3530111333300000", Brand.JCB),
        ("6200000000000005", Brand.UNIONPAY),
        ("6304000000000000", Brand.MAESTRO),
    ],
)
def test_the_networks_test_numbers_are_theirs(number: str, brand: Brand) -> None:
    assert read(number) is brand


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", CardFault.CHARACTERS),
        ("4111 1111 1111 111x", CardFault.CHARACTERS),
        ("٤١١١١١١١١١١١١١١١", CardFault.CHARACTERS),  # digits of another script are no card's
        ("4" * 10_000, CardFault.CHARACTERS),
        ("0000000000000000", CardFault.BRAND),  # which passes the check digit
        ("9111111111111111", CardFault.BRAND),
        ("411111111111111", CardFault.LENGTH),
        ("3782822463100051", CardFault.LENGTH),
        ("4111111111111112", CardFault.CHECKSUM),
        ("4539578763621468", CardFault.CHECKSUM),
    ],
)
def test_what_is_no_number_says_why_and_never_the_number(text: str, fault: CardFault) -> None:
    assert read(text) is fault
    assert not any(character.isdigit() for character in fault.text)


def test_test_numbers_pay_nothing_in_production() -> None:
    assert {read(number, tests=False) for number in TEST_NUMBERS} == {CardFault.TEST}
    assert all(isinstance(read(number), Brand) for number in TEST_NUMBERS)
    assert read(GENUINE, tests=False) is Brand.VISA


def test_a_number_does_not_print_itself() -> None:
    found = card_number(GENUINE)
    assert isinstance(found, CardNumber) and found.last4 == "1486"
    assert "4539" not in f"{found!r} {found!s}"


@given(st.from_regex(r"[0-9]{11,18}", fullmatch=True), st.integers(0, 17), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, by: int) -> None:
    whole = next(body + last for last in "0123456789" if luhn(body + last))
    place %= len(whole)
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    assert not luhn(wrong)


@given(st.text(max_size=50))
def test_any_text_is_a_number_or_a_fault(text: str) -> None:
    assert isinstance(card_number(text), CardNumber | CardFault)


def test_the_longest_prefix_wins() -> None:
    assert brand_of("6011") is Brand.DISCOVER and brand_of("62") is Brand.UNIONPAY and brand_of("6") is Brand.MAESTRO
    assert brand_of("1") is None


def test_a_card_is_good_until_the_end_of_its_month() -> None:
    assert not expired(11, 2026, TODAY) and expired(10, 2026, TODAY) and expired(12, 2025, TODAY)
    assert possible(12, 2046, TODAY) and not possible(13, 2027, TODAY) and not possible(0, 2027, TODAY)
    assert not possible(1, 2047, TODAY) and not possible(1, 27, TODAY)
