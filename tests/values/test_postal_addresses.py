"""Addresses are kept as people write them, by the rules of their country, and every part stands on the envelope."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.tables import hold_for_all
from values.address_data import customs_of
from values.country import COUNTRIES
from values.envelope import envelope
from values.lines import LineError, read_line
from values.postal_address import PARTS, read_postal_address
from values.postal_code import PostalCodeError, read_postal_code
from values.regions import find_region, fold, regions_of

CODES = (
    ("CH", "CH-1003", "1003"), ("CH", "CH 1003", "1003"), ("CH", "1003", "1003"), ("DE", "D-10115", "10115"),
    ("DE", "DE-10115", "10115"), ("DE", "D 10115", "10115"), ("AT", "A-1010", "1010"), ("FR", "F-33380", "33380"),
    ("IT", "I-00144", "00144"), ("LU", "L-4750", "4750"), ("LI", "FL-9490", "9490"), ("SE", "S-114 55", "114 55"),
    ("PL", "00950", "00-950"), ("PL", "PL 00-950", "00-950"), ("PL", "00 950", "00-950"),
    ("IE", "d02 td99", "D02 TD99"),
    ("IE", "d02td99", "D02 TD99"), ("NL", "1012ab", "1012 AB"), ("NL", "1012 AB", "1012 AB"),
    ("NL", "NL-1012AB", "1012 AB"),
    ("GB", "sw1a1aa", "SW1A 1AA"), ("GB", "m25bq", "M2 5BQ"), ("GB", "bfpo61", "BFPO 61"), ("CA", "h3z-2y7", "H3Z 2Y7"),
    ("US", "95014", "95014"), ("US", "221621010", "22162-1010"),
    ("JP", "1000001", "100-0001"),
    ("JP", "〒100－0001", "100-0001"), ("JP", "１００-０００１", "100-0001"),
    ("IN", "११०००१", "110001"),
    ("BR", "40301110", "40301-110"), ("PT", "2725079", "2725-079"), ("CZ", "11000", "110 00"),
    ("GR", "GR-15124", "151 24"),
    ("LV", "1010", "LV-1010"), ("LV", "LV1010", "LV-1010"), ("XK", "10000", "10000"), ("MT", "vlt1117", "VLT 1117"),
    ("GI", "gx111aa", "GX11 1AA"), ("AZ", "AZ1000", "1000"), ("HK", "999077", "999077"), ("QA", "0000", "0000"),
)  # fmt: skip
NO_CODES = (
    ("CH", "ABCDE"), ("CH", "10031"), ("CH", "D-1003"), ("DE", "5311"), ("DE", "CH-10115"), ("PL", "0095"),
    ("NL", "12AB"), ("US", "1234"), ("IE", "D02"), ("GB", "12345"), ("XK", "90000"), ("CH", "-"),
)  # fmt: skip
REGIONS = (
    ("TR", "Istanbul", True), ("TR", "İSTANBUL", True), ("TR", "Diyarbakir", True), ("TR", "34", True),
    ("CN", "Hubei", True), ("CN", "hubei sheng", True), ("CN", "湖北", True),
    ("CN", "湖北省", True), ("CN", "内蒙古", True),
    ("AE", "Dubai", True), ("AE", "Emirate of Dubai", True), ("AE", "دبي", True), ("JP", "東京", True),
    ("JP", "Tokyo-to", True), ("JP", "JP-13", True), ("KR", "Gyeonggi", True), ("KR", "서울", True),
    ("HK", "Hong Kong", True),
    ("IE", "Dublin", True), ("IE", "County Dublin", True), ("IE", "Co Dublin", True), ("CA", "Québec", True),
    ("CA", "quebec", True), ("CA", "QC", True), ("US", "us-ca", True), ("US", "California", True), ("US", "New", False),
    ("US", "ZZ", False), ("BR", "Sao Paulo", True), ("IT", "milano", True), ("ES", "Cadiz", True), ("MX", "Cd", False),
    ("TR", "Bayern", False), ("CN", "Hu", False),
)  # fmt: skip


def test_postal_codes_as_people_write_them() -> None:
    """H18: signs of countries, spaces, hyphens and capitals; none where a country has none."""

    def check(country: str, typed: str, kept: str) -> None:
        assert read_postal_code(typed, country) == kept
        assert read_postal_code(kept, country) == kept

    hold_for_all(check, CODES)


def test_what_is_no_postal_code() -> None:
    """H7."""

    def check(country: str, typed: str) -> None:
        with pytest.raises(PostalCodeError) as refused:
            read_postal_code(typed, country)
        assert refused.value.example and typed not in str(refused.value)

    hold_for_all(check, NO_CODES)


def test_the_examples_of_all_countries_are_read_in_all_their_forms() -> None:
    def check(country: str, code: str) -> None:
        bare = "".join(filter(str.isalnum, code))
        for typed in (code, bare, code.lower(), f"{country}-{code}", f"{country} {bare}"):
            assert read_postal_code(typed, country) in (code, f"{country}-{code}"), typed

    countries = [(each, customs_of(each)) for each in sorted(COUNTRIES)]
    rows = [
        (each, code)
        for each, rules in countries
        for code in rules.examples
        if rules.postal_code and rules.postal_code.fullmatch(code)
    ]
    assert len(rows) > 400
    hold_for_all(check, rows)


def test_regions_are_found_by_names_and_codes() -> None:
    """H17: without case and marks."""

    def check(country: str, typed: str, there: bool) -> None:
        assert (find_region(typed, country) is not None) is there

    hold_for_all(check, REGIONS)


def test_every_region_is_found_by_each_of_its_names() -> None:
    def check(country: str) -> None:
        for region in regions_of(country):
            for name in region.names:
                assert find_region(name, country) is region, name

    hold_for_all(check, ((each,) for each in sorted(COUNTRIES) if regions_of(each)))


HOME = {"street": "Weg 1", "street2": None, "postalCode": None, "city": "Stadt", "region": None}
LINES = (
    ({"street": "1-1", "city": "千代田区", "postalCode": "100-0001", "region": "東京都", "country": "JP"},
     ["1-1, 千代田区, 東京都", "100-0001", "JAPAN"]),
    ({"city": "İstanbul", "postalCode": "34357", "country": "TR"}, ["Weg 1", "34357 İstanbul", "TURKEY"]),
    ({"city": "Beşiktaş", "postalCode": "34357", "region": "Istanbul", "country": "TR"},
     ["Weg 1", "34357 Beşiktaş/Istanbul", "TURKEY"]),
    ({"city": "München", "postalCode": "80331", "region": "Bayern", "country": "DE"},
     ["Weg 1", "80331 München", "Bayern", "GERMANY"]),
    ({"city": "Dubai", "region": "Dubai", "country": "AE"}, ["Weg 1", "Dubai", "UNITED ARAB EMIRATES"]),
    ({"city": "Dubai", "country": "AE"}, ["Weg 1", "Dubai", "UNITED ARAB EMIRATES"]),
    ({"city": "Central", "country": "HK"}, ["Weg 1", "Central", "HONG KONG"]),
    ({"city": "Doha", "country": "QA"}, ["Weg 1", "Doha", "QATAR"]),
    ({"city": "Dublin", "country": "IE"}, ["Weg 1", "Dublin", "IRELAND"]),
    ({"city": "Lausanne", "postalCode": "CH-1003", "region": "VD", "country": "CH"},
     ["Weg 1", "CH-1003 Lausanne", "VD", "SWITZERLAND"]),
    ({"city": "Singapore", "postalCode": "546080", "country": "SG"},
     ["Weg 1", "SINGAPORE 546080", "REP. OF SINGAPORE"]),
    ({"city": "Prishtinë", "postalCode": "10000", "country": "XK"}, ["Weg 1", "10000 Prishtinë", "KOSOVO"]),
    ({"street2": "rez", "city": "Springfield", "postalCode": "62701", "region": "Illinois", "country": "US"},
     ["Weg 1", "rez", "Springfield, Illinois 62701", "UNITED STATES"]),
)  # fmt: skip


def test_envelopes() -> None:
    """H7, H14-H17."""

    def check(changes: dict[str, str], lines: list[str]) -> None:
        found, faults = read_postal_address(HOME | changes)
        assert faults == []
        assert {part: found[part] for part in changes if part != "postalCode"} == {
            part: value for part, value in changes.items() if part != "postalCode"
        }
        assert envelope([found[part] for part in PARTS]) == lines

    hold_for_all(check, LINES)


def test_a_refused_region_has_its_choices_and_a_code_an_example() -> None:
    """H17."""
    _, (fault,) = read_postal_address(HOME | {"region": "Bayern", "country": "TR", "postalCode": "34357"})
    assert (fault.part, fault.code) == ("region", "INVALID_REGION")
    assert "Adana" in str(fault.message) and "İstanbul" in str(fault.message) and len(fault.instead) == 81
    _, (fault,) = read_postal_address(HOME | {"country": "CH", "postalCode": "ABCDE"})
    assert (fault.part, fault.code) == ("postalCode", "INVALID_POSTAL_CODE") and "2544" in str(fault.message)
    _, faults = read_postal_address(HOME | {"country": "US"})
    assert {(each.part, each.code) for each in faults} == {("region", "REQUIRED"), ("postalCode", "REQUIRED")}


typed = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zl", "Zp"]), max_size=30)
foreign = st.text("αβγдеж千代田İşß 12-/,.", max_size=12)
"""Letters that no format and no country's name has."""


@given(st.sampled_from(sorted(COUNTRIES)), st.lists(foreign, min_size=5, max_size=5))
@example("TR", ["x", "", "34357", "İstanbul", ""])
@example("JP", ["1-1", "", "100-0001", "千代田区", "東京都"])
@example("SG", ["x", "", "546080", "singapore", "Singapore"])
@example("MZ", ["", "", "", "1", "1"])
@example("MZ", ["", "", "", "代", "1"])
def test_every_given_part_stands_on_the_envelope_and_nothing_else(country: str, texts: list[str]) -> None:
    """H14, H15: whatever the country makes of it."""
    parts = [_line(each) for each in texts]
    lines = envelope([*parts, country])
    printed = "\n".join(lines)
    for part in filter(None, parts):
        shown = " ".join(part.split())
        assert shown in printed or fold(shown) in fold(printed)
    literal = fold(re.sub("%.", " ", customs_of(country).form))
    literals = set(literal.split())
    given_words = {word for part in filter(None, parts) for word in fold(part).split()}
    assert {word for line in lines[:-1] for word in fold(line).split()} <= (
        given_words | literals | {f"{each}{word}" for each in literals for word in given_words}
    )
    assert all(line == line.strip() and line for line in lines)


@given(st.sampled_from(sorted(COUNTRIES)), st.lists(typed, min_size=5, max_size=5))
def test_every_country_takes_or_refuses_any_text(country: str, texts: list[str]) -> None:
    given = dict(zip(PARTS, (*(_line(each) for each in texts), country), strict=True))
    found, faults = read_postal_address(given)
    assert all(fault.part in PARTS and fault.code for fault in faults)
    assert {part for part in PARTS if found[part] != given[part]} <= {"postalCode"}


def _line(text: str) -> str | None:
    try:
        return read_line(unicodedata.normalize("NFC", text)) or None
    except LineError:
        return None
