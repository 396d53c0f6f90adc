"""Registers customers in bulk: each under a new data key, with encrypted values and reserved look-ups."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import product
from typing import Any

from sqlalchemy import Column, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.customers.new_customer import NewCustomer, NewInvoice, PersonName, PostalAddress
from resolvers.customers.new_customer_rows import TABLES, Row, RowCause, RowWriter
from store.crypto.blind_index import Lookup
from store.crypto.key_store import KeyStore
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.holders import PLACES
from store.lookups.reservations import LookupRequest, Reservations, reserving
from store.records.registrations import let_go
from store.sql.ids import new_id
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.domains import domains
from store.tables.payments import card_fingerprint, card_vault
from store.tables.services import services

FOUND_BY: dict[Table, tuple[Lookup, ...]] = {
    customers: (Lookup.EMAIL, Lookup.CUSTOMER_NUMBER, Lookup.EXTERNAL_ID, Lookup.PHONE),
    services: (Lookup.SERVICE_NAME,),
    domains: (Lookup.DOMAIN,),
    credentials: (Lookup.LOGIN,),
}
"""The look-ups of each table's rows."""

FINGERPRINTS: dict[Column[bytes], tuple[str, Callable[[SubjectKey, str], bytes]]] = {
    card_vault.c.fingerprint: ("number", card_fingerprint),
}
"""Columns of hashes keyed by the customer's key, with the column of the hashed value."""

NewId = Callable[[], int]


async def register(
    store: Store, new_customers: Sequence[NewCustomer], *, make_id: NewId = new_id, now: datetime | None = None
) -> list[int]:
    """Register all customers or none, in one transaction; returns their ids in the same order.

    Raises LookupTakenError if one of them is registered already, StoreUnavailableError if the store is unavailable.
    """
    async with reserving(store) as reserved, store.write() as connection:
        ids = await add(connection, store, reserved, new_customers, make_id=make_id, now=now)
        await reserved.written(connection)
        return ids


async def add(
    connection: AsyncConnection,
    store: Store,
    reserved: Reservations,
    new_customers: Sequence[NewCustomer],
    *,
    make_id: NewId = new_id,
    now: datetime | None = None,
) -> list[int]:
    """Register in the caller's transaction, which is inside `store.lookups.reservations.reserving`. At its end the
    caller calls `reserved.written`, whose one row makes every other change wait for the commit.

    1. Assign ids and references, and reserve the look-ups in the key store.
    2. Create the data keys, durable in the key store before anything is encrypted under them: a crash in between leaves
       unused keys, never rows that cannot be decrypted.
    3. Encrypt the values, and insert all rows of each table in one statement.
    """
    moment = now or datetime.now(UTC)
    ids = [make_id() for _ in new_customers]
    rows: dict[Table, list[Row]] = {table: [] for table in TABLES}
    for id_, new_customer in zip(ids, new_customers, strict=True):  # 1
        RowWriter(id_, rows, make_id, moment).customer(new_customer)
    await let_go(connection, await reserved.take(connection, lookups_of(rows, store.keys), moment), moment)
    await _insert(connection, rows, dict(zip(ids, await store.keys.create(ids), strict=True)))  # 2, 3
    return ids


async def add_to(
    connection: AsyncConnection,
    store: Store,
    reserved: Reservations,
    key: SubjectKey,
    more: NewCustomer,
    *,
    now: datetime,
) -> None:
    """Add the services and invoices of `more` to a registered customer, whose row is locked; otherwise like `add`.

    Raises LookupTakenError if a domain is registered already.
    """
    rows: dict[Table, list[Row]] = {table: [] for table in TABLES}
    writer = RowWriter(key.customer_id, rows, new_id, now)
    for service in more.services:
        writer.service(service)
    for invoice in more.invoices:
        writer.invoice(invoice)
    await let_go(connection, await reserved.take(connection, lookups_of(rows, store.keys), now), now)
    await _insert(connection, rows, {key.customer_id: key})


async def add_invoices(
    connection: AsyncConnection, new: Sequence[tuple[SubjectKey, NewInvoice]], *, now: datetime
) -> None:
    """Add invoices of registered customers, whose rows are locked, in two statements."""
    rows: dict[Table, list[Row]] = {table: [] for table in TABLES}
    for key, invoice in new:
        RowWriter(key.customer_id, rows, new_id, now).invoice(invoice)
    await _insert(connection, rows, {key.customer_id: key for key, _ in new})


async def _insert(connection: AsyncConnection, rows: dict[Table, list[Row]], owners: dict[int, SubjectKey]) -> None:
    for row in rows[disclosures]:
        if isinstance(row["trigger"], RowCause):
            row["trigger"] = row["trigger"].trigger(owners[row["customer_id"]])
    for table in TABLES:
        # One statement per table, whatever the number of customers.
        if rows[table]:
            await connection.execute(insert(table), seal_rows(table, rows[table], owners))


def lookups_of(rows: Mapping[Table, list[Row]], keys: KeyStore) -> list[LookupRequest]:
    """The look-ups to reserve; each row gets the random reference that ties it to its look-up."""
    wanted = []
    for table, lookups in FOUND_BY.items():
        for row, lookup in product(rows.get(table, ()), lookups):
            place = PLACES[lookup]
            # Rows of one INSERT need the same columns.
            row[place.ref.name] = None
            if (value := row[place.value.name]) is not None:
                index = keys.blind_index(lookup, value)
                each = LookupRequest(lookup, index, row[place.owner.name], row["id"], _scope(lookup, row))
                row[place.ref.name] = each.ref
                wanted.append(each)
    return wanted


def _scope(lookup: Lookup, row: Row) -> str:
    """The scope within which a look-up is unique: a platform for login names; ended domains conflict with none, and
    neither do values that several may have."""
    if lookup is Lookup.LOGIN:
        return str(row["platform"])
    # Its own id makes an ended registration unique, so that the name can be registered again.
    ended = lookup is Lookup.DOMAIN and row["released_at"] is not None
    return str(row["id"]) if ended or not lookup.unique else ""


def seal_rows(table: Table, rows: list[Row], owners: Mapping[int, SubjectKey]) -> list[Row]:
    """Encrypt the rows in place under their owners' keys, and add their hashes."""
    columns = [
        (column.name, str(column), column.info["sealing"].encode) for column in table.c if "sealing" in column.info
    ]
    hashes = [(column.name, *FINGERPRINTS[column]) for column in table.c if column in FINGERPRINTS]
    owner = "id" if table is customers else "customer_id"
    for row in rows:
        key, id_ = owners[row[owner]], row["id"]
        for name, source, hashed in hashes:
            row[name] = hashed(key, row[source])
        for name, place, encode in columns:
            if (value := row.get(name)) is not None:  # Columns that only operators write are in no new customer.
                row[name] = key.seal(place, id_, encode(_parts(value)))
    return rows


def _parts(value: Any) -> Any:
    """The argument of `Sealing.encode`: one text, or the parts in the order of the column."""
    if isinstance(value, PostalAddress):
        return (value.street, value.street2, value.postal_code, value.city, value.region, value.country)
    return (value.given or None, value.family or None) if isinstance(value, PersonName) else value
