"""Moves the blind indexes that an earlier release stored beside the data to the key store, then removes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, column, delete, exists, inspect, or_, select, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.blind_index import blind_index
from store.crypto.key_tables import system_keys
from store.crypto.system_keys import FORMER_INDEX_KEY
from store.database.config import StoreConfig
from store.database.migrate import alone
from store.database.store import Store
from store.lookups.holders import LookupPlace
from store.lookups.reservations import LookupRequest, LookupTakenError, Reservations
from store.sql.addresses import Address
from store.sql.engines import make_engine, transaction
from store.sql.metadata import Id
from store.sql.scrubbing import scrub
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.domains import domains

COLUMNS = {
    customers: ("customer_number_index", "email_index"),
    credentials: ("login_index",),
    domains: ("name_index",),
}
"""The former columns."""

PAGE = 500
"""Rows in one transaction."""
LONGEST = 3600.0
"""Maximum duration of rewriting a whole table, in seconds."""

Found = tuple[LookupRequest, Any, str]
"""The look-up that a row of the data shall have, the row, and its value."""


@dataclass(frozen=True, slots=True)
class Former:
    """The former column of one kind of look-up, empty if there was none, whether it still exists, and its key."""

    column: str
    there: bool
    key: bytes

    @classmethod
    async def of(cls, store: Store, place: LookupPlace, name: str | None) -> Former:
        """Inspect the database."""
        if name is None:
            return cls("", there=False, key=b"")
        async with store.write() as connection:
            there = name in await connection.run_sync(_columns, place.table.name)
        return cls(name, there, await store.keys.system.named(FORMER_INDEX_KEY) if there else b"")

    async def move(
        self, reserved: Reservations, connection: AsyncConnection, place: LookupPlace, found: Sequence[Found]
    ) -> list[LookupRequest]:
        """Reserve the look-ups of rows within the transaction that read them; returns the moved ones.

        Only rows whose value had this release's form already, since these were unique beside the data. Rows in an
        earlier form are compared with all others first, like any row that changes its form.
        """
        same = [wanted for wanted, row, value in found if row.ref is None and self._has_form(wanted, row, value)]
        now = datetime.now(UTC)
        if same:
            try:
                await reserved.take(connection, same, now)
            except LookupTakenError as others:
                same = [each for each in same if each not in set(others.taken)]
                await reserved.take(connection, same, now)  # Reserving again is idempotent for the row itself.
            await write_refs(connection, place, same, self)
        await reserved.written(connection)
        return same

    def _has_form(self, wanted: LookupRequest, row: Any, value: str) -> bool:
        return row.former is not None and bytes(row.former) == blind_index(self.key, wanted.kind, value)


async def write_refs(
    connection: AsyncConnection, place: LookupPlace, rows: Sequence[LookupRequest], former: Former
) -> None:
    """Link rows to their look-ups, and overwrite the former blind index."""
    if not rows:
        return
    known = table(place.table.name, *(column(each) for each in ("id", place.ref.name, former.column)))
    values: dict[str, Any] = {place.ref.name: bindparam("ref", type_=place.ref.type)}
    change = update(known).where(known.c.id == bindparam("which", type_=Id))
    written = change.values(values | ({former.column: None} if former.there else {}))
    await connection.execute(written, [{"which": each.row_id, "ref": each.ref} for each in rows])


async def former_there(config: StoreConfig) -> bool:
    """Return whether a table still has one of the former columns."""
    engine = make_engine(config.maintained(config.database))
    try:
        async with transaction(engine) as connection:
            return any([set(names) & await connection.run_sync(_columns, each.name) for each, names in COLUMNS.items()])
    finally:
        await engine.dispose()


async def remove_former(config: StoreConfig) -> bool:
    """Remove the columns, and destroy the key with which backups of them could be searched; returns whether there were
    any.

    Call it when every row was moved and no requests are served. 1. Empty the columns of rows that could not be moved,
    in pages; 2. drop the columns; 3. rewrite the tables, whatever their size (`store.sql.scrubbing`); 4. destroy the
    key.

    Of several replicas one does it. As long as the key exists, 1 to 3 are to be done: if it is killed, the next call
    continues.
    """
    address = config.maintained(config.database)
    await _empty(address)  # 1
    dropped = await _drop(address)  # 2
    engine = make_engine(config.maintained(config.key_store), longest=LONGEST)
    try:
        async with transaction(engine) as connection:
            owed = bool(await connection.scalar(select(exists().where(system_keys.c.name == FORMER_INDEX_KEY))))
        if dropped or owed:
            await _scrub(address)  # 3
            async with transaction(engine) as connection:
                await connection.execute(delete(system_keys).where(system_keys.c.name == FORMER_INDEX_KEY))  # 4
        await scrub(engine, system_keys)  # Always, since a process that was killed after 4 left no trace of that.
    finally:
        await engine.dispose()
    return dropped


async def _empty(address: Address) -> None:
    for each, names in COLUMNS.items():
        last: int | None = 0
        while last is not None:
            last = await _empty_page(address, each.name, names, last)


async def _empty_page(address: Address, name: str, former: Sequence[str], after: int) -> int | None:
    """Empty a page; returns its last row, None after the last page."""
    async with alone(address) as connection:
        there = sorted(set(former) & await connection.run_sync(_columns, name))
        if not there:
            return None
        known = table(name, column("id", Id), *(column(each) for each in there))
        left = or_(*(known.c[each].is_not(None) for each in there))
        page = select(known.c.id).where(known.c.id > after, left).order_by(known.c.id).limit(PAGE)
        ids = list(await connection.scalars(page))
        if ids:
            await connection.execute(update(known).where(known.c.id.in_(ids)).values(dict.fromkeys(there)))
    return ids[-1] if ids else None


async def _drop(address: Address) -> bool:
    dropped = False
    # Locked against the upgrades of other replicas, which see the column gone when their turn comes.
    async with alone(address) as connection:
        for each, names in COLUMNS.items():
            for name in set(names) & await connection.run_sync(_columns, each.name):
                await connection.execute(text(f'ALTER TABLE "{each.name}" DROP COLUMN "{name}"'))
                dropped = True
    return dropped


async def _scrub(address: Address) -> None:
    engine = make_engine(address, longest=LONGEST)
    try:
        for each in COLUMNS:
            await scrub(engine, each, whole=True)
    finally:
        await engine.dispose()


def _columns(connection: Connection, name: str) -> set[str]:
    return {each["name"] for each in inspect(connection).get_columns(name)}
