"""Rows as customers: each field is well formed, or has one fault under its own name and without its value."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.customers.new_customer import NewCustomer
from resolvers.imports.columns import COLUMNS
from resolvers.imports.rows import MOST_SERVICES, customer
from resolvers.imports.source import SourceRecord
from resolvers.inputs.changes import DEFAULTS, FieldChange, ImportChange
from resolvers.inputs.report import FieldFault, ImportProblem

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "given_name": "Amélie", "family_name": "Fontaine", "email": "amelie@example.com", "street": "rue du Marché 1",
    "postal_code": "1003", "city": "Lausanne", "country": "CH",
}  # fmt: skip


def read(**changes: Any) -> NewCustomer | list[ImportProblem]:
    return customer(SourceRecord(7, 9, GOOD | changes), NOW)


def good(**changes: Any) -> NewCustomer:
    found = read(**changes)
    assert isinstance(found, NewCustomer), [str(each) for each in found]
    return found


def faults(**changes: Any) -> list[tuple[str, FieldFault]]:
    found = read(**changes)
    assert isinstance(found, list)
    assert all((problem.row, problem.line) == (7, 9) for problem in found)
    return [(problem.field, problem.fault) for problem in found]


def test_the_least_row_is_private_by_default() -> None:
    one = good()
    assert (one.name.given, one.postal_address.city, one.email) == ("Amélie", "Lausanne", "amelie@example.com")
    assert (one.phone, one.product_news, one.locale, one.customer_number) == (None, False, "en", None)
    assert (one.created_at, one.services) == (NOW, ())


def test_every_field_is_taken() -> None:
    one = good(
        customer_number="C-1001", customer_since="2020-02-29", phone="+41 21 000 00 01", street2="rez", region="VD",
        locale="fr-CH", product_news="Yes", country="ch", email="  amelie@bücher.example ",
    )  # fmt: skip
    assert one.customer_number == "C-1001"
    assert one.created_at == datetime(2020, 2, 29, tzinfo=UTC)
    assert one.phone == "+41210000001"
    assert (one.postal_address.street2, one.postal_address.region, one.postal_address.country) == ("rez", "VD", "CH")
    assert (one.locale, one.product_news, one.email) == ("fr-CH", True, "amelie@bücher.example")


def test_text_is_normalised_so_that_equal_names_are_equal() -> None:
    assert good(given_name="Ame\u0301lie").name == good(given_name="Amélie").name


@pytest.mark.parametrize("name", ["email", "street", "postal_code", "city", "country"])
@pytest.mark.parametrize("empty", [None, "", "   "])
def test_what_is_required_may_not_be_empty(name: str, empty: str | None) -> None:
    assert faults(**{name: empty}) == [(name, FieldFault.MISSING)]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "＝", "＋"])
def test_what_a_spreadsheet_would_calculate_is_refused(sign: str) -> None:
    """D7"""
    for name in ("given_name", "street", "city", "street2"):
        assert faults(**{name: f'{sign}HYPERLINK("x")'}) == [(name, FieldFault.FORMULA)]
    assert faults(email=f"{sign}cmd@example.com") == [("email", FieldFault.FORMULA)]


@pytest.mark.parametrize("mark", ["\x00", "\x1b[31m", "\u202e", "\n", "\ud800", "\u2066"])
def test_invisible_characters_are_refused(mark: str) -> None:
    assert faults(family_name=f"Fon{mark}taine") == [("family_name", FieldFault.CONTROL_CHARACTER)]


@pytest.mark.parametrize(
    "address",
    ["amelie", "amelie@", "@example.com", "a b@example.com", "a@b@example.com", "a@example", "a@-x.example",
     "a@.example", "a@exa_mple..com", "a,b@example.com", "<a@example.com>", "a@example.com.", "a" * 65 + "@example.com",
     "a@" + "x" * 250 + ".example", "a@127.0.0.1"],
)  # fmt: skip
def test_malformed_addresses(address: str) -> None:
    assert faults(email=address)[0][0] == "email"
    assert len(faults(email=address)) == 1


@pytest.mark.parametrize(
    ("phone", "fault"),
    [
        ("+0123456789", FieldFault.NOT_A_PHONE),
        ("+4121", FieldFault.PHONE_LENGTH), ("+41210000001234567", FieldFault.PHONE_LENGTH),
        ("x", FieldFault.NOT_A_PHONE),
        ("+41 21 320 00 00 ext. 12", FieldFault.PHONE_EXTENSION),
        ("+41 21 320 00 00 / 079 555 01 03", FieldFault.SEVERAL_PHONES),
    ],
)  # fmt: skip
def test_malformed_telephone_numbers(phone: str, fault: FieldFault) -> None:
    assert faults(phone=phone) == [("phone", fault)]


def test_telephone_numbers_can_be_dialled() -> None:
    """H6."""
    for typed in ("+41 (0)21 320 00 00", "0041 21 320 00 00", "tel:+41-21-320-00-00"):
        assert good(phone=typed).phone == "+41213200000"


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("country", "XX", FieldFault.NOT_A_COUNTRY),
        ("country", "CHE", FieldFault.TOO_LONG),
        ("locale", "français", FieldFault.NOT_A_LANGUAGE),
        ("product_news", "maybe", FieldFault.NOT_A_BOOLEAN),
        ("product_news", 1, FieldFault.WRONG_TYPE),
        ("customer_since", "23.11.2026", FieldFault.NOT_A_DATE),
        ("customer_since", "2026-02-30", FieldFault.NOT_A_DATE),
        ("customer_since", "2027-01-01", FieldFault.IN_THE_FUTURE),
        ("customer_since", "9999-12-31T23:59:59-23:59", FieldFault.NOT_A_DATE),
        ("customer_number", "a b", FieldFault.NOT_A_NUMBER),
        ("external_id", "4711", FieldFault.NOT_AN_EXTERNAL_ID),
        ("external_id", "crm:", FieldFault.NOT_AN_EXTERNAL_ID),
        ("external_id", "c r m:4711", FieldFault.NOT_AN_EXTERNAL_ID),
        ("external_id", f"crm:{'4' * 101}", FieldFault.NOT_AN_EXTERNAL_ID),
        ("given_name", "x" * 101, FieldFault.TOO_LONG),
        ("given_name", "x" * 90_000, FieldFault.TOO_LONG),
        ("given_name", 5, FieldFault.WRONG_TYPE),
        ("given_name", ["a"], FieldFault.WRONG_TYPE),
        ("services", "WEB_HOSTING", FieldFault.NOT_A_SERVICE),
        ("services", 5, FieldFault.WRONG_TYPE),
        ("services", [5], FieldFault.WRONG_TYPE),
        ("services", {"kind": "DOMAIN"}, FieldFault.WRONG_TYPE),
        ("services", [{}] * (MOST_SERVICES + 1), FieldFault.TOO_MANY),
    ],
)
def test_malformed_fields(name: str, value: Any, fault: FieldFault) -> None:
    assert faults(**{name: value}) == [(name, fault)]


def test_all_faults_of_a_row_are_told_at_once() -> None:
    assert faults(email="x", phone="y", country="") == [
        ("email", FieldFault.NOT_AN_EMAIL), ("country", FieldFault.MISSING), ("phone", FieldFault.NOT_A_PHONE),
    ]  # fmt: skip


def test_an_unknown_key_is_told_without_its_name() -> None:
    """D1: a key may be somebody's data."""
    assert faults(Zwingli=1) == [("the record", FieldFault.UNKNOWN_KEY)]


def test_services_of_a_csv_cell() -> None:
    one = good(services="web_hosting|Pro|2024-01-01; DOMAIN|Shop.Example|2024-01-02|2025-01-01 ;MAIL_HOSTING|Mail 5;")
    assert [(each.kind, each.name, each.status) for each in one.services] == [
        ("WEB_HOSTING", "Pro", "ACTIVE"),
        ("DOMAIN", "shop.example", "TERMINATED"),
        ("MAIL_HOSTING", "Mail 5", "ACTIVE"),
    ]
    domain = one.services[1].domain
    assert domain is not None
    assert (domain.name, domain.tld, domain.registrant_name) == ("shop.example", "example", "Amélie Fontaine")
    assert (domain.hide_name, domain.hide_address, domain.hide_email, domain.hide_phone) == (True,) * 4
    assert one.last_service_ended_at is None


def test_the_phone_of_a_customer_is_never_copied_to_a_registrant() -> None:
    """A4"""
    one = good(phone="+41210000001", services="DOMAIN|shop.example")
    assert one.services[0].domain is not None
    assert one.services[0].domain.registrant_phone is None


def test_services_of_ndjson() -> None:
    domain = {
        "registrant_kind": "LEGAL_PERSON", "registrant_name": "Boulangerie SA", "registrant_phone": "+41210000002",
        "registrant_email": "info@shop.example", "street": "place 2", "postal_code": "1201", "city": "Genève",
        "country": "CH", "hide_name": False, "expires_at": "2027-05-01T00:00:00+02:00",
    }  # fmt: skip
    service = {"kind": "DOMAIN", "name": "shop.example", "status": "REDEMPTION", "domain": domain}
    one = good(services=[service | {"started_at": "2024-05-01", "renews_at": "2027-05-01"}])
    found = one.services[0].domain
    assert found is not None
    assert (found.registrant_kind, found.registrant_name, found.hide_name) == ("LEGAL_PERSON", "Boulangerie SA", False)
    assert found.registrant_address == replace(one.postal_address, street="place 2", postal_code="1201", city="Genève")
    assert found.expires_at == datetime(2027, 4, 30, 22, tzinfo=UTC)
    assert one.services[0].status == "REDEMPTION"


@pytest.mark.parametrize(
    ("service", "name", "fault"),
    [
        ({"kind": "CASTLE"}, "kind", FieldFault.NOT_A_CHOICE),
        ({"name": ""}, "name", FieldFault.MISSING),
        ({"kind": "DOMAIN", "name": "not a domain"}, "name", FieldFault.NOT_A_DOMAIN),
        ({"status": "TERMINATED"}, "terminated_at", FieldFault.END_DISAGREES),
        ({"status": "ACTIVE", "terminated_at": "2025-01-01"}, "terminated_at", FieldFault.END_DISAGREES),
        ({"terminated_at": "2023-12-31"}, "terminated_at", FieldFault.ENDS_BEFORE_START),
        ({"terminated_at": "2028-12-31"}, "terminated_at", FieldFault.IN_THE_FUTURE),
        ({"status": "SLEEPING"}, "status", FieldFault.NOT_A_CHOICE),
        ({"domain": {}}, "domain", FieldFault.UNKNOWN_KEY),
        ({"shoe": 1}, "the service", FieldFault.UNKNOWN_KEY),
        ({"kind": "DOMAIN", "name": "a.example", "domain": []}, "domain", FieldFault.WRONG_TYPE),
        ({"kind": "DOMAIN", "name": "a.example", "domain": {"x": 1}}, "domain.the domain", FieldFault.UNKNOWN_KEY),
        (
            {"kind": "DOMAIN", "name": "a.example", "domain": {"hide_name": "?"}},
            "domain.hide_name",
            FieldFault.NOT_A_BOOLEAN,
        ),
    ],
)
def test_malformed_services(service: dict[str, Any], name: str, fault: FieldFault) -> None:
    whole = {"kind": "WEB_HOSTING", "name": "Pro", "started_at": "2024-01-01"} | service
    assert (f"services[1].{name}", fault) in faults(services=[{"kind": "CERTIFICATE", "name": "DV"}, whole])


def test_a_broken_record_has_one_problem() -> None:
    found = customer(SourceRecord(3, 4, {}, FieldFault.NOT_JSON), NOW)
    assert found == [ImportProblem(3, 4, "the record", FieldFault.NOT_JSON)]
    assert isinstance(found, list)
    assert str(found[0]) == "row 3 (line 4): the record is not one JSON object without repeated keys"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from((*COLUMNS, "domain", "kind", "x"))


@given(st.dictionaries(KEYS, VALUES, max_size=8), st.dictionaries(KEYS, VALUES, max_size=8))
def test_no_row_is_an_exception(changes: dict[str, Any], service: dict[str, Any]) -> None:
    found = customer(SourceRecord(1, 2, GOOD | {"services": [service]} | changes), NOW)
    assert isinstance(found, NewCustomer) or found


@given(st.sampled_from(COLUMNS), st.sampled_from(["", "=", "@"]), st.text(max_size=40))
def test_no_problem_contains_the_value(name: str, sign: str, value: str) -> None:
    """D1"""
    found = read(**{name: f"{sign}Zwingli|{value}"})
    if isinstance(found, list):
        assert not any("Zwingli" in str(problem) for problem in found)


def changes(**written: Any) -> list[tuple[str, FieldChange]]:
    found: list[ImportChange] = []
    assert isinstance(customer(SourceRecord(7, 9, GOOD | written), NOW, found), NewCustomer)
    assert all((each.row, each.line) == (7, 9) for each in found)
    return [(each.field, each.change) for each in found if each.change not in DEFAULTS]


@pytest.mark.parametrize(
    ("name", "value", "change"),
    [
        ("phone", "+41 (0)21 320 00 00", FieldChange.STANDARD_FORM),
        ("country", "ch", FieldChange.STANDARD_FORM),
        ("locale", "de_CH", FieldChange.STANDARD_FORM),
        ("postal_code", "CH-1003", FieldChange.STANDARD_FORM),
        ("email", "a@FAß.de", FieldChange.STANDARD_FORM),
        ("given_name", "Ame\u0301lie", FieldChange.COMPOSED),
        ("family_name", "\u200eFontaine", FieldChange.MARKS),
        ("family_name", "MÃ¼ller", FieldChange.DAMAGED),
        ("city", "Gen\ufffdve", FieldChange.DAMAGED),
        ("street", "Bahnhofstra?e 1", FieldChange.DAMAGED),
    ],
)
def test_what_is_not_taken_as_written_is_told(name: str, value: str, change: FieldChange) -> None:
    assert changes(**{name: value}) == [(name, change)]


def test_what_is_taken_as_written_is_not_told() -> None:
    assert changes(given_name=" Zoë", phone="+41213200000", locale="fr-CH", region="Vaud", city="Saint-Étienne") == []


def test_a_guessed_country_code_is_told() -> None:
    assert good(phone="021 320 00 00").phone == "+41213200000"
    assert changes(phone="021 320 00 00") == [
        ("phone", FieldChange.STANDARD_FORM), ("phone", FieldChange.COUNTRY_CODE),
    ]  # fmt: skip


def test_changes_have_a_place_and_no_value() -> None:
    """D1."""
    found: list[ImportChange] = []
    customer(SourceRecord(7, 9, GOOD | {"family_name": "MÃ¼ller"}, None, {"family_name": 3}), NOW, found)
    (damaged,) = [each for each in found if each.change is FieldChange.DAMAGED]
    assert str(damaged).startswith("row 7 (line 9, column 3): family_name looks damaged")
    assert "ller" not in str(found)


def test_a_person_may_have_one_name() -> None:
    """H28."""
    for name, kept in (({"given_name": ""}, "Fontaine"), ({"family_name": None}, "Amélie")):
        assert good(**name).name.full == kept
    assert faults(given_name="", family_name=" ") == [("family_name", FieldFault.MISSING)]


def test_the_rules_of_addresses_are_those_of_the_api() -> None:
    """H7, H18."""
    assert faults(postal_code="ABCDE") == [("postal_code", FieldFault.NOT_A_POSTAL_CODE)]
    assert faults(country="TR", postal_code="34357", region="Bayern") == [("region", FieldFault.NOT_A_REGION)]
    assert "Adana" in str(next(iter(read(country="TR", postal_code="34357", region="Bayern"))))  # type: ignore[arg-type]
    for country, city in (("HK", "Central"), ("AE", "Dubai"), ("QA", "Doha"), ("IE", "Dublin")):
        one = good(country=country, city=city, postal_code="")
        assert (one.postal_address.postal_code, one.postal_address.city) == (None, city)
    assert good(country="IE", postal_code="d02 td99").postal_address.postal_code == "D02 TD99"
