"""The customers as rows of the gateway's own tables, sealed as the gateway seals."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from time import gmtime, strftime
from typing import Any

from sqlalchemy import Column, Table

from benchmarks.people import Person
from store.crypto.blind_index import Lookup, blind_index
from store.crypto.epochs import Epoch
from store.crypto.global_ids import GlobalIds
from store.crypto.key_tables import subject_keys
from store.crypto.lookup_tables import lookups, new_ref
from store.crypto.root_key import RootKeys
from store.crypto.subject_key import KEY_BYTES, SubjectKey, fingerprint
from store.tables.consents import consents
from store.tables.customers import customers
from store.tables.payments import payment_methods
from store.tables.services import services

IDS = GlobalIds({1: bytes(32)}, 1)

LOADED = "2026-01-01T00:00:00Z"
WORDING = bytes(32)

Rows = dict[Table, list[tuple[Any, ...]]]


def moment(seconds: int) -> str:
    """An instant as it rests on SQLite."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def encoder(column: Column[Any]) -> tuple[str, Callable[[Any], bytes]]:
    """What binds a value to its column, and how it becomes bytes."""
    return str(column), column.info["sealing"].encode


NUMBER, NAME, ADDRESS = (
    encoder(customers.c.customer_number),
    encoder(customers.c.name),
    encoder(customers.c.postal_address),
)
EMAIL, PHONE, SERVICE = encoder(customers.c.email), encoder(customers.c.phone), encoder(services.c.name)
BRAND, LAST4, EXPIRY = (
    encoder(payment_methods.c.card_brand),
    encoder(payment_methods.c.card_last4),
    encoder(payment_methods.c.card_expiry),
)
BANK = encoder(payment_methods.c.bank_name)

COLUMNS: dict[Table, tuple[str, ...]] = {
    customers: (
        "id", "customer_number", "number_ref", "name", "postal_address", "email", "email_ref", "phone",
        "locale", "product_news", "created_at", "updated_at", "version",
    ),
    services: ("id", "customer_id", "kind", "name", "status", "started_at"),
    consents: (
        "id", "customer_id", "kind", "state", "wording_version", "wording_hash", "language", "source", "at",
    ),
    payment_methods: (
        "id", "customer_id", "kind", "is_default", "card_brand", "card_last4", "card_expiry", "card_consent_id",
        "bank_name", "created_at",
    ),
}  # fmt: skip
"""What is written of each table, referenced ones first; other columns stay null."""

KEY_COLUMNS = {
    subject_keys: ("customer_id", "root_version", "wrapped", "fingerprint", "created_at"),
    lookups: ("kind", "mark", "scope", "epoch", "customer_id", "row_id", "ref"),
}
"""The same of the key store."""


@dataclass
class Sealer:
    """Makes the rows of many customers."""

    index_key: bytes
    epoch: Epoch
    root: RootKeys
    rows: Rows = field(default_factory=dict)

    def some(self, people: Iterable[Person]) -> Rows:
        """The rows of these customers, keys included."""
        self.rows = {table: [] for table in (*COLUMNS, *KEY_COLUMNS)}
        for each in people:
            self._customer(each, self._key(each.id))
        return self.rows

    def _key(self, customer_id: int) -> SubjectKey:
        key = secrets.token_bytes(KEY_BYTES)
        version, wrapped = self.root.wrap(f"subject:{customer_id}", key)
        self.rows[subject_keys].append((customer_id, version, wrapped, fingerprint(key), LOADED))
        return SubjectKey(customer_id, key, 0.0, IDS)

    def _ref(self, kind: Lookup, owner: int, value: str) -> bytes:
        """The random number that ties a row to the look-up of its value, which is written, too."""
        ref = new_ref()
        mark = self.epoch.mark(blind_index(self.index_key, kind, value))
        self.rows[lookups].append((kind.name, mark, "", self.epoch.number, owner, owner, ref))
        return ref

    def _customer(self, person: Person, key: SubjectKey) -> None:
        def sealed(how: tuple[str, Callable[[Any], bytes]], id_: int, value: Any) -> bytes | None:
            return None if value is None else key.seal(how[0], id_, how[1](value))

        owner = person.id
        address = (person.street, None, person.postal_code, person.city, None, person.country)
        self.rows[customers].append((
            owner,
            sealed(NUMBER, owner, person.number), self._ref(Lookup.CUSTOMER_NUMBER, owner, person.number),
            sealed(NAME, owner, (person.given, person.family)),
            sealed(ADDRESS, owner, address),
            sealed(EMAIL, owner, person.email), self._ref(Lookup.EMAIL, owner, person.email),
            sealed(PHONE, owner, person.phone),
            person.locale, person.product_news, moment(person.created_at), LOADED, 1,
        ))  # fmt: skip
        self.rows[services] += [
            (each.id, owner, each.kind, sealed(SERVICE, each.id, each.name), each.status, moment(each.started_at))
            for each in person.services
        ]
        for place, pay in enumerate(person.payments):
            consent = None
            if pay.kind == "CARD":
                consent = pay.id
                terms = ("2026-01", WORDING, person.locale, "client-area/cards", LOADED)
                self.rows[consents].append((pay.id, owner, "CARD_STORAGE", "GIVEN", *terms))
            self.rows[payment_methods].append((
                pay.id, owner, pay.kind, place == 0,
                sealed(BRAND, pay.id, pay.brand), sealed(LAST4, pay.id, pay.last4), sealed(EXPIRY, pay.id, pay.expiry),
                consent, sealed(BANK, pay.id, pay.bank), LOADED,
            ))  # fmt: skip
