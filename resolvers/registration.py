"""Registering customers in bulk: each under a new key, every value sealed and found again by its blind index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.newcomer import NewCustomer, PersonName, PostalAddress
from resolvers.newcomer_rows import TABLES, Row, Writer
from store.blindindex import Lookup
from store.credentials import credentials
from store.customers import customers
from store.database import Store
from store.domains import domains
from store.ids import new_id
from store.keystore import KeyStore
from store.payments import card_vault
from store.registrations import release_ended
from store.subjectkey import SubjectKey

INDEXES: dict[Column[bytes], tuple[str, Lookup]] = {
    customers.c.email_index: ("email", Lookup.EMAIL),
    customers.c.customer_number_index: ("customer_number", Lookup.CUSTOMER_NUMBER),
    domains.c.name_index: ("name", Lookup.DOMAIN),
    credentials.c.login_index: ("login_name", Lookup.LOGIN),
    card_vault.c.fingerprint: ("number", Lookup.CARD),
}
"""Each blind index with the value it is made from."""

NAMES = 500
"""Names of domains that one statement lets go of."""

NewId = Callable[[], int]


async def register(
    store: Store, newcomers: Sequence[NewCustomer], *, make_id: NewId = new_id, now: datetime | None = None
) -> list[int]:
    """Register all of them or none, in one transaction; returns their ids in the same order.

    Raises IntegrityError when one of them is registered already, StoreUnavailable when the store is.
    """
    async with store.write() as connection:
        return await add(connection, store.keys, newcomers, make_id=make_id, now=now)


async def add(
    connection: AsyncConnection,
    keys: KeyStore,
    newcomers: Sequence[NewCustomer],
    *,
    make_id: NewId = new_id,
    now: datetime | None = None,
) -> list[int]:
    """Register within a transaction of the caller's.

    1. The keys are made first, and durable in the key store before anything is sealed under them: a crash in between
       leaves keys that open nothing, never rows that nothing opens.
    2. Ids and links are given, values sealed, blind indexes computed.
    3. Each table takes all its rows in one statement.
    """
    moment = now or datetime.now(UTC)
    ids = [make_id() for _ in newcomers]
    subjects = await keys.create(ids)  # 1
    rows: dict[Table, list[Row]] = {table: [] for table in TABLES}
    for id_, newcomer in zip(ids, newcomers, strict=True):  # 2
        Writer(id_, rows, make_id, moment).customer(newcomer)
    owners = dict(zip(ids, subjects, strict=True))
    for table in TABLES:  # 3
        if rows[table]:
            resting = _sealed(table, rows[table], owners, keys)
            if table is domains:
                for start in range(0, len(resting), NAMES):
                    named = [row["name_index"] for row in resting[start : start + NAMES]]
                    await release_ended(connection, named, moment)
            await connection.execute(insert(table), resting)
    return ids


def _sealed(table: Table, rows: list[Row], owners: dict[int, SubjectKey], keys: KeyStore) -> list[Row]:
    """The rows as they rest, each with every column that the table has."""
    columns = [
        (column.name, str(column), column.info["sealing"].encode) for column in table.c if "sealing" in column.info
    ]
    indexes = [(column.name, *INDEXES[column]) for column in table.c if column in INDEXES]
    owner = "id" if table is customers else "customer_id"
    for row in rows:
        for name, source, lookup in indexes:
            row[name] = keys.blind_index(lookup, row[source]) if row[source] is not None else None
        key, id_ = owners[row[owner]], row["id"]
        for name, place, encode in columns:
            if (value := row.get(name)) is not None:  # What only an operator writes is in no newcomer.
                row[name] = key.seal(place, id_, encode(_parts(value)))
    return rows


def _parts(value: Any) -> Any:
    """What `Sealing.encode` takes: one text, or the parts in the order of the column."""
    if isinstance(value, PostalAddress):
        return (value.street, value.street2, value.postal_code, value.city, value.region, value.country)
    return (value.given, value.family) if isinstance(value, PersonName) else value
