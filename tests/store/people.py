"""Customers for the tests of the store, with values that no other test or program would write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.reservations import LookupRequest, reserving
from store.sql.ids import new_id
from store.tables.customers import customers

MOMENT = datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)

VALUES: dict[str, Any] = {
    "customer_number": "K-{n:06}",
    "name": {"given": "Zephyrine{n}", "family": "Quarkenbusch{n}"},
    "postal_address": {
        "street": "Xylophonweg {n}",
        "postal_code": "9{n:04}",
        "city": "Wolkenkuckucksheim{n}",
        "country": "CH",
    },
    "email": "person{n}@example.com",
    "phone": "+41 79 000 {n:04}",
}

FOUND_BY = (
    (Lookup.CUSTOMER_NUMBER, "customer_number", "number_ref"),
    (Lookup.EMAIL, "email", "email_ref"),
)


def value(column: str, number: int) -> Any:
    """What the customer of this number has in a column."""
    given = VALUES[column]
    if isinstance(given, dict):
        return {part: text.format(n=number) for part, text in given.items()}
    return given.format(n=number)


def row(store: Store, key: SubjectKey, number: int) -> dict[str, Any]:
    """A row of `customers`, sealed."""
    id_ = key.customer_id
    sealed = {
        name: key.seal(f"customers.{name}", id_, customers.c[name].info["sealing"].encode(value(name, number)))
        for name in VALUES
    }
    return sealed | {
        "id": id_,
        "locale": "de-CH",
        "product_news": True,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


async def add_customers(store: Store, count: int) -> list[int]:
    """Store customers numbered from 0; their ids."""
    ids = [new_id() for _ in range(count)]
    keys = await store.keys.create(ids)
    rows = [row(store, key, number) for number, key in enumerate(keys)]
    async with reserving(store) as reserved, store.write() as connection:
        wanted = []
        for number, each in enumerate(rows):
            for kind, column, ref in FOUND_BY:
                index = store.keys.blind_index(kind, value(column, number))
                wanted.append(LookupRequest(kind, index, each["id"], each["id"]))
                each[ref] = wanted[-1].ref
        await reserved.take(connection, wanted, MOMENT)
        await connection.execute(customers.insert(), rows)
        await reserved.written(connection)
    return ids
