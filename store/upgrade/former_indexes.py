"""Blind indexes that an earlier release kept beside the data: moved to the key store, then removed with their key."""

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
from store.sql.engines import Address, make_engine, transaction
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
"""Where they were."""

PAGE = 500
"""Rows that one transaction empties."""
LONGEST = 3600.0
"""Seconds that writing a whole table anew may take."""

Found = tuple[LookupRequest, Any, str]
"""The look-up that a row of the data is to have, the row, and its value."""


@dataclass(frozen=True, slots=True)
class Former:
    """The former column of one lookup, if there still is one, and the key of what stands in it."""

    column: str
    there: bool
    key: bytes

    @classmethod
    async def of(cls, store: Store, place: LookupPlace, name: str) -> Former:
        """What there is."""
        async with store.write() as connection:
            there = name in await connection.run_sync(_columns, place.table.name)
        return cls(name, there, await store.keys.house.system(FORMER_INDEX_KEY) if there else b"")

    async def move(
        self, reserved: Reservations, connection: AsyncConnection, place: LookupPlace, found: Sequence[Found]
    ) -> list[LookupRequest]:
        """Give rows the look-up of what they were found by, within the transaction that looked at them; which.

        Only those that had this release's form already: these were unique beside the data. Those in an earlier form
        are compared with all others first, like any that change theirs.
        """
        same = [wanted for wanted, row, value in found if row.ref is None and self._has_form(wanted, row, value)]
        now = datetime.now(UTC)
        if same:
            try:
                await reserved.take(connection, same, now)
            except LookupTakenError as others:
                same = [each for each in same if each not in set(others.taken)]
                await reserved.take(connection, same, now)  # What is its own already stays so.
            await write_refs(connection, place, same, self)
        await reserved.written(connection)
        return same

    def _has_form(self, wanted: LookupRequest, row: Any, value: str) -> bool:
        return row.former is not None and bytes(row.former) == blind_index(self.key, wanted.kind, value)


async def write_refs(
    connection: AsyncConnection, place: LookupPlace, rows: Sequence[LookupRequest], former: Former
) -> None:
    """Tie rows to their look-ups; what an earlier release kept of them is overwritten."""
    if not rows:
        return
    known = table(place.table.name, *(column(each) for each in ("id", place.ref.name, former.column)))
    values: dict[str, Any] = {place.ref.name: bindparam("ref", type_=place.ref.type)}
    change = update(known).where(known.c.id == bindparam("which", type_=Id))
    written = change.values(values | ({former.column: None} if former.there else {}))
    await connection.execute(written, [{"which": each.row_id, "ref": each.ref} for each in rows])


async def former_there(config: StoreConfig) -> bool:
    """Whether a table has one of the former columns yet."""
    engine = make_engine(config.maintained(config.database))
    try:
        async with transaction(engine) as connection:
            return any([set(names) & await connection.run_sync(_columns, each.name) for each, names in COLUMNS.items()])
    finally:
        await engine.dispose()


async def remove_former(config: StoreConfig) -> bool:
    """Remove the columns, and destroy the key by which backups of them could be searched; whether there were any.

    Call it when every row was moved and nobody serves. 1. What rows that could not be moved have there is emptied, in
    pages; 2. the columns go; 3. the tables are written anew, whatever their size (`store.sql.scrubbing`); 4. the key
    goes.
    Of any number of replicas one does it. The key is what says that 1 to 3 are still to be done: killed at any point,
    the next call goes on.
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
        await scrub(engine, system_keys)  # Always, since whoever was killed behind 4 left no word of it.
    finally:
        await engine.dispose()
    return dropped


async def _empty(address: Address) -> None:
    for each, names in COLUMNS.items():
        last: int | None = 0
        while last is not None:
            last = await _empty_page(address, each.name, names, last)


async def _empty_page(address: Address, name: str, former: Sequence[str], after: int) -> int | None:
    """The last row of a page that was emptied; None behind the last page."""
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
