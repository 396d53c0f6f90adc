"""Runs of imports: the record of each, the release of the letters that one holds, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.imports import ImportAction
from store.database.store import Store
from store.queue.holding import release_letters
from store.sql.ids import new_id
from store.tables.imports import import_rows, imports
from store.tables.outbox import outbox

MOST = 100
"""Runs that one list shows, the newest."""


class ImportRunError(Exception):
    """The run is not there, or not in a state for this; the text says how to go on."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A customer that a row of a file added or changed."""

    customer_id: int
    row: int
    action: ImportAction
    version: int
    """The customer's version after it."""


@dataclass(frozen=True, slots=True)
class Released:
    """The result of a release."""

    letters: int
    """Letters that are delivered now."""
    void: int
    """Letters whose date has passed meanwhile; the gateway writes another one where one is still due."""


async def begin_run(connection: AsyncConnection, system: str | None, hold_mail: bool, now: datetime) -> int:
    """Record that a run begins, in the caller's transaction; returns its id."""
    run, none = new_id(), {"read": 0, "added": 0, "changed": 0}
    row = {"id": run, "system": system, "started_at": now, "mail_held": hold_mail}
    await connection.execute(insert(imports).values(row | none))
    return run


async def note_rows(connection: AsyncConnection, run: int, touched: Sequence[Touched], now: datetime) -> None:
    """Record the customers of a batch, in the caller's transaction."""
    rows = [
        {
            "id": new_id(), "customer_id": each.customer_id, "import_id": run, "row": each.row,
            "action": each.action.name, "version": each.version, "at": now,
        }
        for each in touched
    ]  # fmt: skip
    if rows:
        await connection.execute(insert(import_rows), rows)


async def end_run(
    connection: AsyncConnection, run: int, now: datetime, counts: Mapping[str, int], *, done: bool = True
) -> None:
    """Record how far a run has come, and that it is `done`; `counts` are columns such as `added`."""
    values: dict[str, Any] = {**counts, "last_id": new_id()} | ({"finished_at": now} if done else {})
    await connection.execute(update(imports).where(imports.c.id == run).values(values))


class ImportRuns:
    """The register of runs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self) -> Sequence[Any]:
        """The newest runs, with the number of letters that each holds."""
        async with self._store.write() as connection:
            return (await connection.execute(_runs().order_by(imports.c.id.desc()).limit(MOST))).all()

    async def one(self, run: int) -> Any:
        """One run with the number of its customers that are still here; ImportRunError if there is none."""
        async with self._store.write() as connection:
            row = (await connection.execute(_runs().where(imports.c.id == run))).one_or_none()
            if row is None:
                raise ImportRunError(f"There is no import {run}: `gateway imports list` shows those there are.")
            return row

    async def release(self, run: int, now: datetime) -> Released:
        """Deliver the letters that a run holds, and those that it causes from now on; ImportRunError otherwise."""
        row = await self.one(run)
        if not row.mail_held:
            raise ImportRunError(f"Import {run} holds no letters: it was run without --hold-mail.")
        if row.released_at is not None:
            raise ImportRunError(f"Import {run} was released already.")
        async with self._store.write() as connection:
            released = update(imports).where(imports.c.id == run, imports.c.released_at.is_(None))
            await connection.execute(released.values(released_at=now))
            letters = await release_letters(connection, run, now)
            void = await connection.scalar(select(func.count()).select_from(outbox).where(outbox.c.held_by == run))
        return Released(letters, void or 0)


def _runs() -> Any:
    held = select(func.count()).select_from(outbox).where(outbox.c.held_by == imports.c.id, outbox.c.dead_at.is_(None))
    here = (
        select(func.count())
        .select_from(import_rows)
        .where(import_rows.c.import_id == imports.c.id, import_rows.c.action == ImportAction.ADDED.name)
    )
    return select(
        imports.c.id, imports.c.system, imports.c.started_at, imports.c.finished_at, imports.c.read, imports.c.added,
        imports.c.changed, imports.c.mail_held, imports.c.released_at, imports.c.undone_at, imports.c.last_id,
        held.scalar_subquery().label("held"), here.scalar_subquery().label("here"),
    )  # fmt: skip
