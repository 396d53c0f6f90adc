"""Rebuilds look-ups from the values themselves: in pages, resumable, by any number of replicas at once.

It converts them to this release's form of the values, moves those that an earlier release stored beside the data, and
restores those that a restored backup lacks. The values are encrypted, so that a migration in SQL cannot do it: each
value is decrypted, and if its row lacks the look-up of its value, that is recorded in `lookup_changes`. The first row
is changed only after all rows of a kind were read (`store.upgrade.reindexing_writing`): by then all collisions are
known.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import Column, ColumnElement, String, Table, case, cast, column, func, literal, null, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from store.crypto.blind_index import Lookup
from store.crypto.lookup_tables import lookup_changes
from store.crypto.sealing import SealBrokenError
from store.crypto.subject_key import SubjectKey
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.lookups.holders import PLACES, LookupPlace
from store.lookups.reservations import LookupRequest, LookupTakenError, held_of, reserving
from store.operations.index_changes import LOOKUPS, index_rebuilds
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.ids import new_id
from store.tables.credentials import credentials
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.services import services
from store.upgrade.former_indexes import Former, Found

log = logging.getLogger(__name__)

PAGE = 500
"""Rows that one transaction reads or changes."""
TIMEOUT = 60.0
"""Maximum wait of a replica for the page of another one, in seconds."""
TURN = 0x6C6F_6F6B
"""The advisory lock that serialises the replicas on PostgreSQL: "look" in ASCII."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Target:
    """A kind of look-up, and the encrypted value from which it is made."""

    lookup: Lookup
    former: str | None
    """The column in which an earlier release stored its blind index; None if none did."""
    scope: ColumnElement[Any]
    """The scope in which the value is unique."""

    @property
    def place(self) -> LookupPlace:
        """The columns of the value."""
        return PLACES[self.lookup]

    @property
    def table(self) -> Table:
        """The table of the value."""
        return self.place.table

    @property
    def id(self) -> Column[int]:
        """The primary key of the table."""
        return self.table.c.id


EVERYWHERE: Final = literal("")
REGISTRATION: Final = case((domains.c.released_at.is_(None), literal("")), else_=cast(domains.c.id, String(20)))
"""A domain name is unique among running registrations; each ended one has a scope of its own."""
TARGETS: Final = {
    "EMAIL": Target(Lookup.EMAIL, "email_index", EVERYWHERE),
    "LOGIN": Target(Lookup.LOGIN, "login_index", credentials.c.platform),
    "DOMAIN": Target(Lookup.DOMAIN, "name_index", REGISTRATION),
    "NUMBER": Target(Lookup.CUSTOMER_NUMBER, "customer_number_index", EVERYWHERE),
    "EXTERNAL_ID": Target(Lookup.EXTERNAL_ID, None, EVERYWHERE),
    "PHONE": Target(Lookup.PHONE, None, cast(customers.c.id, String(20))),
    "SERVICE_NAME": Target(Lookup.SERVICE_NAME, None, cast(services.c.id, String(20))),
}


async def begin_anew(store: Store) -> None:
    """Schedule a new scan of every row, while requests are served; no effect while a rebuild is under way."""
    rows = [{"lookup": each, "after": 0, "scanned": False, "awaited": False} for each in LOOKUPS]
    async with store.write() as connection:
        await connection.execute(insert_new(connection, index_rebuilds), rows)


async def scan(store: Store, name: str) -> int:
    """Move the look-ups beside the data, and record the rows whose look-up changes, from where the last scan stopped;
    returns the number of moved ones."""
    moved, former = 0, await Former.of(store, TARGETS[name].place, TARGETS[name].former)
    while (some := await with_retries(lambda: _scan_page(store, name, former))) is not None:
        moved += some
    return moved


async def with_retries(work: Callable[[], Awaitable[Result]]) -> Result:
    """Do the work, with retries while another replica holds its locks; StoreUnavailableError after TIMEOUT seconds.

    Retries, too, when a row was erased or a value taken between the read and the write: the next read sees it.
    """
    until = monotonic() + TIMEOUT
    while True:
        try:
            return await work()
        except (StoreUnavailableError, IntegrityError, LookupTakenError) as problem:
            passes = not isinstance(problem, StoreUnavailableError) or problem.cause is OutageCause.LOCKED
            if not passes or monotonic() > until:
                raise


async def turn(connection: AsyncConnection) -> None:
    """Exclude other rebuilds until the end of the transaction; on SQLite the write lock does so."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(TURN)))


async def _scan_page(store: Store, name: str, former: Former) -> int | None:
    """Scan one page, under a row lock that serialises the replicas; returns the number of moved rows, None at the
    end."""
    async with reserving(store) as reserved, store.write() as connection:
        locked = (
            select(index_rebuilds.c.after, index_rebuilds.c.scanned)
            .where(index_rebuilds.c.lookup == name)
            .with_for_update()
        )
        at = (await connection.execute(locked)).one_or_none()
        if at is None or at.scanned:
            return None
        rows = await _rows(connection, TARGETS[name], at.after, former)
        mine = update(index_rebuilds).where(index_rebuilds.c.lookup == name)
        if not rows:
            await connection.execute(mine.values(scanned=True))
            return None
        found = await _changes(store, name, rows)
        moved = set(await former.move(reserved, connection, TARGETS[name].place, found) if former.there else ())
        if left := [(wanted, row.ref) for wanted, row, _ in found if wanted not in moved]:
            await note(store, left)
        await connection.execute(mine.values(after=rows[-1].id))
    if moved:
        log.info("Look-ups are moved to the key store", extra={"lookup": name, "moved": len(moved)})
    return len(moved)


async def _rows(connection: AsyncConnection, target: Target, after: int, former: Former) -> Sequence[Any]:
    place = target.place
    columns = target.id, place.owner.label("owner"), target.scope.label("scope"), place.ref.label("ref")
    mark = column(former.column) if former.there else null()
    page = select(*columns, place.value.label("value"), mark.label("former")).where(
        target.id > after, place.value.is_not(None)
    )
    return (await connection.execute(page.order_by(target.id).limit(PAGE))).all()


async def _changes(store: Store, name: str, rows: Sequence[Any]) -> list[Found]:
    """Return the rows without the look-up of their value, each with the one that it shall have."""
    target, wanted = TARGETS[name], list[Found]()
    keys = await store.keys.subjects([row.owner for row in rows])
    for row, key in zip(rows, keys, strict=True):
        value = opened(key, target, row.id, row.value)
        if value is not None:
            index = store.keys.blind_index(target.lookup, value)
            wanted.append((LookupRequest(target.lookup, index, row.owner, row.id, row.scope), row, value))
    held = await held_of(store, [each for each, _, _ in wanted])
    return [found for found in wanted if not _has(held.get(found[0]), found[1])]


def _has(held: Any | None, row: Any) -> bool:
    return held is not None and row.ref is not None and bytes(held.ref) == bytes(row.ref) and held.row_id == row.id


async def note(store: Store, wanted: Sequence[tuple[LookupRequest, bytes | None]]) -> None:
    """Record rows whose look-up changes; rows that are recorded already are not changed."""
    async with transaction(store.keys.engine) as connection:
        epoch = await store.keys.lookups.epochs.lock(connection)
        rows = [
            {"id": new_id(), "kind": each.kind.name, "row_id": each.row_id, "scope": each.scope,
             "mark": epoch.mark(each.index), "epoch": epoch.number, "customer_id": each.customer_id, "ref": ref}
            for each, ref in wanted
        ]  # fmt: skip
        await connection.execute(insert_new(connection, lookup_changes), rows)


def opened(key: SubjectKey | None, target: Target, row_id: int, resting: bytes | None) -> str | None:
    """Decrypt a value; None if there is none, its customer is erased, or it does not decrypt."""
    if key is None or resting is None:
        return None
    try:
        return key.open(target.place.value, row_id, resting).decode()
    except (SealBrokenError, UnicodeDecodeError):
        log.warning("A value of customer %s does not open: %s keeps its index.", key.customer_id, target.place.value)
        return None
