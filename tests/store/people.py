"""Customers for the tests of the store, with values that no other test or program would write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from store.customers import customers
from store.database import Store
from store.ids import new_id
from store.subjectkey import SubjectKey

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
        "customer_number_index": store.keys.blind_index("customer_number", value("customer_number", number)),
        "email_index": store.keys.blind_index("email", value("email", number)),
        "locale": "de-CH",
        "product_news": True,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    }


async def add_customers(store: Store, count: int) -> list[int]:
    """Store customers numbered from 0; their ids."""
    ids = [new_id() for _ in range(count)]
    keys = await store.keys.create(ids)
    async with store.write() as connection:
        await connection.execute(customers.insert(), [row(store, key, number) for number, key in enumerate(keys)])
    return ids
