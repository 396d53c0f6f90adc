"""Gives up expired messages of the outbox, and deletes their content."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Select, and_, bindparam, func, or_, select, update

from policy.dates import local_day, start_of_day
from policy.periods import Period
from policy.retention import WAITING
from store.database.store import Store
from store.sql.metadata import Instant
from store.tables.erasures import erasure_letters
from store.tables.outbox import outbox

O, L = outbox.c, erasure_letters.c  # noqa: E741  (the tables' columns)

BATCH: Final = 500
"""Messages in one transaction."""

VOID: Final = "VOID"
"""The trouble code of a message that expired before it was delivered."""


async def wipe_void(store: Store, now: datetime) -> int:
    """Give up messages that are void, or have waited for longer than their topic allows; returns their number.

    It does not matter whether there is a mail server, or whether delivery was ever attempted. A message under way is
    left to its worker; delivered ones do not change.
    """
    under_way = and_(O.leased_until.is_not(None), O.leased_until > now)
    void = and_(O.void_at <= now, O.payload.is_not(None), O.delivered_at.is_(None), ~under_way)
    old = [and_(O.topic == topic, func.coalesce(O.give_up_at, O.created_at) < _cutoff(period, now))
           for topic, period in WAITING.items()]  # fmt: skip
    waits = and_(O.next_attempt_at.is_not(None), or_(*old), ~under_way)
    gone = 0
    for each in (void, waits):
        # Locked rows are being delivered or claimed at this moment.
        found = select(O.id).where(each).order_by(O.id).limit(BATCH).with_for_update(skip_locked=True)
        while some := await _wipe(store, found, now):
            gone += some
    return gone


async def _wipe(store: Store, found: Select[tuple[int]], now: datetime) -> int:
    async with store.write() as connection:
        ids = list((await connection.execute(found)).scalars())
        if ids:
            change = {
                "payload": None,
                "dead_at": func.coalesce(O.dead_at, bindparam("moment", now, Instant)),
                "next_attempt_at": None,
                "leased_until": None,
                "trouble": func.coalesce(O.trouble, VOID),
            }
            await connection.execute(update(outbox).where(O.id.in_(ids)).values(change))
            noted = update(erasure_letters).where(L.id.in_(ids), L.outcome.is_(None))
            await connection.execute(noted.values(outcome="GIVEN_UP", settled_at=now))
    return len(ids)


def _cutoff(period: str, now: datetime) -> datetime:
    return start_of_day(Period.parse(period).first_running(local_day(now, UTC)), UTC)
