"""Makes a sanitised copy: the customers in turn, a hundred in a transaction, so that memory does not grow with them."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Table, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.demo.copies.fields import coarse
from gateway.demo.copies.invented import InventedPerson, SignInSecrets
from gateway.demo.copies.programs import copy_programs
from gateway.demo.copies.reading import Row, customers_in_turn, rows_between
from gateway.demo.copies.rules import ALSO, RESULT, copied, makers, points, referred
from resolvers.customers.registration import FOUND_BY, lookups_of, seal_rows
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.reservations import Reservations, reserving
from store.sql.ids import new_id
from store.sql.reading import Reader
from store.tables.customers import customers
from store.tables.invoices import invoice_lines

Progress = Callable[[int], None]
"""Gets the number of customers that are written."""


@dataclass(slots=True, repr=False)
class Copy:
    """A copy that was made: the rows of each table, and how to sign in to it."""

    signing: SignInSecrets
    rows: Counter[str] = field(default_factory=Counter)
    example: str | None = None
    """The login name of a customer who can sign in to the client area; None if there is none."""


@dataclass(slots=True, repr=False)
class _Batch:
    """Some customers of the source, and the places of their rows in the copy."""

    people: Mapping[int, InventedPerson]
    owners: dict[int, SubjectKey] = field(default_factory=dict)
    ids: dict[tuple[str, int], int] = field(default_factory=dict)
    """The id in the copy by table and id in the source, of the tables that others refer to."""

    def pointed_at(self, column: Column[Any], row: Row) -> int | None:
        """The key in the copy of what a row refers to; None if the copy does not have it."""
        value = row[column.name]
        if value is None:
            return None
        if column.name == "customer_id":
            return self.ids["customers", value]
        listed = [str(key.column.table.name) for key in column.foreign_keys] or [ALSO.get(str(column), RESULT)]
        return self.ids.get((listed[0], value))


class Sanitiser:
    """Copies from a reader of one main database to an empty store. It never has the keys of the source."""

    def __init__(self, source: Reader, target: Store, signing: SignInSecrets, now: datetime) -> None:
        self._source, self._target, self._now = source, target, now
        self._seed = secrets.token_hex(16)
        self._clients = frozenset[str]()
        self._copy = Copy(signing)

    async def run(self, progress: Progress) -> Copy:
        """Write the copy; StoreUnavailableError, after which the copy is incomplete and to be thrown away."""
        async with self._target.write() as connection:
            self._clients = await copy_programs(self._source, connection, self._now)
        done = 0
        async for page in customers_in_turn(self._source):
            await self._write(page, done)
            done += len(page)
            progress(done)
        return self._copy

    async def _write(self, page: list[Row], done: int) -> None:
        """One transaction: all that belongs to these customers, or nothing."""
        people = {
            row["id"]: InventedPerson(at, self._seed, self._now, self._copy.signing, self._clients)
            for at, row in enumerate(page, done + 1)
        }
        batch = _Batch(people)
        await self._add_up(batch)
        batch.ids = {("customers", each): new_id() for each in people}
        keys = await self._target.keys.create(list(batch.ids.values()))
        batch.owners = {key.customer_id: key for key in keys}
        async with reserving(self._target) as reserved, self._target.write() as connection:
            await self._insert(connection, reserved, batch, customers, page)
            for table in copied():
                if table is not customers:
                    async for rows in rows_between(self._source, table, min(people), max(people)):
                        await self._insert(connection, reserved, batch, table, rows)
            await reserved.written(connection)

    async def _add_up(self, batch: _Batch) -> None:
        """Sum the lines of invoices as the copy has them, since invoices are written first."""
        async for rows in rows_between(self._source, invoice_lines, min(batch.people), max(batch.people)):
            for row in rows:
                if (who := batch.people.get(row["customer_id"])) is not None:
                    so_far = who.totals.get(row["invoice_id"], 0)
                    who.totals[row["invoice_id"]] = so_far + coarse(row["amount_minor"])

    async def _insert(
        self, connection: AsyncConnection, reserved: Reservations, batch: _Batch, table: Table, rows: list[Row]
    ) -> None:
        """Write a page of rows: made anew, with their look-ups, and sealed under the copy's keys."""
        owner = "id" if table is customers else "customer_id"
        # Erasures outlive their customers: rows of those who are gone have no place here.
        made = [self._made(table, row, batch) for row in rows if row[owner] in batch.people]
        found = [row for row in made if row is not None]
        if not found:
            return
        if table in FOUND_BY:
            await reserved.take(connection, lookups_of({table: found}, self._target.keys), self._now)
        self._note_example(table, found)
        await connection.execute(insert(table), seal_rows(table, found, batch.owners))
        self._copy.rows[str(table.name)] += len(found)

    def _made(self, table: Table, row: Row, batch: _Batch) -> Row | None:
        """The row of the copy, still in plain text; None if it refers to what the copy does not have."""
        who = batch.people[row["id" if table is customers else "customer_id"]]
        id_ = batch.ids["customers", row["id"]] if table is customers else new_id()
        made: Row = {"id": id_}
        for column in table.c:
            if points(column) and not column.primary_key:
                made[column.name] = batch.pointed_at(column, row)
                if made[column.name] is None and not column.nullable:
                    return None
        for name, make in makers(table).items():
            made[name] = None if row[name] is None else make(who, row, row[name], id_)
        if str(table.name) in referred():
            batch.ids[str(table.name), row["id"]] = id_
        return made

    def _note_example(self, table: Table, rows: list[Row]) -> None:
        if table.name == "credentials" and self._copy.example is None:
            signs_in = (row for row in rows if row["platform"] == "CLIENT_AREA" and row["password_hash"] is not None)
            self._copy.example = next((str(row["login_name"]) for row in signs_in), None)
