"""The same customers in plain columns: what the hand-written endpoint reads."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from benchmarks.people import Person
from benchmarks.sealing import moment

COLUMNS: dict[str, tuple[str, ...]] = {
    "customer": (
        "id", "customer_number", "full_name", "email", "phone", "locale", "product_news", "created_at", "street",
        "postal_code", "city", "country", "version",
    ),
    "service": ("id", "customer_id", "kind", "name", "status", "started_at"),
    "payment_method": ("id", "customer_id", "kind", "brand", "last4", "exp_month", "exp_year", "bank_name"),
}  # fmt: skip

TABLES = """
CREATE TABLE customer (
    id {id} PRIMARY KEY, customer_number text NOT NULL, full_name text NOT NULL, email text NOT NULL,
    phone text NOT NULL, locale text NOT NULL, product_news boolean NOT NULL, created_at {instant} NOT NULL,
    street text NOT NULL, postal_code text NOT NULL, city text NOT NULL, country text NOT NULL,
    version integer NOT NULL
);
CREATE TABLE service (
    id {id} PRIMARY KEY, customer_id {id} NOT NULL REFERENCES customer, kind text NOT NULL, name text NOT NULL,
    status text NOT NULL, started_at {instant} NOT NULL
);
CREATE TABLE payment_method (
    id {id} PRIMARY KEY, customer_id {id} NOT NULL REFERENCES customer, kind text NOT NULL, brand text, last4 text,
    exp_month integer, exp_year integer, bank_name text
);
"""
INDEXES = """
CREATE INDEX service_of ON service (customer_id, id);
CREATE INDEX payment_method_of ON payment_method (customer_id, id);
"""
ON_SQLITE = TABLES.format(id="INTEGER", instant="TEXT") + INDEXES
ON_POSTGRESQL = TABLES.format(id="bigint", instant="timestamptz") + INDEXES
INSTANTS = frozenset({"created_at", "started_at"})
FLAGS = frozenset({"product_news"})


def rows(people: Iterable[Person]) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of these customers by table, in the order of COLUMNS."""
    found: dict[str, list[tuple[Any, ...]]] = {table: [] for table in COLUMNS}
    for each in people:
        found["customer"].append((
            each.id, each.number, f"{each.given} {each.family}", each.email, each.phone, each.locale,
            each.product_news, moment(each.created_at), each.street, each.postal_code, each.city, each.country, 1,
        ))  # fmt: skip
        for service in each.services:
            values = (service.kind, service.name, service.status, moment(service.started_at))
            found["service"].append((service.id, each.id, *values))
        for pay in each.payments:
            month, year = (int(part) for part in pay.expiry) if pay.expiry else (None, None)
            shown = (pay.brand, pay.last4, month, year, pay.bank)
            found["payment_method"].append((pay.id, each.id, pay.kind, *shown))
    return found
