"""Telephone numbers as people write them are one number in E.164, and nothing of them is left out (H6, H19)."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from tests.tables import hold_for_all
from values.telephone import TelephoneError, is_assigned, read_telephone
from values.telephone import TelephoneFault as Fault

LAUSANNE = "+41213200000"
WRITTEN = (
    ("+41 (0)21 320 00 00", None, LAUSANNE),
    ("+41(0)213200000", None, LAUSANNE),
    ("+410213200000", None, LAUSANNE),
    ("0041 21 320 00 00", None, LAUSANNE),
    ("tel:+41-21-320-00-00", None, LAUSANNE),
    ("+41.21.320.00.00", None, LAUSANNE),
    ("+41\u201321\u2013320\u201300\u201300", None, LAUSANNE),
    ("\u200e+41\u00a021 320\u202f00 00\u202c", None, LAUSANNE),
    ("\uff0b\uff14\uff11 \uff12\uff11 320 00 00", None, LAUSANNE),
    ("+\u0664\u0661 \u0662\u0661 \u0663\u0662\u0660 \u0660\u0660 \u0660\u0660", None, LAUSANNE),
    ("021 320 00 00", "CH", LAUSANNE),
    ("+41 21 320 00 00", "US", LAUSANNE),
    ("+49 30/123456", None, "+4930123456"),
    ("+39 (0)6 123456", None, "+3906123456"),
    ("+34 (0)912 345 678", None, "+34912345678"),
    ("+383 44 123 456", None, "+38344123456"),
)
REFUSED = (
    ("021 320 00 00", Fault.NO_COUNTRY),
    ("+41 21 320 00 00 ext. 12", Fault.EXTENSION),
    ("+41 21 320 00 00 x12", Fault.EXTENSION),
    ("+41 21 320 00 00#12", Fault.EXTENSION),
    ("+41 21 320 00 00;ext=12", Fault.EXTENSION),
    ("+41 21 320 00 00,,12", Fault.EXTENSION),
    ("+41 21 320 00 00 Durchwahl 12", Fault.EXTENSION),
    ("+41 21 320 00 00 / 079 123 45 67", Fault.SEVERAL),
    ("+41 21 320 00 00 ou 079 123 45 67", Fault.NO_NUMBER),
    ("call +41 21 320 00 00", Fault.NO_NUMBER),
    ("+1 800 FLOWERS", Fault.NO_NUMBER),
    ("+1 320 0000", Fault.LENGTH),
    ("+41 21", Fault.LENGTH),
    ("+410000000001234567", Fault.LENGTH),
    ("+999 123456789", Fault.NO_NUMBER),
    ("+0123456789", Fault.NO_NUMBER),
    ("", Fault.NO_NUMBER),
    ("+", Fault.NO_NUMBER),
    ("\u202e+41213200000\u202c0", Fault.NO_NUMBER),
    ("+41" + "1" * 1_000, Fault.NO_NUMBER),
)
FORMATS = (
    PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.RFC3966,
)  # fmt: skip
ITALIAN = {"IT", "VA", "SM"}
"""Where a zero belongs to the number."""


def test_numbers_as_people_write_them() -> None:
    def check(typed: str, country: str | None, kept: str) -> None:
        assert read_telephone(typed, country) == kept

    hold_for_all(check, WRITTEN)


def test_nothing_is_left_out_silently() -> None:
    def check(typed: str, why: Fault) -> None:
        try:
            found = read_telephone(typed)
        except TelephoneError as error:
            assert error.fault is why
            assert len(typed) < 2 or typed not in str(error)
        else:
            raise AssertionError(found)

    hold_for_all(check, REFUSED)


def test_the_numbers_of_all_countries_are_read_in_all_their_forms() -> None:
    """H6: also with the "(0)" that is dialled inside the country only."""

    def check(region: str, number: phonenumbers.PhoneNumber) -> None:
        said = {each: phonenumbers.format_number(number, each) for each in FORMATS}
        kept = said[PhoneNumberFormat.E164]
        inside = phonenumbers.national_significant_number(number)
        forms = [said[PhoneNumberFormat.INTERNATIONAL], said[PhoneNumberFormat.RFC3966]]
        if region not in ITALIAN:
            forms.append(f"+{number.country_code} (0){inside}")
        assert {read_telephone(each) for each in forms} == {kept}
        assert read_telephone(said[PhoneNumberFormat.NATIONAL], region) == kept
        assert is_assigned(kept[1:])

    kinds = (PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE)
    rows = [
        (region, number)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for kind in kinds
        if (number := phonenumbers.example_number_for_type(region, kind)) is not None
    ]
    assert len(rows) > 400
    hold_for_all(check, rows)
