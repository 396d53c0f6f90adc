"""Collects words of a customer's own data, which a password must not contain since others can know them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select

from resolvers.signins.signins import opened
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.metadata import ADDRESS_PARTS
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.domains import domains
from values.domain_name import to_unicode

SEALED = tuple(column for column in customers.c if "sealing" in column.info)
NAMED = ("street", "city")
"""The parts of an address that are words; a postal code is too short to be distinctive."""


class OwnWords:
    """Reads the words; nothing of them is stored."""

    def __init__(self, store: Store) -> None:
        self._store = store
        prepare = store.reader.prepare
        customer = select(*SEALED)
        self._customer = prepare(customer.where(customers.c.id == bindparam("customer")))
        self._logins = prepare(
            select(credentials.c.id, credentials.c.login_name).where(credentials.c.customer_id == bindparam("customer"))
        )
        self._domains = prepare(
            # Bounded: a reseller may have thousands of domains.
            select(domains.c.id, domains.c.name).where(domains.c.customer_id == bindparam("customer")).limit(100)
        )

    async def of(self, key: SubjectKey) -> list[str]:
        """Login names and domains, and what is sealed of the customer: names, street, town, telephone and so on."""
        fetch, who = self._store.reader.fetch, {"customer": key.customer_id}
        words: list[str] = []
        for row in await fetch(self._customer, who):
            for column, resting in zip(SEALED, row, strict=True):
                words += _of_customer(key, column, resting)
        for id_, login in await fetch(self._logins, who):
            words += split(_text(key, credentials.c.login_name, id_, login))
        for id_, domain in await fetch(self._domains, who):
            words += split(_text(key, domains.c.name, id_, domain))
        return [word for word in dict.fromkeys(words) if word]


def _of_customer(key: SubjectKey, column: Any, resting: bytes | None) -> list[str]:
    if column is customers.c.postal_address:
        return _address(_parts(key, column, key.customer_id, resting))
    if column.info["sealing"].parts:
        return _parts(key, column, key.customer_id, resting)
    text = _text(key, column, key.customer_id, resting)
    return split(text) if column is customers.c.email else [text]


def split(text: str) -> list[str]:
    """The text of an e-mail address or host name with its parts, without the top-level domain and `www` or `mail`."""
    local, _, host = text.rpartition("@")
    labels = [label for label in to_unicode(host).split(".")[:-1] if label not in ("www", "mail")]
    return [text, *_pieces(local), *labels]


def _pieces(local: str) -> list[str]:
    for mark in "._+-":
        local = local.replace(mark, " ")
    return local.split()


def _text(key: SubjectKey, column: Any, row_id: int, resting: bytes | None) -> str:
    return opened(key, column, row_id, resting) or ""


def _parts(key: SubjectKey, column: Any, row_id: int, resting: bytes | None) -> list[str]:
    try:
        found = [] if resting is None else column.info["sealing"].decode(key.open(column, row_id, resting))
    # A damaged value is no reason to refuse a password.
    except SealBrokenError:
        return []
    return [part or "" for part in found]


def _address(parts: list[str]) -> list[str]:
    named = dict(zip(ADDRESS_PARTS, parts, strict=False))
    return ["".join(c for c in named.get(part, "") if not c.isdigit()).strip() for part in NAMED]
