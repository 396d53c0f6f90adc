"""The demo's customers: the same on every machine, plausible, and nobody who exists."""

import ipaddress
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from gateway.demo.names import ascii_name
from gateway.demo.passwords import demo_password
from gateway.demo.population import SIZE, STORIES, population
from policy.dates import automatic_erasure
from policy.wordings import WORDINGS
from resolvers.customers.new_customer import NewCustomer

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def people() -> tuple[NewCustomer, ...]:
    return population(NOW)


def flat(value: Any, moments: bool = True) -> Any:
    """Everything a record holds as nested tuples; without moments on request."""
    if is_dataclass(value):
        return tuple(flat(getattr(value, field.name), moments) for field in fields(value))
    if isinstance(value, tuple):
        return tuple(flat(entry, moments) for entry in value)
    return "moment" if isinstance(value, datetime) and not moments else value


def digest(people: tuple[NewCustomer, ...]) -> str:
    return sha256(repr(flat(people)).encode()).hexdigest()


def test_same_seed_same_data_whatever_the_hash_randomisation(people: tuple[NewCustomer, ...]) -> None:
    code = "from tests.gateway.test_demo_population import digest, population, NOW; print(digest(population(NOW)))"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([".", *sys.path])}
        printed = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        )
        assert printed.stdout.strip() == digest(people)


def test_another_day_moves_the_dates_and_nothing_else(people: tuple[NewCustomer, ...]) -> None:
    later = population(NOW + timedelta(days=37, hours=7))
    for one, other in zip(people, later, strict=True):
        # A bill's number and a card's expiry begin with a year, which may be the next one.
        years = str.maketrans("", "", "0123456789")
        before, after = (repr(flat(each, moments=False)).translate(years) for each in (one, other))
        assert before == after


def test_another_seed_is_another_population(people: tuple[NewCustomer, ...]) -> None:
    assert digest(population(NOW, size=20, seed=7)) != digest(people[:20])


def test_a_smaller_population_is_the_beginning_of_the_larger(people: tuple[NewCustomer, ...]) -> None:
    assert digest(population(NOW, size=20)) == digest(people[:20])


def test_the_house_is_full_of_different_people(people: tuple[NewCustomer, ...]) -> None:
    countries = Counter(one.postal_address.country for one in people)
    assert len(people) == SIZE
    assert {"CH", "FR", "DE", "IT", "GB", "CA", "US", "NL"} <= countries.keys()
    assert countries["CH"] > countries["SE"]
    assert len({one.email for one in people}) == SIZE
    assert len({one.customer_number for one in people}) == SIZE
    refused = sum(not one.product_news for one in people)
    assert 0.25 * SIZE < refused < 0.35 * SIZE
    left = [one for one in people if one.last_service_ended_at is not None]
    assert 0.08 * SIZE < len(left) < 0.2 * SIZE
    assert any(any("ぁ" < letter < "龠" for letter in one.name.family) for one in people)
    assert any(letter in one.name.given for one in people for letter in "éöÅα")


def test_the_first_customer_is_the_one_of_the_printed_commands(people: tuple[NewCustomer, ...]) -> None:
    first = people[0]
    assert (first.email, first.name.given, first.postal_address.city) == (
        "amelie.fontaine@example.com", "Amélie", "Lausanne",
    )  # fmt: skip
    assert first.phone is not None
    assert first.product_news
    assert {method.kind for method in first.payment_methods} == {"CARD", "PAYPAL"}
    assert {"WEB_HOSTING", "MAIL_HOSTING", "DOMAIN"} <= {one.kind for one in first.services if one.status == "ACTIVE"}
    assert any(one.status == "TERMINATED" for one in first.services)


def texts(value: Any) -> list[str]:
    if is_dataclass(value):
        return [text for field in fields(value) for text in texts(getattr(value, field.name))]
    if isinstance(value, tuple):
        return [text for entry in value for text in texts(entry)]
    return [value] if isinstance(value, str) else []


def test_no_address_reaches_anybody(people: tuple[NewCustomer, ...]) -> None:
    """RFC 2606 for names, RFC 5737 and RFC 3849 for addresses."""
    reserved = re.compile(r".+[@.](example\.(com|org|net)|[a-z0-9.-]+\.example)")
    for text in texts(people):
        if "@" in text:
            assert reserved.fullmatch(text)
    for one in people:
        for service in one.services:
            if service.domain is not None:
                assert service.domain.name.endswith(f".{service.domain.tld}.example")
    networks = [ipaddress.ip_network(each) for each in (
        "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32",
    )]  # fmt: skip
    seen = [each.ip_address for one in people for each in one.sign_ins]
    seen += [each.ip_address for one in people for each in one.sessions]
    addresses = [ipaddress.ip_address(each) for each in seen]
    assert addresses
    assert all(any(address in network for network in networks) for address in addresses)


FICTION = {
    "FR": r"\+33(19900\d{4}|26191\d{4}|35301\d{4}|46571\d{4}|53649\d{4}|63998\d{4})",
    "DE": r"\+49(3023125|6990009|4066969|2214710|8999998)\d{3}",
    "GB": r"\+44(2079460|1614960|1314960|2920180)\d{3}",
    "CA": r"\+1\d{3}55501\d\d",
    "US": r"\+1\d{3}55501\d\d",
    "SE": r"\+46(31390060\d|40628040\d|8465004\d\d)",
}


def test_telephone_numbers_are_those_of_fiction(people: tuple[NewCustomer, ...]) -> None:
    for one in people:
        numbers = [one.phone, *(each.domain.registrant_phone for each in one.services if each.domain)]
        pattern = FICTION.get(one.postal_address.country, r"\+\d{2,6}000\d{3,4}")
        for number in numbers:
            if number is not None:
                assert re.fullmatch(r"\+[1-9]\d{7,14}", number)
                assert re.fullmatch(pattern, number)


POSTAL_CODES = {
    "CH": r"\d{4}", "FR": r"\d{5}", "DE": r"\d{5}", "IT": r"\d{5}", "US": r"\d{5}", "BE": r"\d{4}",
    "GB": r"[A-Z]{1,2}\d[\dA-Z]? \d[A-Z]{2}", "CA": r"[A-Z]\d[A-Z] \d[A-Z]\d", "NL": r"\d{4} [A-Z]{2}",
    "SE": r"\d{3} \d\d", "GR": r"\d{3} \d\d", "JP": r"\d{3}-\d{4}",
}  # fmt: skip


def test_postal_codes_have_the_shape_of_their_country(people: tuple[NewCustomer, ...]) -> None:
    for one in people:
        assert re.fullmatch(POSTAL_CODES[one.postal_address.country], one.postal_address.postal_code)


def luhn(number: str) -> bool:
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(number))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def test_card_numbers_are_kept_under_consent_only(people: tuple[NewCustomer, ...]) -> None:
    """R20: no tick, no number; R48: a withdrawal leaves the two events and nothing else."""
    cards = [method for one in people for method in one.payment_methods if method.kind == "CARD"]
    kept = [card for card in cards if card.card_number is not None]
    assert 0 < len(kept) < len(cards)
    for card in cards:
        assert (card.card_number is None) == (card.card_consent is None)
        if card.card_number is not None:
            assert luhn(card.card_number)
            assert card.card_last4 == card.card_number[-4:]
    withdrawn = [one for one in people if any(
        (each.kind, each.state) == ("CARD_STORAGE", "WITHDRAWN") for each in one.consents
    )]  # fmt: skip
    assert withdrawn
    assert all(method.card_number is None for one in withdrawn for method in one.payment_methods)


def test_each_customer_has_one_default_method(people: tuple[NewCustomer, ...]) -> None:
    """R19"""
    assert all(sum(method.is_default for method in one.payment_methods) == 1 for one in people)


def test_a_different_password_for_each_platform(people: tuple[NewCustomer, ...]) -> None:
    """R37, R38: and the cheap hashes are real ones."""
    for one in people[:40]:
        passwords = [demo_password(one.email, login.platform) for login in one.credentials]
        assert len(set(passwords)) == len(passwords)
        for password in passwords:
            assert len(password) >= 12
            assert all(re.search(group, password) for group in ("[a-z]", "[A-Z]", "[0-9]", "[^A-Za-z0-9]"))
    login = people[0].credentials[0]
    hasher = PasswordHasher()
    assert hasher.verify(login.password_hash, demo_password(people[0].email, login.platform))
    assert hasher.check_needs_rehash(login.password_hash)


def test_times_are_in_order(people: tuple[NewCustomer, ...]) -> None:
    for one in people:
        for service in one.services:
            assert one.created_at <= service.started_at
            assert service.terminated_at is None or service.started_at < service.terminated_at <= NOW
        for session in one.sessions:
            assert session.started_at <= session.last_seen_at <= NOW
        for bill in one.invoices:
            assert bill.issued_at <= NOW
            assert bill.paid_at is None or bill.issued_at <= bill.paid_at <= NOW
        assert all(entry.at <= NOW for entry in one.sign_ins)
        assert all(event.at <= NOW for event in one.consents)
        assert all(disclosure.at <= NOW for disclosure in one.disclosures)


def test_nobody_is_kept_longer_than_the_notice_allows(people: tuple[NewCustomer, ...]) -> None:
    """R34: six months after the last service nothing is left."""
    ends = [one.last_service_ended_at for one in people if one.last_service_ended_at is not None]
    assert all(automatic_erasure(end, UTC).due > NOW for end in ends)


def test_every_state_of_an_erasure_has_somebody_in_it(people: tuple[NewCustomer, ...]) -> None:
    """R31-R34, R42"""
    found = {(one.erasures[0].state.name, one.erasures[0].cause.name) for one in people if one.erasures}
    assert found == {
        ("ARMED", "REQUEST"), ("BLOCKED", "REQUEST"), ("SCHEDULED", "REQUEST"), ("SCHEDULED", "RETENTION"),
        ("CANCELLED", "REQUEST"),
    }  # fmt: skip
    for one in people:
        for erasure in one.erasures:
            active = one.last_service_ended_at is None
            assert (erasure.due_at is None) == (active or erasure.state.name == "CANCELLED")
            assert erasure.due_at is None or erasure.due_at > NOW


def test_stories_are_told(people: tuple[NewCustomer, ...]) -> None:
    for place, story in STORIES.items():
        one = people[place]
        assert (one.last_service_ended_at is not None) == (story.ended_days is not None)
        assert bool(one.services) != story.no_services
        assert any(each.recipient_kind == "AUTHORITY" for each in one.disclosures) == story.legal_request


def test_whois_flags_differ(people: tuple[NewCustomer, ...]) -> None:
    """R26"""
    flags = {(d.hide_name, d.hide_address, d.hide_email) for one in people for s in one.services if (d := s.domain)}
    assert {(True, True, True), (False, False, False)} <= flags


def test_consents_keep_the_hash_of_what_was_shown(people: tuple[NewCustomer, ...]) -> None:
    events = [event for one in people for event in one.consents]
    assert {event.kind for event in events} == WORDINGS.keys()
    for event in events:
        assert event.wording_hash == sha256(WORDINGS[event.kind][event.language].encode()).digest()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Jürgen", "juergen"), ("Weiß", "weiss"), ("D’Amours", "damours"), ("Jean-Luc", "jean-luc"),
        ("Van den Berg", "van-den-berg"), ("Παπαδόπουλος", "papadopoulos"), ("鈴木", "suzuki"), ("Nguyễn", "nguyen"),
    ],
)  # fmt: skip
def test_names_in_addresses(name: str, written: str) -> None:
    assert ascii_name(name) == written


def test_no_record_prints_its_values(people: tuple[NewCustomer, ...]) -> None:
    """D1"""
    assert "Fontaine" not in repr(people[0])
    assert "Fontaine" not in repr(people[0].name)
