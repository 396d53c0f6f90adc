"""Validation of card numbers and expiry dates: digits, brand, length and check digit (ISO/IEC 7812)."""

from dataclasses import dataclass
from datetime import date
from enum import unique
from typing import Final

from policy.rows import Row


@unique
class Brand(Row):
    """A card network. Columns: the name as cards show it, the beginnings of its numbers, and their lengths."""

    VISA = "Visa", ((4, 4),), (13, 16, 18, 19)
    MASTERCARD = "Mastercard", ((51, 55), (2221, 2720)), (16,)
    AMERICAN_EXPRESS = "American Express", ((34, 34), (37, 37)), (15,)
    DISCOVER = "Discover", ((6011, 6011), (644, 649), (65, 65)), (16, 19)
    DINERS_CLUB = "Diners Club", ((300, 305), (36, 36), (38, 39)), (14, 16, 19)
    JCB = "JCB", ((2131, 2131), (1800, 1800), (3528, 3589)), (16, 17, 18, 19)
    UNIONPAY = "UnionPay", ((62, 62), (81, 81)), (14, 15, 16, 17, 18, 19)
    MAESTRO = "Maestro", ((50, 50), (56, 59), (6, 6)), (12, 13, 14, 15, 16, 17, 18, 19)

    def __init__(self, _text: str, beginnings: tuple[tuple[int, int], ...], lengths: tuple[int, ...]) -> None:
        self.beginnings = beginnings
        """Ranges of prefixes. The networks' ranges overlap; the longest matching prefix wins."""
        self.lengths = lengths
        """The numbers of digits that the network issues."""


@unique
class CardFault(Row):
    """The reason why a text is rejected as a card number; it never repeats the number."""

    CHARACTERS = ("A card number is made of digits; spaces and hyphens between them are fine.",)
    BRAND = ("No card network that is known here has numbers that begin like this.",)
    LENGTH = ("This number is too short or too long for its kind of card.",)
    CHECKSUM = ("A digit is wrong or two are swapped: compare the number with the card.",)
    TEST = ("This is a published test number: it pays nothing.",)


TEST_NUMBERS: Final = frozenset(
    {
        "4111111111111111", "4012888888881881", "4222222222222", "4242424242424242", "4000056655665556",
        "5555555555554444", "5105105105105100", "2223003122003222", "2223000048400011", "378282246310005",
        "371449635398431", "378734493671000", "6011111111111117", "6011000990139424", "30569309025904",
        "38520000023237", "3056930009020004", "3530111333300000", "3566002020360505", "6200000000000005",
        "6304000000000000",
    }
)  # fmt: skip
"""Numbers that the networks publish for tests; no bank ever issued one."""

LONGEST: Final = 40
"""Maximum characters of the input: 19 digits with a separator between each two, rounded up."""

YEARS_AHEAD: Final = 20
"""Years between today and an expiry date beyond which the date is taken for a typing error."""


@dataclass(frozen=True, slots=True, repr=False)
class CardNumber:
    """A card number that passed every check. Its `repr` does not contain it (D4)."""

    digits: str
    brand: Brand

    @property
    def last4(self) -> str:
        """The last four digits, the only part that may be shown (D4; PCI DSS 3.4)."""
        return self.digits[-4:]


def card_number(text: str, *, tests: bool = False) -> CardNumber | CardFault:
    """Parse a number as people type it; `tests` also accepts the published test numbers."""
    digits = text.strip().replace(" ", "").replace("-", "").replace("\u00a0", "")
    # `isdecimal` alone accepts the digits of every script, which the check digit would then be computed from.
    if len(text) > LONGEST or not digits.isascii() or not digits.isdecimal():
        return CardFault.CHARACTERS
    brand = brand_of(digits)
    if brand is None:
        return CardFault.BRAND
    if len(digits) not in brand.lengths:
        return CardFault.LENGTH
    if not luhn(digits):
        return CardFault.CHECKSUM
    if digits in TEST_NUMBERS and not tests:
        return CardFault.TEST
    return CardNumber(digits, brand)


def brand_of(digits: str) -> Brand | None:
    """Return the network with the longest matching prefix; None if there is none."""
    found: tuple[int, Brand] | None = None
    for brand in Brand:
        for first, last in brand.beginnings:
            length = len(str(first))
            fits = len(digits) >= length and first <= int(digits[:length]) <= last
            # The ranges overlap: Maestro's 6 contains those of Discover and UnionPay.
            if fits and (found is None or length > found[0]):
                found = length, brand
    return None if found is None else found[1]


def luhn(digits: str) -> bool:
    """Return whether the last digit is the check digit of the others (Luhn; ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        # From the right every second digit counts double; the sum of the two digits of a number above 9 is that number
        # less 9.
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def expired(month: int, year: int, today: date) -> bool:
    """Return whether the card has expired: it is valid until the end of the printed month."""
    return (year, month) < (today.year, today.month)


def possible(month: int, year: int, today: date) -> bool:
    """Return whether a card with this expiry date can exist: a real month, within YEARS_AHEAD of today."""
    return 1 <= month <= 12 and today.year - YEARS_AHEAD <= year <= today.year + YEARS_AHEAD
