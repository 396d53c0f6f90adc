"""Notices of restrictions, their end and corrections that an operator handles by hand (GDPR Art. 19)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, tzinfo
from typing import Any

import orjson
from sqlalchemy import select, update

from policy.erasing import SETTLED, Method, NotificationState
from policy.restricting import Notice, NoticeReply
from store.database.store import Store
from store.queue.messages import opened
from store.tables.outbox import outbox
from store.tables.restrictions import notice_recipients
from workers.recipients.by_hand import RecipientError, posting
from workers.recipients.closing import forget_messages
from workers.recipients.notices import letter

MOST = 1_000
OPEN = tuple(state.name for state in NotificationState if state not in SETTLED)


class Notices:
    """Recipients of notices, by the number of the row."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def listed(self, every: bool) -> Sequence[Any]:
        """Those who have not answered yet, the oldest first; with `every`, the newest of all."""
        query = select(notice_recipients).limit(MOST)
        query = (
            query.order_by(notice_recipients.c.id.desc())
            if every
            else query.where(notice_recipients.c.state.in_(OPEN)).order_by(notice_recipients.c.listed_at)
        )
        async with self._store.write() as connection:
            return (await connection.execute(query)).all()

    async def letter(self, number: int) -> str:
        """The text to post; RecipientError when nothing waits."""
        row = await self._one(number)
        query = select(outbox.c.id, outbox.c.customer_id, outbox.c.payload).where(
            outbox.c.id == row.outbox_id, outbox.c.payload.is_not(None)
        )
        async with self._store.write() as connection:
            message = (await connection.execute(query)).one_or_none()
        (content,) = (None,) if message is None else await opened(self._store.keys, [tuple(message)])
        if content is None or row.state != NotificationState.LISTED.name:
            raise RecipientError("No letter waits for it: `gateway recipients notices --all` tells its state.")
        said = orjson.loads(content)
        return str(said["text"] if "text" in said else letter(Notice[row.about], "", said["data"])["text"])

    async def posted(self, number: int, on: date, zone: tzinfo, now: datetime) -> None:
        """Record that a letter was posted on a day of the zone; a message that still waits is not sent.

        RecipientError for one that was told in another way: there is no letter to post.
        """
        row = await self._one(number)
        if row.state == NotificationState.SENT.name and row.method != Method.LETTER.name:
            raise RecipientError(f"It was told by {row.method.lower()} already: there is no letter to post.")
        sent = posting(on, zone, row.listed_at, now)
        values = {
            "state": NotificationState.SENT.name,
            "method": Method.LETTER.name,
            "tries": notice_recipients.c.tries + 1,
            "sent_at": sent,
        }
        await self._change(row, (*OPEN, NotificationState.GIVEN_UP.name), values | {"given_up_at": None}, now)

    async def answered(self, number: int, reply: NoticeReply, now: datetime) -> None:
        """Record what a recipient answered."""
        values = {"state": reply.state.name, "answer": reply.name, "answered_at": now, "given_up_at": None}
        await self._change(await self._one(number), tuple(state.name for state in NotificationState), values, now)

    async def give_up(self, number: int, now: datetime) -> None:
        """Wait for it no more."""
        values = {"state": NotificationState.GIVEN_UP.name, "given_up_at": now}
        await self._change(await self._one(number), OPEN, values, now)

    async def _one(self, number: int) -> Any:
        async with self._store.write() as connection:
            row = (
                await connection.execute(select(notice_recipients).where(notice_recipients.c.id == number))
            ).one_or_none()
        if row is None:
            raise RecipientError("There is no such notice: `gateway recipients notices --all` lists them.")
        return row

    async def _change(self, row: Any, of: Sequence[str], values: dict[str, Any], now: datetime) -> None:
        async with self._store.write() as connection:
            mine = notice_recipients.c.id == row.id, notice_recipients.c.state.in_(of)
            if (await connection.execute(update(notice_recipients).where(*mine).values(values))).rowcount == 0:
                raise RecipientError(f"{row.name} is {row.state}, and stays so.")
            await forget_messages(connection, [row.outbox_id], now)
