"""An amount is told with exactly the digits of its currency's minor unit, at any size."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from policy.currencies import MINOR_DIGITS
from values.money import money


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (6900, "CHF", "69.00"), (0, "CHF", "0.00"), (5, "EUR", "0.05"), (-5, "EUR", "-0.05"), (-6900, "EUR", "-69.00"),
        (500, "JPY", "500"), (0, "JPY", "0"), (-1, "JPY", "-1"),
        (1250, "KWD", "1.250"), (1, "KWD", "0.001"), (12345, "CLF", "1.2345"),
        (2_147_483_648, "CHF", "21474836.48"), (2**63 - 1, "KWD", "9223372036854775.807"),
        (-(2**63), "JPY", str(-(2**63))),
    ],
)  # fmt: skip
def test_all_digits_and_no_more(minor: int, currency: str, amount: str) -> None:
    made = money(minor, currency)
    assert (made.amount, made.currency) == (amount, currency)


def test_no_currency_rounds() -> None:
    for currency, digits in MINOR_DIGITS.items():
        for minor in (1, 99, 100, -12345, 10**17 + 1):
            assert Decimal(money(minor, currency).amount).scaleb(digits) == minor


@pytest.mark.parametrize(
    ("minor", "currency"), [(1, "ABC"), (1, "chf"), (1, ""), ("1", "CHF"), (1.0, "CHF"), (True, "CHF")]
)
def test_what_is_no_amount(minor: Any, currency: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        money(minor, currency)
