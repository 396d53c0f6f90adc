"""Blind indexes that an earlier release kept beside the data: moved to the key store, then removed with their key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, column, delete, inspect, table, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.blindindex import blind_index
from store.config import StoreConfig
from store.credentials import credentials
from store.customers import customers
from store.database import Store
from store.domains import domains
from store.engines import make_engine, transaction
from store.housekeys import FORMER_INDEX_KEY
from store.keys import system_keys
from store.lookup_holders import Place
from store.lookup_reserving import LookupTakenError, Reservations, Wanted
from store.metadata import Id
from store.migrate import alone
from store.scrubbing import scrub

COLUMNS = {
    customers: ("customer_number_index", "email_index"),
    credentials: ("login_index",),
    domains: ("name_index",),
}
"""Where they were."""

LONGEST = 3600.0
"""Seconds that writing a whole table anew may take."""

Found = tuple[Wanted, Any, str]
"""The look-up that a row of the data is to have, the row, and its value."""


@dataclass(frozen=True, slots=True)
class Former:
    """The former column of one lookup, if there still is one, and the key of what stands in it."""

    column: str
    there: bool
    key: bytes

    @classmethod
    async def of(cls, store: Store, place: Place, name: str) -> Former:
        """What there is."""
        async with store.write() as connection:
            there = name in await connection.run_sync(_columns, place.table.name)
        return cls(name, there, await store.keys.house.system(FORMER_INDEX_KEY) if there else b"")

    async def move(
        self, reserved: Reservations, connection: AsyncConnection, place: Place, found: Sequence[Found]
    ) -> list[Wanted]:
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
        reserved.written()
        return same

    def _has_form(self, wanted: Wanted, row: Any, value: str) -> bool:
        return row.former is not None and bytes(row.former) == blind_index(self.key, wanted.kind, value)


async def write_refs(connection: AsyncConnection, place: Place, rows: Sequence[Wanted], former: Former) -> None:
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

    Call it when every row was moved. Of any number of replicas one does it. The tables are written anew or vacuumed
    (`store.scrubbing`); what PostgreSQL keeps in the free space of larger ones goes as that is used again, or with
    `VACUUM FULL`.
    """
    there = await _drop(config)
    engine = make_engine(config.maintained(config.key_store), longest=LONGEST)
    try:
        async with transaction(engine) as connection:
            gone = await connection.execute(delete(system_keys).where(system_keys.c.name == FORMER_INDEX_KEY))
        if gone.rowcount:
            await scrub(engine, system_keys)
    finally:
        await engine.dispose()
    return there


async def _drop(config: StoreConfig) -> bool:
    address = config.maintained(config.database)
    dropped = set[str]()
    async with alone(address) as connection:
        for each, names in COLUMNS.items():
            for name in set(names) & await connection.run_sync(_columns, each.name):
                await connection.execute(text(f'ALTER TABLE "{each.name}" DROP COLUMN "{name}"'))
                dropped.add(each.name)
    engine = make_engine(address, longest=LONGEST)
    try:
        for each in COLUMNS:
            if each.name in dropped:
                await scrub(engine, each)
    finally:
        await engine.dispose()
    return bool(dropped)


def _columns(connection: Connection, name: str) -> set[str]:
    return {each["name"] for each in inspect(connection).get_columns(name)}
