"""The backlog of erasures: how many stand in which state, and whether a deadline is near or missed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from store.database.store import Store
from store.sql.metadata import instant
from store.tables.erasures import STANDING_STATES, erasures

_standing = select(erasures.c.state, erasures.c.due_at, erasures.c.alarm_at).where(
    erasures.c.state.in_(STANDING_STATES)
)


@dataclass(frozen=True, slots=True)
class ErasureBacklog:
    """Erasures that are not over."""

    states: Counter[str]
    """How many stand in each state; those in which none does, too."""
    overdue: int
    """Past their deadline."""
    alarms: int
    """Those that should have been done by now."""
    next_due: datetime | None
    """The earliest deadline; None where there is none."""


class ErasureBacklogs:
    """Reads the backlog of a store."""

    def __init__(self, store: Store) -> None:
        self._reader = store.reader
        self._standing = store.reader.prepare(_standing)

    async def read(self, now: datetime) -> ErasureBacklog:
        """As it is now; StoreUnavailableError."""
        rows = await self._reader.fetch(self._standing, {})
        states = Counter(dict.fromkeys(STANDING_STATES, 0))
        states.update(state for state, _, _ in rows)
        dues = [instant(due) for _, due, _ in rows if due is not None]
        alarms = sum(alarm is not None and instant(alarm) <= now for _, _, alarm in rows)
        return ErasureBacklog(states, sum(due < now for due in dues), alarms, min(dues, default=None))
