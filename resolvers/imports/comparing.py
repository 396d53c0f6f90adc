"""Compares the customers of a file with those of the store, by their ids in the former system, and writes nothing."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy import Column, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.customers.new_customer import NewCustomer, NewInvoice, NewService
from resolvers.customers.new_customer_rows import FURTHER
from resolvers.imports.rows import ADDRESS_KEYS
from resolvers.imports.source import SourceRecord
from resolvers.inputs.names import camel_case
from store.crypto.blind_index import Lookup
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.holders import LookupState, states
from store.tables.changes import customer_changes
from store.tables.customers import customers
from store.tables.imports import import_rows
from store.tables.invoices import invoices
from store.tables.services import services

IMPORT_CLIENT: Final = "import"
"""The client in the record of changes that an import makes."""
AT_ONCE = 500
"""Invoices in one statement."""

Row = tuple[SourceRecord, NewCustomer]


def coordinate(field_: str) -> str:
    """The schema's name of a field of the profile."""
    return f"Customer.{field_}"


@dataclass(frozen=True, slots=True, repr=False)
class ServiceEnd:
    """A service that runs here and has ended by the file."""

    service_id: int
    at: datetime


@dataclass(frozen=True, slots=True, repr=False)
class InvoiceSettled:
    """An invoice that is open here, and paid or cancelled by the file."""

    invoice_id: int
    invoice: NewInvoice


@dataclass(slots=True, repr=False)
class Difference:
    """A known customer, and what of theirs differs in the file."""

    record: SourceRecord
    new: NewCustomer
    key: SubjectKey
    version: int
    email_ref: bytes | None
    noted: bool
    """True if an earlier import added, changed or compared them."""
    profile: dict[str, Any] = field(default_factory=dict)
    """The fields to change, by their names in the API's input, with the values of the file."""
    email: str | None = None
    """The address of the file, if it is another one."""
    news: bool | None = None
    services: list[NewService] = field(default_factory=list)
    """Services that are not here."""
    ends: list[ServiceEnd] = field(default_factory=list)
    invoices: list[NewInvoice] = field(default_factory=list)
    """Invoices that are not here."""
    settled: list[InvoiceSettled] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    """Fields that were changed here since the last import, and differ in the file."""
    foreign: list[str] = field(default_factory=list)
    """Fields whose value belongs to another customer."""

    @property
    def differs(self) -> bool:
        """True if something is to be changed."""
        return bool(
            self.profile or self.email or self.news is not None or self.services or self.ends or self.invoices
            or self.settled
        )  # fmt: skip


@dataclass(slots=True, repr=False)
class Compared:
    """A batch of a file, compared."""

    unknown: list[Row] = field(default_factory=list)
    """Customers who are not here."""
    known: list[Difference] = field(default_factory=list)


class Checksums:
    """SHA-256 over the compared values of known customers, of the file and of the store: equal if all are the same."""

    def __init__(self) -> None:
        self._file, self._store = hashlib.sha256(), hashlib.sha256()

    def add(self, of_file: Any, of_store: Any) -> None:
        """Add the values of one customer."""
        self._file.update(orjson.dumps(of_file, default=str))
        self._store.update(orjson.dumps(of_store, default=str))

    @property
    def both(self) -> tuple[str, str]:
        """Of the file and of the store, in hexadecimal."""
        return self._file.hexdigest(), self._store.hexdigest()


async def compared(
    connection: AsyncConnection, store: Store, rows: Sequence[Row], now: datetime, theirs: bool, sums: Checksums
) -> Compared:
    """Compare a batch; the number of statements does not depend on its rows.

    Only columns that the file has are compared. A field that was changed here since the last import, and differs in the
    file, is a conflict, and left as it is unless `theirs`. A change that the record of changes has no more
    counts for every field.
    """
    owners = await _owners(store, rows, now)
    result = Compared([row for row in rows if row[0].row not in owners])
    ids = list(owners.values())
    keys = dict(zip(ids, await store.keys.subjects(ids), strict=True))
    found = {row.id: row for row in await connection.execute(select(customers).where(customers.c.id.in_(ids)))}
    noted, changed = await _changed_here(connection, ids, {id_: row.version for id_, row in found.items()})
    here = _Here(
        noted,
        changed,
        await _services(connection, ids, keys),
        await present_invoices(connection, [each.number for _, new in rows for each in new.invoices]),
    )
    for record, new in rows:
        owner = owners.get(record.row)
        key = None if owner is None else keys[owner]
        if owner is not None and key is not None and owner in found:
            result.known.append(_difference(record, new, key, found[owner], here, theirs, sums))
    return result


@dataclass(frozen=True, slots=True, repr=False)
class _Here:
    noted: frozenset[int]
    changed: Mapping[int, frozenset[str] | None]
    """The coordinates that were changed here since the last import, by customer; None: any may have been."""
    services: Mapping[int, Mapping[tuple[str, str], Sequence[tuple[int, str]]]]
    invoices: Mapping[str, Any]


async def _owners(store: Store, rows: Sequence[Row], now: datetime) -> dict[int, int]:
    """The customers who are here, by row of the file."""
    named = {record.row: new.external_id for record, new in rows if new.external_id}
    return await owners_by(store, Lookup.EXTERNAL_ID, named, now)


async def owners_by(store: Store, kind: Lookup, named: Mapping[int, str], now: datetime) -> dict[int, int]:
    """The customers whom a particular of the file leads to, by row; those who are not here are left out."""
    marks = {row: store.keys.blind_index(kind, text) for row, text in named.items()}
    held = await store.keys.lookups.find_each(kind, list(marks.values()))
    places = [(each.row_id, each.ref) for each in held.values()]
    of = await states(store.reader, kind, places, now)
    used = {mark: row_id for (mark, (row_id, _)), state in zip(zip(held, places, strict=True), of, strict=True)
            if state is LookupState.IN_USE}  # fmt: skip
    return {row: used[mark] for row, mark in marks.items() if mark in used}


async def _changed_here(
    connection: AsyncConnection, ids: Sequence[int], versions: Mapping[int, int]
) -> tuple[frozenset[int], dict[int, frozenset[str] | None]]:
    """The customers whom an import has noted; and of each the coordinates that were changed here since."""
    last = select(import_rows.c.customer_id, func.max(import_rows.c.id)).where(import_rows.c.customer_id.in_(ids))
    newest = await _pairs(connection, last.group_by(import_rows.c.customer_id))
    version = select(import_rows.c.customer_id, import_rows.c.version).where(import_rows.c.id.in_(newest.values()))
    imported = await _pairs(connection, version)
    changes = select(
        customer_changes.c.id, customer_changes.c.customer_id, customer_changes.c.fields, customer_changes.c.client
    ).where(customer_changes.c.customer_id.in_(ids))
    fields, records = defaultdict[int, set[str]](set), defaultdict[int, int](int)
    for id_, owner, said, client in await connection.execute(changes.order_by(customer_changes.c.id)):
        records[owner] += id_ > newest.get(owner, 0)
        # The last change of a field counts: an import that took the file's value has settled a conflict.
        if client == IMPORT_CLIENT:
            fields[owner].difference_update(orjson.loads(said))
        else:
            fields[owner].update(orjson.loads(said))
    return frozenset(imported), {
        # Versions that no record explains: it has expired, or the customer was never imported.
        owner: None if owner not in imported or version - imported[owner] > records[owner] else frozenset(fields[owner])
        for owner, version in versions.items()
    }


async def _pairs(connection: AsyncConnection, query: Any) -> dict[int, int]:
    return {int(row[0]): int(row[1]) for row in await connection.execute(query)}


async def _services(
    connection: AsyncConnection, ids: Sequence[int], keys: Mapping[int, SubjectKey | None]
) -> dict[int, dict[tuple[str, str], list[tuple[int, str]]]]:
    """Services by customer, kind and name, the oldest first, with their states."""
    found: dict[int, dict[tuple[str, str], list[tuple[int, str]]]] = defaultdict(lambda: defaultdict(list))
    columns = services.c.id, services.c.customer_id, services.c.kind, services.c.name, services.c.status
    query = select(*columns).where(services.c.customer_id.in_(ids))
    for row in await connection.execute(query.order_by(services.c.started_at, services.c.id)):
        key = keys[row.customer_id]
        name = None if key is None else opened_value(key, services.c.name, row.id, row.name)
        found[row.customer_id][row.kind, str(name)].append((row.id, row.status))
    return found


async def present_invoices(connection: AsyncConnection, numbers: Sequence[str]) -> dict[str, Any]:
    """The invoices of these numbers that are here, by number."""
    columns = (
        invoices.c.id, invoices.c.customer_id, invoices.c.number, invoices.c.status, invoices.c.amount_minor,
        invoices.c.currency,
    )  # fmt: skip
    found: dict[str, Any] = {}
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        query = select(*columns).where(invoices.c.number.in_(some))
        found |= {row.number: row for row in await connection.execute(query)}
    return found


def _difference(
    record: SourceRecord, new: NewCustomer, key: SubjectKey, row: Any, here: _Here, theirs: bool, sums: Checksums
) -> Difference:
    found = Difference(record, new, key, row.version, row.email_ref, row.id in here.noted)
    changed = here.changed[row.id]
    wanted, kept = dict(_wanted(record, new)), dict(_kept(key, row))
    sums.add(wanted, {name: kept[name] for name in wanted})
    for name, value in wanted.items():
        if value == kept[name]:
            continue
        if not theirs and (changed is None or coordinate(name) in changed):
            found.conflicts.append(name)
        elif name == "email":
            found.email = value
        elif name == "productNews":
            found.news = value
        else:
            found.profile[name] = value
    _compare_services(found, here.services.get(row.id, {}))
    _compare_invoices(found, here.invoices)
    return found


def _wanted(record: SourceRecord, new: NewCustomer) -> Iterator[tuple[str, Any]]:
    """The values of the file, by the names of the API's input; only those that it has."""
    there = record.fields.keys()
    named = {name for name in there if str(record.fields[name] if record.fields[name] is not None else "").strip()}
    # A file of other columns does not empty a field.
    if "given_name" in there:
        yield "givenName", new.name.given or None
    if "family_name" in there:
        yield "familyName", new.name.family or None
    yield "email", new.email
    if there & set(ADDRESS_KEYS):
        at = new.postal_address
        yield "postalAddress", [at.street, at.street2, at.postal_code, at.city, at.region, at.country]
    if "phone" in there:
        yield "phone", new.phone
    if "locale" in named:
        yield "locale", new.locale
    if "product_news" in named:
        yield "productNews", new.product_news
    for name in FURTHER:
        if name in there:
            yield camel_case(name), new.further.get(name)


def _kept(key: SubjectKey, row: Any) -> Iterator[tuple[str, Any]]:
    """The values of the store, by the same names."""
    name = opened_value(key, customers.c.name, row.id, row.name) or [None, None]
    yield "givenName", name[0]
    yield "familyName", name[1]
    yield "email", opened_value(key, customers.c.email, row.id, row.email)
    yield "postalAddress", opened_value(key, customers.c.postal_address, row.id, row.postal_address)
    yield "phone", opened_value(key, customers.c.phone, row.id, row.phone)
    yield "locale", row.locale
    yield "productNews", bool(row.product_news)
    for further in FURTHER:
        yield camel_case(further), opened_value(key, customers.c[further], row.id, getattr(row, further))


def further_columns() -> dict[str, Column[Any]]:
    """The columns that an import changes like the API, by the names of its input."""
    return {"phone": customers.c.phone, "locale": customers.c.locale} | {
        camel_case(name): customers.c[name] for name in FURTHER
    }


def _compare_services(found: Difference, here: Mapping[tuple[str, str], Sequence[tuple[int, str]]]) -> None:
    """Pair services of one kind and name in the order of their beginnings: new ones are added, ended ones end."""
    taken = defaultdict[tuple[str, str], int](int)
    for service in sorted(found.new.services, key=lambda each: each.started_at):
        name = service.kind, str(service.name)
        at, taken[name] = taken[name], taken[name] + 1
        if at >= len(here.get(name, ())):
            found.services.append(service)
            continue
        id_, status = here[name][at]
        if service.terminated_at is not None and status != "TERMINATED":
            found.ends.append(ServiceEnd(id_, service.terminated_at))


def _compare_invoices(found: Difference, here: Mapping[str, Any]) -> None:
    for at, invoice in enumerate(found.new.invoices):
        row = here.get(invoice.number)
        if row is None:
            found.invoices.append(invoice)
        elif row.customer_id != found.key.customer_id:
            found.foreign.append(f"invoices[{at}].number")
        elif (row.amount_minor, row.currency) != (invoice.amount_minor, invoice.currency):
            found.conflicts.append(f"invoices[{at}].total")
        elif row.status == "OPEN" and invoice.status != "OPEN":
            found.settled.append(InvoiceSettled(row.id, invoice))


def opened_value(key: SubjectKey, column: Column[Any], id_: int, resting: Any) -> Any:
    """The value of a sealed column; a damaged one differs from every value."""
    if resting is None:
        return None
    try:
        return column.info["sealing"].decode(key.open(column, id_, resting))
    except SealBrokenError:
        return False
