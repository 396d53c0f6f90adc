"""The minor units of ISO 4217: not what is usual in shops, which is what a library's locale data says."""

from __future__ import annotations

from datetime import date

from babel.core import get_global

from policy.currencies import MINOR_DIGITS

USUAL = {
    "AFN", "ALL", "COP", "HUF", "IDR", "IQD", "IRR", "KPW", "LAK", "LBP", "MGA", "MMK", "MRO", "SLL", "SOS", "STD",
    "SYP", "YER",
}  # fmt: skip
"""Where CLDR has no digits, because nobody uses the coins, and the standard has two, or three of IQD."""


def test_where_it_differs_from_what_is_usual() -> None:
    digits = get_global("currency_fractions")
    usual = {code: digits.get(code, digits["DEFAULT"])[0] for code in MINOR_DIGITS}
    assert {code for code in MINOR_DIGITS if usual[code] != MINOR_DIGITS[code]} == USUAL
    assert {usual[code] for code in USUAL} == {0}


def test_it_has_every_currency_in_which_one_can_pay() -> None:
    money = {
        code
        for of_territory in get_global("territory_currencies").values()
        for code, _, until, tender in of_territory
        if tender and (until is None or date(*until) > date(2016, 1, 1))
    }
    assert money <= MINOR_DIGITS.keys()


def test_known_rows() -> None:
    assert {code: MINOR_DIGITS[code] for code in ("CHF", "EUR", "JPY", "KRW", "KWD", "CLF", "HRK")} == {
        "CHF": 2, "EUR": 2, "JPY": 0, "KRW": 0, "KWD": 3, "CLF": 4, "HRK": 2,
    }  # fmt: skip
    assert "XAU" not in MINOR_DIGITS  # Gold has no minor unit, and is none to pay in.
