"""Deletes expired data of sign-ins."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import Times
from resolvers.signin.attempts import forget_old
from store.sql.ids import COUNTER_BITS, EPOCH_MS, LANE_BITS
from store.tables.access import sessions
from store.tables.credentials import second_factors
from store.tables.signin import (
    alarm_links,
    email_links,
    known_devices,
    passkey_challenges,
    pending_sign_ins,
    reset_links,
    session_proofs,
)

UNCONFIRMED = timedelta(days=1)
"""The time after which an unconfirmed authenticator app is deleted."""


async def tidy(connection: AsyncConnection, now: datetime) -> None:
    """Delete expired links, challenges, pending sign-ins and session proofs, and devices not used for half a year."""
    for table in (alarm_links, email_links, passkey_challenges, pending_sign_ins, reset_links):
        await connection.execute(delete(table).where(table.c.expires_at <= now))
    over = select(sessions.c.id).where(sessions.c.expires_at <= now)
    waiting = pending_sign_ins.c.session_id.in_(over)
    await connection.execute(delete(pending_sign_ins).where(waiting))
    await connection.execute(delete(session_proofs).where(session_proofs.c.session_id.in_(over)))
    await connection.execute(delete(known_devices).where(known_devices.c.last_used_at <= now - Times().device))
    factors = second_factors.c
    # By id, which begins with its time: the table has no time of creation.
    unconfirmed = factors.confirmed_at.is_(None), factors.id < _id_at(now - UNCONFIRMED)
    await connection.execute(delete(second_factors).where(*unconfirmed))
    await forget_old(connection, now)


def _id_at(moment: datetime) -> int:
    """The least id created from a time on: ids begin with their time (`store.sql.ids`)."""
    return max(0, int(moment.timestamp() * 1000) - EPOCH_MS) << LANE_BITS + COUNTER_BITS
