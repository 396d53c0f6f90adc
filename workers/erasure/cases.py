"""Cases of erasure as operators look at them: listed, shown in full, and taken up again at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from store.database.store import Store
from store.records.holds import visible_holds
from store.tables.erasures import STANDING_STATES, erasure_letters, erasure_recipients, erasure_steps, erasures

MOST = 1000


@dataclass(frozen=True, slots=True)
class CaseDetails:
    """One case with all that belongs to it, as rows."""

    row: Any
    steps: Sequence[Any]
    recipients: Sequence[Any]
    letters: Sequence[Any]
    held: bool
    """Whether an order keeps data of the customer, and may be told."""


class ErasureCases:
    """Names cases by number, and nobody by name."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self, every: bool) -> Sequence[Any]:
        """Those that are not over, or not yet observed, the earliest deadline first; with `every`, all."""
        query = select(erasures).order_by(erasures.c.due_at.is_(None), erasures.c.due_at, erasures.c.id).limit(MOST)
        async with self._store.write() as connection:
            rows = await connection.execute(
                query if every else query.where(erasures.c.state.in_(STANDING_STATES) | erasures.c.unobserved)
            )
            return rows.all()

    async def shown(self, case: int, now: datetime) -> CaseDetails | None:
        """One case; None where there is none of this number."""
        steps = (
            select(erasure_steps)
            .where(erasure_steps.c.erasure_id == case)
            .order_by(erasure_steps.c.done_at, erasure_steps.c.id)
        )
        recipients = (
            select(erasure_recipients)
            .where(erasure_recipients.c.erasure_id == case)
            .order_by(erasure_recipients.c.kind, erasure_recipients.c.name)
        )
        letters = (
            select(erasure_letters).where(erasure_letters.c.erasure_id == case).order_by(erasure_letters.c.written_at)
        )
        async with self._store.write() as connection:
            row = (await connection.execute(select(erasures).where(erasures.c.id == case))).one_or_none()
            if row is None:
                return None
            done, notified, sent = [(await connection.execute(query)).all() for query in (steps, recipients, letters)]
            held = bool(await visible_holds(connection, row.customer_id or 0, now))
            return CaseDetails(row, done, notified, sent, held)

    async def retry(self, case: int) -> bool:
        """Free a case that is under way from its lease; False where no such case is."""
        free = (
            update(erasures)
            .where(erasures.c.id == case, erasures.c.state == "ERASING")
            .values(leased_until=None, trouble=None)
        )
        async with self._store.write() as connection:
            return (await connection.execute(free)).rowcount == 1
