"""(D1) What a reference to a case looks like: the pattern that an operator writes says exactly what fits."""

import re

import pytest

from policy.purposes import Purpose
from policy.references import DIGITS, EVERY, LONGEST, REFERENCES, USUAL, Pattern, References, looks_personal


@pytest.mark.parametrize(
    ("text", "fitting", "others"),
    [
        ("A", ["A"], ["", "AA", "a", "B"]),
        ("A.B", ["A.B"], ["AxB", "AB"]),
        ("A{2}", ["AA"], ["A", "AAA"]),
        ("[0-9]{2,4}", ["12", "123", "1234"], ["1", "12345", "٣٣", "ab"]),
        ("[0-9]{3,3}", ["123"], ["12", "1234"]),
        ("[A-Z]{1,3}-[0-9]", ["A-1", "ABC-1"], ["-1", "ABCD-1", "ABC-12", "ABC1", "abc-1"]),
        ("INC-[0-9]{1,7}", ["INC-1", "INC-4711"], ["INC-", "INC-12345678", "xINC-1", "INC-1x", "INC-1\n"]),
        ("[a-c]{64}", ["abc" * 21 + "a"], ["abc" * 21]),
        ("[a-c]{1,32}[0-9]{1,32}", ["a1"], ["a", "1"]),
    ],
)
def test_a_pattern_fits_what_it_says_and_nothing_else(text: str, fitting: list[str], others: list[str]) -> None:
    pattern = Pattern.parse(text)
    assert pattern.text == text
    assert [each for each in fitting if not pattern.compiled.fullmatch(each)] == []
    assert [each for each in others if pattern.compiled.fullmatch(each)] == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a*", f"'a*' is no pattern: write something like {USUAL}"),
        ("é", f"'é' is no pattern: write something like {USUAL}"),
        ("[z-a]", f"'[z-a]' is no pattern: write something like {USUAL}"),
        ("a{3,1}", "'a{3,1}' asks for at least 3 and at most 1"),
        ("a{1,2}b{3,2}", "'a{1,2}b{3,2}' asks for at least 3 and at most 2"),
        ("", f"a reference has between 1 and {LONGEST} signs"),
        ("[0-9]{65}", f"a reference has between 1 and {LONGEST} signs"),
        ("a{1,32}b{1,33}", f"a reference has between 1 and {LONGEST} signs"),
    ],
)
def test_what_is_no_pattern_says_what_to_write(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(says)}$"):
        Pattern.parse(text)


def test_a_purpose_has_its_own_pattern_or_the_one_for_all() -> None:
    own, usual = Pattern.parse("NOC/[0-9]{4}"), Pattern.parse(USUAL)
    references = References({"EMERGENCY_CONTACT": own, EVERY: usual})
    assert references.of(Purpose.EMERGENCY_CONTACT) is own and references.of(Purpose.INVOICING) is usual
    assert references.fits(Purpose.EMERGENCY_CONTACT, "NOC/4711") and not references.fits(Purpose.INVOICING, "NOC/4711")
    assert references.fits(Purpose.INVOICING, "INC-4711")
    assert not references.fits(Purpose.EMERGENCY_CONTACT, "INC-4711")


def test_what_is_too_long_or_may_be_of_a_person_fits_no_pattern() -> None:
    """Not even one that its own length would allow: an operator may have written it so."""
    wide = References({EVERY: Pattern("", re.compile(r"[0-9a-z@-]*"))})
    assert wide.fits(Purpose.INVOICING, "a" * LONGEST) and not wide.fits(Purpose.INVOICING, "a" * (LONGEST + 1))
    assert wide.fits(Purpose.INVOICING, "1" * (DIGITS - 1)) and not wide.fits(Purpose.INVOICING, "1" * DIGITS)
    nothing_personal = References(wide.patterns, personal=lambda _: False)
    assert nothing_personal.fits(Purpose.INVOICING, "1" * DIGITS)


def test_a_telephone_number_and_an_address_look_personal() -> None:
    assert looks_personal("0-3-1-5-5-5-1-2-3") and not looks_personal("INC-4711") and not looks_personal("12345678")
    assert looks_personal("a@b") and not looks_personal("a.b")


@pytest.mark.parametrize("reference", ["INC-4711", "a-1", "A" * 16 + "-1234567"])
def test_what_usually_fits(reference: str) -> None:
    assert REFERENCES.fits(Purpose.EMERGENCY_CONTACT, reference)


@pytest.mark.parametrize("reference", ["INC4711", "INC-", "-1", "INC-12345678", "A" * 17 + "-1", "INC-4711 Anna"])
def test_what_usually_does_not(reference: str) -> None:
    assert not REFERENCES.fits(Purpose.EMERGENCY_CONTACT, reference)
