"""Finds duplicates in an import: within the file, or with registered customers."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from resolvers.customers.new_customer import NewCustomer
from resolvers.imports.source import SourceRecord
from resolvers.inputs.report import FieldFault, ImportProblem
from store.crypto.blind_index import Lookup
from store.database.store import Store
from store.lookups.holders import LookupState, states

LOOKUPS = (Lookup.EMAIL, Lookup.CUSTOMER_NUMBER, Lookup.EXTERNAL_ID, Lookup.DOMAIN)
"""The look-ups that must be unique."""

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
        registered: set[tuple[Lookup, bytes]] = set()
        for kind in LOOKUPS:
            values = [value for _, _, lookup, value in named if lookup is kind]
            registered.update((kind, value) for value in await self._registered(kind, values))
        problems = []
        # One transaction per batch: otherwise each insert is one of its own.
        self._seen.execute("BEGIN")
        for record, field, kind, value in named:
            fault = self._fault(kind, value, registered)
            if fault is not None:
                problems.append(ImportProblem(record.row, record.line, field, fault))
        self._seen.execute("COMMIT")
        return problems

    async def _registered(self, kind: Lookup, values: list[bytes]) -> list[bytes]:
        """The values in use by registered customers; domains whose registration has ended are free."""
        # The key store knows reservations, too; the data decides which of them are in use.
        found = await self._store.keys.lookups.find_each(kind, values)
        held = [(each.row_id, each.ref) for each in found.values()]
        lookup_states = await states(self._store.reader, kind, held, self._now)
        return [value for value, state in zip(found, lookup_states, strict=True) if state is LookupState.IN_USE]

    def _fault(self, kind: Lookup, value: bytes, registered: set[tuple[Lookup, bytes]]) -> FieldFault | None:
        resting = hashlib.blake2b(kind.word.encode() + value, key=self._key, digest_size=HASH_BYTES).digest()
        fresh = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (resting,)).rowcount
        if not fresh:
            return FieldFault.DUPLICATE_IN_FILE
        return FieldFault.ALREADY_REGISTERED if (kind, value) in registered else None

    def _names(self, customer: NewCustomer) -> Iterator[tuple[str, Lookup, bytes]]:
        index = self._store.keys.blind_index
        yield "email", Lookup.EMAIL, index(Lookup.EMAIL, customer.email)
        if customer.customer_number is not None:
            yield "customer_number", Lookup.CUSTOMER_NUMBER, index(Lookup.CUSTOMER_NUMBER, customer.customer_number)
        if customer.external_id is not None:
            yield "external_id", Lookup.EXTERNAL_ID, index(Lookup.EXTERNAL_ID, customer.external_id)
        for place, service in enumerate(customer.services):
            if service.domain is not None and service.ended(self._now) is None:
                yield f"services[{place}].name", Lookup.DOMAIN, index(Lookup.DOMAIN, service.domain.name)
