"""Blind indexes brought to this release's form of their values: in pages, resumable, by any number of replicas at once.

What is looked up is sealed, so no migration of the database alone can do it: each value is opened, and where the form
of before and the form of now differ the row is noted in `index_changes`. Only when all rows of a lookup were looked at
is the first one changed (`store.reindexing_writing`): which of them would share an index is known by then.
"""

from __future__ import annotations

import logging
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final, TypeVar

from sqlalchemy import Column, ColumnElement, String, Table, case, cast, literal, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from store.blindindex import LONGEST, Lookup
from store.credentials import credentials
from store.customers import customers
from store.database import Store
from store.domains import domains
from store.faults import Cause, StoreUnavailable
from store.housekeys import insert_new
from store.ids import new_id
from store.index_changes import LOOKUPS, index_changes, index_rebuilds
from store.sealing import SealBroken
from store.subjectkey import SubjectKey

log = logging.getLogger(__name__)

R = index_rebuilds.c
PAGE = 500
"""Rows that one transaction looks at, or changes."""
PATIENCE = 60.0
"""Seconds that a replica waits for the page of another one."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Target:
    """A blind index, and the sealed value that it is made from."""

    table: Table
    value: Column[Any]
    index: Column[Any]
    lookup: Lookup
    owner: Column[int]
    scope: ColumnElement[Any] | None = None
    """What the index is unique within, if it is not the table."""

    @property
    def id(self) -> Column[int]:
        """The table's key."""
        return self.table.c.id


C, K, D = customers.c, credentials.c, domains.c
REGISTRATION = case((D.released_at.is_(None), literal("")), else_=cast(D.id, String(20)))
"""A name is unique among registrations that run; each that has ended is by itself."""
TARGETS: Final = {
    "EMAIL": Target(customers, C.email, C.email_index, Lookup.EMAIL, C.id),
    "LOGIN": Target(credentials, K.login_name, K.login_index, Lookup.LOGIN, K.customer_id, K.platform),
    "DOMAIN": Target(domains, D.name, D.name_index, Lookup.DOMAIN, D.customer_id, REGISTRATION),
}


def former_form(lookup: Lookup, value: str) -> str:
    """What a value was looked up by before: case folded, so that `ß` was `ss`, and domains in whatever letters."""
    if len(value) > LONGEST:
        return value  # It was never an address or a name, and normalising takes the square of its combining marks.
    folded = unicodedata.normalize("NFKC", value).strip().casefold()
    return folded.rstrip(".") if lookup is Lookup.DOMAIN else folded


async def begin_anew(store: Store) -> None:
    """Have every row looked at once more, while everybody is served; harmless while a rebuilding is under way."""
    rows = [{"lookup": each, "after": 0, "scanned": False, "awaited": False} for each in LOOKUPS]
    async with store.write() as connection:
        await connection.execute(insert_new(connection, index_rebuilds), rows)


async def scan(store: Store, name: str) -> None:
    """Note the rows of a lookup that are found by another index from now on, from where the last one stopped."""
    while await patiently(lambda: _scan_page(store, name)):
        pass


async def patiently(work: Callable[[], Awaitable[Result]]) -> Result:
    """The work, once more while another replica has what it needs; StoreUnavailable after a minute of that.

    Once more, too, when a row was erased or a value taken between the look and the write: the next look sees it.
    """
    until = monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except (StoreUnavailable, IntegrityError) as problem:
            passes = isinstance(problem, IntegrityError) or problem.cause is Cause.LOCKED
            if not passes or monotonic() > until:
                raise


async def _scan_page(store: Store, name: str) -> bool:
    """One page, under the lock of the lookup's own row: replicas take turns. Whether there may be more."""
    async with store.write() as connection:
        locked = select(R.after, R.scanned).where(R.lookup == name).with_for_update()
        at = (await connection.execute(locked)).one_or_none()
        if at is None or at.scanned:
            return False
        rows = await _rows(connection, TARGETS[name], at.after)
        mine = update(index_rebuilds).where(R.lookup == name)
        if not rows:
            await connection.execute(mine.values(scanned=True))
            return False
        if found := await _changes(store, name, rows):
            await connection.execute(insert_new(connection, index_changes), found)
        await connection.execute(mine.values(after=rows[-1].id))
    return True


async def _rows(connection: AsyncConnection, target: Target, after: int) -> Sequence[Any]:
    scope = literal("") if target.scope is None else target.scope
    columns = (target.id, target.owner.label("owner"), scope.label("scope"))
    page = select(*columns, target.value.label("value"), target.index.label("mark")).where(target.id > after)
    return (await connection.execute(page.order_by(target.id).limit(PAGE))).all()


async def _changes(store: Store, name: str, rows: Sequence[Any]) -> list[dict[str, Any]]:
    target, found = TARGETS[name], []
    keys = await store.keys.subjects([row.owner for row in rows])
    for row, key in zip(rows, keys, strict=True):
        value = opened(key, target, row.id, row.value)
        # Nearly every value has one form in both releases; only for the others is a fingerprint worked out.
        if value is None or row.mark is None or target.lookup.normalise(value) == former_form(target.lookup, value):
            continue
        mark = store.keys.blind_index(target.lookup, value)
        if mark != bytes(row.mark):
            change = {"id": new_id(), "customer_id": row.owner, "lookup": name, "row_id": row.id, "scope": row.scope}
            found.append(change | {"old_index": bytes(row.mark), "new_index": mark})
    return found


def opened(key: SubjectKey | None, target: Target, row_id: int, resting: bytes | None) -> str | None:
    """The value; None for one that is not there, whose customer is erased, or that does not open."""
    if key is None or resting is None:
        return None
    try:
        return key.open(target.value, row_id, resting).decode()
    except (SealBroken, UnicodeDecodeError):
        log.warning("A value of customer %s does not open: %s keeps its index.", key.customer_id, target.value)
        return None
