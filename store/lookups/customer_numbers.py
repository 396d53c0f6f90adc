"""Finds a customer by number, in the same way for every command (R29, G7)."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.customers import customers

_MINE = select(customers.c.id).where(
    customers.c.id == bindparam("id", type_=customers.c.id.type),
    customers.c.number_ref == bindparam("ref", type_=customers.c.number_ref.type),
)


async def customer_with_number(store: Store, number: str) -> int | None:
    """Return the id of the customer with this number, or None, with two statements in either case."""
    keys = store.keys
    held = await keys.lookups.find(Lookup.CUSTOMER_NUMBER, keys.blind_index(Lookup.CUSTOMER_NUMBER, number))
    rows = await store.reader.fetch(store.reader.prepare(_MINE), {"id": held.row_id, "ref": held.ref})
    return int(rows[0][0]) if rows else None


async def key_with_number(store: Store, number: str) -> SubjectKey | None:
    """Return the key of the customer with this number; None if there is none, or the customer is being erased."""
    owner = await customer_with_number(store, number)
    (key,) = (None,) if owner is None else await store.keys.subjects([owner])
    return key
