"""Amounts of money, stored in minor units of the currency (ISO 4217), and what stands beside them on an invoice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from policy.currencies import MINOR_DIGITS

INVOICE_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,31}", re.ASCII)
"""The number of an invoice, as it is printed."""
QUANTITY: Final = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?", re.ASCII)
RATE: Final = re.compile(r"\d{1,3}(?:\.\d{1,4})?", re.ASCII)
"""A rate of tax in per cent."""
MOST_LINES: Final = 500
"""Maximum lines of one invoice."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of a currency, such as `69.00` of `CHF`."""

    amount: str
    """With all digits of the currency's minor unit, and without any rounding: `500` of JPY, `-0.005` of KWD."""
    currency: str


def money(minor: int, currency: str) -> Money:
    """The amount of so many minor units; ValueError where the currency is unknown, or the amount no whole number."""
    digits = MINOR_DIGITS.get(currency)
    # A boolean is an int in Python, and a database without strict types may hold anything.
    if digits is None or type(minor) is not int:
        raise ValueError("no amount of a currency of ISO 4217")
    whole = str(abs(minor)).rjust(digits + 1, "0")
    cut = len(whole) - digits
    fraction = f".{whole[cut:]}" if digits else ""
    return Money(f"{'-' if minor < 0 else ''}{whole[:cut]}{fraction}", currency)


class MoneyError(ValueError):
    """The text is no amount of the currency."""


_AMOUNT = re.compile(r"([+-]?)(\d{1,15})(?:\.(\d{0,4}))?", re.ASCII)


def minor_units(amount: str, currency: str) -> int:
    """The minor units of an amount such as `69.00` or `69`; MoneyError for another text, or for a fraction that the
    currency does not have (`0.5` of JPY). Zeros beyond its digits are taken."""
    digits = MINOR_DIGITS.get(currency)
    found = _AMOUNT.fullmatch(amount.strip())
    if digits is None or found is None:
        raise MoneyError("no amount of a currency of ISO 4217")
    sign, whole, fraction = found[1], found[2], (found[3] or "").rstrip("0")
    if len(fraction) > digits:
        raise MoneyError("more digits than the currency has")
    minor = int(whole + fraction.ljust(digits, "0"))
    return -minor if sign == "-" else minor
