"""Customers for measuring: invented from their number alone, so that every store of one size holds the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

FIRST = 529_505_989_017_600_000
"""Ids are counted from here on: eighteen digits, as those have that a store gives out itself."""

GIVEN = ("Ada", "Bram", "Chiara", "Dmitri", "Elif", "Farid", "Grete", "Hana", "Ines", "Jarek")
FAMILY = ("Novak", "de Vries", "Rossi", "Schmidt", "Yılmaz", "Haddad", "Larsen", "Satō", "Müller", "García")
STREETS = ("Hauptstraße", "Mill Lane", "Rue Verte", "Via Roma", "Kanaalweg")
CITIES = ("Bonn", "Leeds", "Nantes", "Siena", "Utrecht", "İzmir")
COUNTRIES = ("DE", "GB", "FR", "IT", "NL", "TR")
LOCALES = ("de-DE", "en-GB", "fr-FR", "it-IT", "tr-TR")
KINDS = ("WEB_HOSTING", "MAIL_HOSTING", "CLOUD_SERVER", "CERTIFICATE")
STATES = ("ACTIVE", "ACTIVE", "REDEMPTION")
BRANDS = ("Visa", "Mastercard", "American Express")
BANKS = ("Sparkasse Bonn", "Crédit Vert", "Banca di Siena")

SINCE_2015 = 1_420_070_400
SINCE_2018 = 1_514_764_800


@dataclass(frozen=True, slots=True)
class Service:
    """One of two to four."""

    id: int
    kind: str
    name: str
    status: str
    started_at: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One of one or two; a card, or a bank transfer with the bank's name."""

    id: int
    kind: str
    brand: str | None
    last4: str | None
    expiry: tuple[str, str] | None
    bank: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """One customer; moments are seconds since 1970."""

    id: int
    number: str
    given: str
    family: str
    email: str
    phone: str
    locale: str
    product_news: bool
    created_at: int
    street: str
    postal_code: str
    city: str
    country: str
    services: tuple[Service, ...]
    payments: tuple[Payment, ...]


def customer_id(number: int) -> int:
    """The id of the customer of this number; numbers start at 1."""
    return FIRST + number


def person(number: int) -> Person:
    """The customer of this number, always the same one."""
    d = blake2b(b"%d" % number, digest_size=64).digest()
    word = int.from_bytes(d[:16], "big")
    return Person(
        customer_id(number),
        f"K-{number:08d}",
        GIVEN[d[16] % len(GIVEN)],
        FAMILY[d[17] % len(FAMILY)],
        f"customer{number}@example.net",
        f"+4920{word % 100_000_000:08d}",
        LOCALES[d[18] % len(LOCALES)],
        d[25] % 2 == 0,
        SINCE_2015 + (word >> 32) % 300_000_000,
        f"{STREETS[d[19] % len(STREETS)]} {1 + d[20] % 200}",
        f"{(word >> 64) % 100_000:05d}",
        CITIES[d[21] % len(CITIES)],
        COUNTRIES[d[22] % len(COUNTRIES)],
        tuple(_service(number, place, d) for place in range(2 + d[23] % 3)),
        tuple(_payment(number, place, d) for place in range(1 + d[24] % 2)),
    )


def _service(number: int, place: int, d: bytes) -> Service:
    at = 32 + 4 * place
    return Service(
        FIRST + number * 4 + place,
        KINDS[d[at] % len(KINDS)],
        f"host{d[at + 1]}-{number}.example.net",
        STATES[d[at + 2] % len(STATES)],
        SINCE_2018 + d[at + 3] * 780_000 + number % 86_400,
    )


def _payment(number: int, place: int, d: bytes) -> Payment:
    at = 48 + 4 * place
    id_ = FIRST + number * 2 + place
    if d[at] % 3 == 2:
        return Payment(id_, "BANK_TRANSFER", None, None, None, BANKS[d[at + 1] % len(BANKS)])
    month, year = 1 + d[at + 2] % 12, 2027 + d[at + 2] % 6
    last4 = f"{d[at + 3] * 256 + d[at + 1]:05d}"[-4:]
    return Payment(id_, "CARD", BRANDS[d[at + 1] % len(BRANDS)], last4, (f"{month:02d}", str(year)), None)
