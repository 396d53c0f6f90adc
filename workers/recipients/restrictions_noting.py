"""Records that the letter before the lifting of a restriction was delivered, or refused permanently (Art. 18(3))."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.letters import FINAL_ANSWERS
from store.tables.restrictions import objections, restrictions


async def note_delivered(connection: AsyncConnection, outbox_id: int, outcome: str, now: datetime) -> None:
    """Start the period before the lifting; a letter that was given up informed nobody, so that one by post is
    awaited."""
    if outcome not in FINAL_ANSWERS:
        return
    for table in (restrictions, objections):
        mine = table.c.letter_id == outbox_id, table.c.told_at.is_(None)
        await connection.execute(update(table).where(*mine).values(told_at=now))
