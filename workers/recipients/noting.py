"""Records the outcome of messages to recipients, when it was observed (D9).

It is recorded in the transaction that settles the message, so that there is never one without the other (F10).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import SETTLED, NotificationState, RecipientAnswer
from policy.restricting import NoticeReply
from store.tables.erasures import erasure_recipients, erasures
from store.tables.restrictions import notice_recipients

UNSIGNED = erasure_recipients.c.erasure_id.in_(
    select(erasures.c.id).where(
        erasures.c.id == erasure_recipients.c.erasure_id, erasures.c.recipients_statement.is_(None)
    )
)
"""Condition for recipients whose statement was not signed yet: after that the row must not change."""


async def note_taken(
    connection: AsyncConnection, outbox_id: int, tries: int, answer: RecipientAnswer | NoticeReply | None, now: datetime
) -> None:
    """Record that the receiver accepted the message at this attempt, with its answer, if any."""
    state = NotificationState.SENT if answer is None else answer.state
    values: dict[str, Any] = {"state": state.name, "tries": tries, "sent_at": now, "trouble": None, "given_up_at": None}
    if answer is not None:
        values |= {"answer": answer.name, "answered_at": now}
    # Also of GIVEN_UP: the message may have been replayed.
    await _note(connection, outbox_id, (NotificationState.LISTED, NotificationState.GIVEN_UP), values, now)


async def note_failed(connection: AsyncConnection, outbox_id: int, tries: int, trouble: str, now: datetime) -> None:
    """Record a failed attempt that will be retried."""
    await _note(connection, outbox_id, (NotificationState.LISTED,), {"tries": tries, "trouble": trouble}, now)


async def note_given_up(connection: AsyncConnection, outbox_id: int, tries: int, trouble: str, now: datetime) -> None:
    """Record that the message was given up."""
    values = {"state": NotificationState.GIVEN_UP.name, "tries": tries, "given_up_at": now, "trouble": trouble}
    await _note(connection, outbox_id, (NotificationState.LISTED,), values, now)


async def _note(
    connection: AsyncConnection,
    outbox_id: int,
    of: tuple[NotificationState, ...],
    values: dict[str, Any],
    now: datetime,
) -> None:
    those = erasure_recipients.c.outbox_id == outbox_id, erasure_recipients.c.state.in_([state.name for state in of])
    case = await connection.scalar(select(erasure_recipients.c.erasure_id).where(*those))
    if case is None:
        # Not of an erasure: the message was about a restriction or a correction.
        its = notice_recipients.c.outbox_id == outbox_id, notice_recipients.c.state.in_([state.name for state in of])
        await connection.execute(update(notice_recipients).where(*its).values(values))
        return
    await connection.execute(update(erasure_recipients).where(*those, UNSIGNED).values(values))
    if values.get("state") in {state.name for state in SETTLED}:
        await look_soon(connection, case, now)


async def look_soon(connection: AsyncConnection, erasure_id: int, now: datetime) -> None:
    """Make a worker check soon whether this was the last recipient of the case."""
    waits = (
        erasures.c.id == erasure_id,
        erasures.c.recipients_due_at.is_not(None),
        erasures.c.recipients_statement.is_(None),
    )
    await connection.execute(update(erasures).where(*waits).values(recipients_due_at=now))
