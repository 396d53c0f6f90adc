"""Finds duplicates in an import: within the file, or with registered customers."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import select

from resolvers.customers.new_customer import NewCustomer
from resolvers.imports.columns import CREDENTIALS
from resolvers.imports.source import SourceRecord
from resolvers.inputs.report import FieldFault, ImportProblem
from store.crypto.blind_index import Lookup
from store.database.store import Store
from store.lookups.holders import LookupState, states
from store.sql.reading import any_of
from store.tables.invoices import invoices

Place = tuple[Lookup | None, str]

PLACES: tuple[Place, ...] = (
    (Lookup.EMAIL, ""),
    (Lookup.CUSTOMER_NUMBER, ""),
    (Lookup.EXTERNAL_ID, ""),
    (Lookup.DOMAIN, ""),
    *((Lookup.LOGIN, each.platform) for each in CREDENTIALS),
)
"""The look-ups that must be unique, each with the scope in which it is."""

INVOICE: Place = (None, "invoice")
"""The numbers of invoices, which have a unique column and no look-up."""
AT_ONCE = 500
"""Numbers in one statement."""

LOGIN_COLUMNS = {each.platform: each.login for each in CREDENTIALS}

HASH_BYTES = 16
HASH_KEY_BYTES = 32


class Duplicates:
    """Stores keyed hashes of every row, on disk if there are many, so that memory stays bounded.

    SQLite deletes its unnamed temporary database with the connection, but spilled pages may stay in free disk blocks
    (D8): so it has hashes under a key of this run, which is only in memory, and no blind index. Rows with problems are
    stored too, so that their duplicates are found.
    """

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._key = secrets.token_bytes(HASH_KEY_BYTES)
        # An empty name is a temporary database: in memory, and on disk when it grows.
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("CREATE TABLE seen (value BLOB PRIMARY KEY) WITHOUT ROWID")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._seen.close()

    async def among(self, rows: Sequence[tuple[SourceRecord, NewCustomer]]) -> list[ImportProblem]:
        """The duplicates among these rows, in the order of the file."""
        named = [(record, *each) for record, customer in rows for each in self._names(customer)]
        registered: set[tuple[Place, bytes]] = set()
        for place in PLACES:
            values = [value for _, _, each, value in named if each == place]
            registered.update((place, value) for value in await self._registered(place, values))
        registered |= await self._recorded([value for _, _, each, value in named if each == INVOICE])
        problems: list[ImportProblem] = []
        # One transaction per batch: otherwise each insert is one of its own.
        self._seen.execute("BEGIN")
        for record, field, place, value in named:
            fault = self._fault(place, value, registered)
            # The login name usually is the e-mail address, whose fault is told already.
            reported = (
                place[0] is Lookup.LOGIN
                and problems
                and (problems[-1].row, problems[-1].field) == (record.row, "email")
            )
            if fault is not None and not reported:
                problems.append(ImportProblem(record.row, record.line, field, fault))
        self._seen.execute("COMMIT")
        return problems

    def repeated(self, rows: Sequence[tuple[SourceRecord, NewCustomer]]) -> list[ImportProblem]:
        """The rows whose external id stands in an earlier row, of a file in which customers may be registered."""
        index = self._store.keys.blind_index
        named = [(record, index(Lookup.EXTERNAL_ID, customer.external_id or "")) for record, customer in rows]
        return self.repeated_values(named, (Lookup.EXTERNAL_ID, "row"), "external_id")

    def repeated_values(
        self, named: Sequence[tuple[SourceRecord, bytes]], place: Place, field: str
    ) -> list[ImportProblem]:
        """The rows whose value of this field stands in an earlier row."""
        problems = []
        self._seen.execute("BEGIN")
        for record, value in named:
            if (fault := self._fault(place, value, set())) is not None:
                problems.append(ImportProblem(record.row, record.line, field, fault))
        self._seen.execute("COMMIT")
        return problems

    async def _recorded(self, numbers: list[bytes]) -> set[tuple[Place, bytes]]:
        """The numbers of invoices that there are."""
        prepared = self._store.reader.prepare(select(invoices.c.number).where(any_of(invoices.c.number, "numbers")))
        found: set[tuple[Place, bytes]] = set()
        for start in range(0, len(numbers), AT_ONCE):
            some = [each.decode() for each in numbers[start : start + AT_ONCE]]
            found.update(
                (INVOICE, row[0].encode()) for row in await self._store.reader.fetch(prepared, {"numbers": some})
            )
        return found

    async def _registered(self, place: Place, values: list[bytes]) -> list[bytes]:
        """The values in use by registered customers; domains whose registration has ended are free."""
        # The key store knows reservations, too; the data decides which of them are in use.
        kind, scope = place
        assert kind is not None  # Of `PLACES`.
        found = await self._store.keys.lookups.find_each(kind, values, scope)
        held = [(each.row_id, each.ref) for each in found.values()]
        lookup_states = await states(self._store.reader, kind, held, self._now)
        return [value for value, state in zip(found, lookup_states, strict=True) if state is LookupState.IN_USE]

    def _fault(self, place: Place, value: bytes, registered: set[tuple[Place, bytes]]) -> FieldFault | None:
        kind, scope = place
        name = f"{'' if kind is None else kind.word}{scope}".encode()
        resting = hashlib.blake2b(name + value, key=self._key, digest_size=HASH_BYTES).digest()
        fresh = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (resting,)).rowcount
        if not fresh:
            return FieldFault.DUPLICATE_IN_FILE
        return FieldFault.ALREADY_REGISTERED if (place, value) in registered else None

    def _names(self, customer: NewCustomer) -> Iterator[tuple[str, Place, bytes]]:
        index = self._store.keys.blind_index
        yield "email", (Lookup.EMAIL, ""), index(Lookup.EMAIL, customer.email)
        if customer.customer_number is not None:
            value = index(Lookup.CUSTOMER_NUMBER, customer.customer_number)
            yield "customer_number", (Lookup.CUSTOMER_NUMBER, ""), value
        if customer.external_id is not None:
            yield "external_id", (Lookup.EXTERNAL_ID, ""), index(Lookup.EXTERNAL_ID, customer.external_id)
        for at, service in enumerate(customer.services):
            if service.domain is not None and service.ended(self._now) is None:
                yield f"services[{at}].name", (Lookup.DOMAIN, ""), index(Lookup.DOMAIN, service.domain.name)
        for at, invoice in enumerate(customer.invoices):
            yield f"invoices[{at}].number", INVOICE, invoice.number.encode()
        for credential in customer.credentials:
            yield (
                LOGIN_COLUMNS[credential.platform],
                (Lookup.LOGIN, credential.platform),
                index(Lookup.LOGIN, credential.login_name),
            )
