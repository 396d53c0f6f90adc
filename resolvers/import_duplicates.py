"""Which rows of an import name somebody a second time: within the file, or of the registered customers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy import Column, bindparam, select

from resolvers.filters import NOW
from resolvers.import_report import Fault, Problem
from resolvers.import_source import Record
from resolvers.newcomer import NewCustomer
from store.blindindex import Lookup
from store.customers import customers
from store.database import Store
from store.domains import domains
from store.metadata import Instant
from store.reading import Prepared
from store.registrations import runs

INDEXES: dict[Lookup, Column[bytes]] = {
    Lookup.EMAIL: customers.c.email_index,
    Lookup.CUSTOMER_NUMBER: customers.c.customer_number_index,
    Lookup.DOMAIN: domains.c.name_index,
}

AT_ONCE = 200
"""How many values one statement asks for; a shorter list is filled up with its last value."""
_PLACES = tuple(f"value{place}" for place in range(AT_ONCE))


class Duplicates:
    """Remembers every row of the file by keyed blind indexes, on disk when there are many: memory stays bounded.

    SQLite's unnamed temporary database is deleted with its connection; what it holds is not readable without the key
    of the blind indexes. A bad row is remembered too, so that its double is not taken for the only one.
    """

    def __init__(self, store: Store, now: datetime) -> None:
        self._store, self._now = store, now
        self._seen = sqlite3.connect("", isolation_level=None)
        self._seen.execute("CREATE TABLE seen (value BLOB PRIMARY KEY) WITHOUT ROWID")
        self._find: dict[Lookup, Prepared] = {
            kind: store.reader.prepare(
                select(column).where(
                    column.in_([bindparam(place, type_=column.type) for place in _PLACES]),
                    *([runs(bindparam(NOW, type_=Instant))] if kind is Lookup.DOMAIN else []),
                )
            )
            for kind, column in INDEXES.items()
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._seen.close()

    async def among(self, rows: Sequence[tuple[Record, NewCustomer]]) -> list[Problem]:
        """The problems of these rows, in the order of the file."""
        named = [(record, *each) for record, customer in rows for each in self._names(customer)]
        registered: set[tuple[Lookup, bytes]] = set()
        for kind in self._find:
            values = [value for _, _, lookup, value in named if lookup is kind]
            registered.update((kind, value) for value in await self._registered(kind, values))
        problems = []
        self._seen.execute("BEGIN")
        for record, field, kind, value in named:
            fault = self._fault(kind, value, registered)
            if fault is not None:
                problems.append(Problem(record.row, record.line, field, fault))
        self._seen.execute("COMMIT")
        return problems

    async def _registered(self, kind: Lookup, values: list[bytes]) -> list[bytes]:
        found = []
        for start in range(0, len(values), AT_ONCE):
            some = values[start : start + AT_ONCE]
            some += some[-1:] * (AT_ONCE - len(some))
            rows = await self._store.reader.fetch(
                self._find[kind], {NOW: self._now, **dict(zip(_PLACES, some, strict=True))}
            )
            found += [bytes(row[0]) for row in rows]
        return found

    def _fault(self, kind: Lookup, value: bytes, registered: set[tuple[Lookup, bytes]]) -> Fault | None:
        fresh = self._seen.execute("INSERT OR IGNORE INTO seen VALUES (?)", (kind.word.encode() + value,)).rowcount
        if not fresh:
            return Fault.DUPLICATE_IN_FILE
        return Fault.ALREADY_REGISTERED if (kind, value) in registered else None

    def _names(self, customer: NewCustomer) -> Iterator[tuple[str, Lookup, bytes]]:
        index = self._store.keys.blind_index
        yield "email", Lookup.EMAIL, index(Lookup.EMAIL, customer.email)
        if customer.customer_number is not None:
            yield "customer_number", Lookup.CUSTOMER_NUMBER, index(Lookup.CUSTOMER_NUMBER, customer.customer_number)
        for place, service in enumerate(customer.services):
            if service.domain is not None and service.ended(self._now) is None:
                yield f"services[{place}].name", Lookup.DOMAIN, index(Lookup.DOMAIN, service.domain.name)
