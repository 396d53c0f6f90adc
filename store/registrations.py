"""What a running registration is, said once: publication, look-ups, disclosures and uniqueness hold for these only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.domains import domains
from store.metadata import Instant
from store.services import services

D = domains.c


def runs(now: ColumnElement[object]) -> ColumnElement[bool]:
    """A row of `domains` whose registration runs at `now`, a parameter of type `Instant`.

    It was not given up, its service has not ended, and it has not expired. REDEMPTION is the time after expiry in which
    the owner may still have it back, so there the date of expiry ends nothing (R45).
    """
    own = services.alias("registered_for").c
    ended = select(own.id).where(own.id == D.service_id, own.status == "TERMINATED").exists()
    redeemable = select(own.id).where(own.id == D.service_id, own.status == "REDEMPTION").exists()
    lasts = or_(D.expires_at.is_(None), D.expires_at > now, redeemable)
    return and_(D.released_at.is_(None), ~ended, lasts)


async def release_ended(connection: AsyncConnection, indexes: Iterable[bytes], now: datetime) -> None:
    """Let go of these names where their registration runs no more, so that the next one can have them."""
    named = D.name_index.in_(list(indexes)), D.released_at.is_(None)
    over = update(domains).where(*named, ~runs(literal(now, Instant())))
    await connection.execute(over.values(released_at=now))
