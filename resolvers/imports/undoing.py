"""Undoes a run of an import: removes the customers that it added, as an erasure does, unless something has happened.

A customer stays if somebody wrote to them, if they signed in, or if anything about them was added or changed since: an
erasure is the way then, which informs the customer and recipients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, unique
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import ErasureCause, local_day, start_of_day
from policy.imports import ImportAction
from policy.letters import WARNED
from policy.periods import Period
from policy.retention import RetentionRule
from resolvers.events.announcements import announce_erased, heard
from resolvers.imports.runs import ImportRunError, ImportRuns
from store.crypto.erasure_numbers import count_erasure
from store.database.store import Store
from store.records.declared import Whose
from store.records.holdings import Holding, holdings
from store.records.removal import remove_rows
from store.tables.access import sign_ins
from store.tables.customers import customers
from store.tables.erasures import WAITING_STATES, erasure_count, erasure_letters, erasures
from store.tables.imports import import_rows, imports
from store.tables.outbox import outbox

BATCH = 200
"""Customers in one transaction."""

Page = Sequence[tuple[int, int, int]]
"""Customers with the number of their row in the file, and their version after the run."""


@unique
class KeptReason(Enum):
    """A reason for which a customer is not removed."""

    WRITTEN_TO = "a letter or a message about them was sent, or is being sent"
    SIGNED_IN = "they signed in"
    CHANGED = "something about them was added or changed since the import"
    ERASING = "an erasure of theirs is recorded, which goes on"


@dataclass(slots=True)
class Undone:
    """The result of an undo."""

    removed: int = 0
    kept: dict[int, tuple[KeptReason, str]] = field(default_factory=dict)
    """By the number of the row in the file: the reason, and the table that shows it."""
    changed: int = 0
    """Known customers whom the run changed; the former values are not kept, so this is not undone."""

    @property
    def reasons(self) -> Mapping[KeptReason, int]:
        """The number of customers kept for each reason."""
        return Counter(reason for reason, _ in self.kept.values())


async def undo(store: Store, run: int, now: datetime, progress: Callable[[int], None] = lambda _: None) -> Undone:
    """Remove the customers whom a run added, a batch in each transaction; idempotent, also after a kill.

    Of each batch: 1. lock the customers, so that nobody signs in meanwhile, and find those of whom something is known
    since; 2. destroy the keys of the others, with their look-ups, in the key store; 3. delete their rows, and announce
    that they are erased. A kill between 2 and 3 leaves rows without a key, which the next run or the worker removes.

    Raises ImportRunError if the run is unknown, or so old that letters of its time have left the outbox; then nothing
    shows any more that nobody was written to. StoreUnavailableError.
    """
    found = await ImportRuns(store).one(run)
    if found.last_id is None:
        raise ImportRunError(f"Import {run} is not finished: let it end, or repeat its command, and undo it then.")
    oldest = start_of_day(Period.parse(RetentionRule.OUTBOX.period or "").first_running(local_day(now, UTC)), UTC)
    if found.started_at < oldest:
        raise ImportRunError(
            f"Import {run} is older than what the outbox keeps ({RetentionRule.OUTBOX.period}), so nothing shows any "
            "more that nobody was written to. Erase its customers with `gateway erasures request`."
        )
    result, last = Undone(changed=found.changed), 0
    while page := await _next(store, run, last):
        last = page[-1][0]
        await _remove(store, page, found.last_id, run, now, result)
        progress(len(page))
    for each in holdings():
        await store.scrub(each.table)
    await store.keys.clean()
    async with store.write() as connection:
        await connection.execute(
            update(imports).where(imports.c.id == run, imports.c.undone_at.is_(None)).values(undone_at=now)
        )
    return result


async def _next(store: Store, run: int, last: int) -> Page:
    added = import_rows.c.import_id == run, import_rows.c.action == ImportAction.ADDED.name
    page = select(import_rows.c.customer_id, import_rows.c.row, import_rows.c.version).where(
        *added, import_rows.c.customer_id > last
    )
    async with store.write() as connection:
        rows = await connection.execute(page.order_by(import_rows.c.customer_id).limit(BATCH))
        return [(id_, row, version) for id_, row, version in rows]


async def _remove(store: Store, page: Page, last_id: int, run: int, now: datetime, result: Undone) -> None:
    ids = [id_ for id_, _, _ in page]
    async with store.write() as connection:
        there = select(customers.c.id, customers.c.version).where(customers.c.id.in_(ids))
        versions = {found.id: found.version for found in await connection.execute(there.with_for_update())}
        kept = await _kept(connection, page, versions, last_id, run)
        gone = [(id_, row) for id_, row, _ in page if id_ in versions and id_ not in kept]
        for id_, _ in gone:
            await store.keys.destroy(id_, clean=False)  # 2
            number = await store.keys.erasure_number(id_)
            if number is not None:
                await count_erasure(connection, erasure_count, number)
        removed = [id_ for id_, _ in gone]
        planned = select(erasures.c.id).where(erasures.c.customer_id.in_(removed))
        # A planned erasure of nobody would never end; its letters were never sent.
        await connection.execute(delete(erasure_letters).where(erasure_letters.c.erasure_id.in_(planned)))
        await connection.execute(delete(erasures).where(erasures.c.customer_id.in_(removed)))
        await remove_rows(connection, removed)  # 3
        if (await connection.execute(heard().limit(1))).first() is not None:
            for id_ in removed:
                await announce_erased(connection, store.keys.system, id_, now)
    result.removed += len(gone)
    result.kept |= {row: kept[id_] for id_, row, _ in page if id_ in kept}


async def _kept(
    connection: AsyncConnection, page: Page, versions: Mapping[int, int], last_id: int, run: int
) -> dict[int, tuple[KeptReason, str]]:
    """The customers of a page who stay, with the reason that is found first."""
    ids, found = list(versions), dict[int, tuple[KeptReason, str]]()
    for reason, table, condition in _signs(last_id, run):
        of = table.c.customer_id
        # Locked, so that no worker sends a letter while its customer is removed.
        query = select(of).where(of.in_(ids), condition)
        for (owner,) in await connection.execute(query.with_for_update() if table is outbox else query):
            found.setdefault(owner, (reason, str(table.name)))
    letters = select(erasures.c.customer_id).join_from(erasure_letters, erasures)
    sent = letters.where(erasures.c.customer_id.in_(ids), erasure_letters.c.outcome.in_(WARNED))
    for (owner,) in await connection.execute(sent):
        found.setdefault(owner, (KeptReason.WRITTEN_TO, "erasure_letters"))
    for id_, _, version in page:
        if versions.get(id_, version) != version:
            found.setdefault(id_, (KeptReason.CHANGED, "customers"))
    return found


def _signs(last_id: int, run: int) -> Iterator[tuple[KeptReason, Any, ColumnElement[bool]]]:
    """The tables whose rows show that something has happened, with the condition for such rows."""
    yield KeptReason.WRITTEN_TO, outbox, outbox.c.attempts > 0
    yield KeptReason.SIGNED_IN, sign_ins, sign_ins.c.outcome == "SUCCEEDED"
    planned = (erasures.c.cause == ErasureCause.RETENTION.name) & erasures.c.state.in_(WAITING_STATES)
    yield KeptReason.ERASING, erasures, ~planned
    yield KeptReason.CHANGED, import_rows, import_rows.c.import_id != run
    for each in holdings():
        if _shows(each):
            yield KeptReason.CHANGED, each.table, each.table.c.id > last_id


def _shows(each: Holding) -> bool:
    """Whether later rows of a table show that something was changed; the others have signs of their own, or none."""
    apart = (customers, outbox, sign_ins, erasures, import_rows)
    return each.declared.whose is Whose.COLUMN and each.table not in apart and "id" in each.table.c
