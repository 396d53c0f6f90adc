"""Noting that a letter which must arrive before a restriction is lifted did, or came back for good (Art. 18(3))."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.tables.restrictions import objections, restrictions


async def note_told(connection: AsyncConnection, outbox_id: int, outcome: str, now: datetime) -> None:
    """From now on the three days run; a letter that was given up told nobody, and waits for one by post."""
    if outcome not in ("DELIVERED", "REFUSED"):
        return
    for table in (restrictions, objections):
        mine = table.c.letter_id == outbox_id, table.c.told_at.is_(None)
        await connection.execute(update(table).where(*mine).values(told_at=now))
