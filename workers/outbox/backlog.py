"""The backlog of the outbox by topic: what waits to be delivered, since when, and what was given up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from store.database.store import Store
from store.sql.metadata import instant
from store.tables.outbox import outbox

O = outbox.c  # noqa: E741
_waiting = (
    select(O.topic, func.count(), func.min(O.created_at))
    .where(O.delivered_at.is_(None), O.dead_at.is_(None), O.next_attempt_at.is_not(None))
    .group_by(O.topic)
)
_dead = select(O.topic, func.count()).where(O.dead_at.is_not(None)).group_by(O.topic)


@dataclass(frozen=True, slots=True)
class OutboxBacklog:
    """Messages by topic."""

    waiting: Mapping[str, int]
    oldest: Mapping[str, datetime]
    """When the oldest message that waits was written."""
    dead: Mapping[str, int]
    """Messages that were given up."""


class OutboxBacklogs:
    """Reads the backlog of a store; no content of a message is opened."""

    def __init__(self, store: Store) -> None:
        self._reader = store.reader
        self._waiting, self._dead = store.reader.prepare(_waiting), store.reader.prepare(_dead)

    async def read(self) -> OutboxBacklog:
        """As it is now; StoreUnavailableError."""
        rows = await self._reader.fetch(self._waiting, {})
        dead = await self._reader.fetch(self._dead, {})
        return OutboxBacklog(
            {topic: count for topic, count, _ in rows},
            {topic: instant(since) for topic, _, since in rows},
            {row[0]: row[1] for row in dead},
        )
