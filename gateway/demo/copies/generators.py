"""The generator of each category of personal data: an invented value, which no person has."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import Final

from gateway.demo.access import DEVICES, NETWORKS
from gateway.demo.copies.invented import InventedPerson, based
from gateway.demo.payments import CARDS
from policy.categories import Category

Generator = Callable[[InventedPerson, str], str | None]
"""Makes a value for a customer; the second argument is the part of a value with parts, such as `family`, or ""."""


def _name(who: InventedPerson, part: str) -> str | None:
    name = who.person.name
    return {"given": name.given, "family": name.family}.get(part, who.person.full_name)


def _address(who: InventedPerson, part: str) -> str | None:
    found: str | None = getattr(who.person.address, part or "city")
    return found


def _card(who: InventedPerson) -> tuple[str, str]:
    return CARDS[who.position % len(CARDS)]


def _ip_address(who: InventedPerson, _: str) -> str:
    return f"{who.random.pick(NETWORKS)}.{who.random.between(1, 254)}"


def _expiry(who: InventedPerson, part: str) -> str:
    return f"{who.random.between(1, 12):02d}" if part == "month" else str(who.now.year + who.random.between(1, 4))


def words(who: InventedPerson, _: str = "") -> str:
    """Free text that says nothing."""
    return f"Invented text {based(who.position)}-{who.number('text')} of a development copy."


def random_text(who: InventedPerson, _: str = "") -> str:
    """A random value for what is a secret or a mark."""
    return secrets.token_hex(16)


GENERATORS: Final[Mapping[Category, Generator]] = {
    Category.NAME: _name,
    Category.POSTAL_ADDRESS: _address,
    Category.STREET: _address,
    Category.CITY: _address,
    Category.POSTAL_CODE: _address,
    Category.REGION: _address,
    Category.COUNTRY: _address,
    Category.EMAIL: lambda who, _: who.person.email,
    Category.PHONE: lambda who, _: who.person.phone,
    Category.LOGIN_NAME: lambda who, _: who.person.email,
    Category.PASSWORD: random_text,
    Category.AUTH_FACTOR: random_text,
    Category.IP_ADDRESS: _ip_address,
    Category.ACCESS_HISTORY: words,
    Category.COARSE_LOCATION: lambda who, _: who.person.country.code,
    Category.PAYMENT_METHOD: words,
    Category.CARD_NUMBER: lambda who, _: _card(who)[1],
    Category.CARD_EXPIRY: _expiry,
    Category.CARD_BRAND: lambda who, _: _card(who)[0],
    Category.TRANSACTION: words,
    Category.SUBSCRIPTION: words,
    Category.PREFERENCE: words,
    Category.COOKIE_ID: random_text,
    Category.BROWSING: words,
    Category.CUSTOMER_ID: lambda who, _: f"D-{who.position:09d}",
    Category.SUBJECT_PSEUDONYM: random_text,
}
"""A closed list: a category without a generator fails a test, and the command before it writes anything."""

DEVICE: Final[Generator] = lambda who, _: who.random.pick(DEVICES)  # noqa: E731
