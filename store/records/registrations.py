"""The definition of a running domain registration, used by publication, look-ups, disclosures and uniqueness."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.sql.metadata import Instant
from store.tables.domains import domains
from store.tables.services import services


class RegistrationRunsError(Exception):
    """An ended registration was renewed in the meantime, so its name is not free."""


def runs(now: ColumnElement[object]) -> ColumnElement[bool]:
    """Return the condition for a row of `domains` whose registration runs at `now`, a parameter of type `Instant`.

    It was not released, its service has not ended, and it has not expired. REDEMPTION is the period after expiry in
    which the owner can still recover the domain, so the expiry date does not count there (R45).
    """
    own = services.alias("registered_for").c
    ended = select(own.id).where(own.id == domains.c.service_id, own.status == "TERMINATED").exists()
    redeemable = select(own.id).where(own.id == domains.c.service_id, own.status == "REDEMPTION").exists()
    lasts = or_(domains.c.expires_at.is_(None), domains.c.expires_at > now, redeemable)
    return and_(domains.c.released_at.is_(None), ~ended, lasts)


async def let_go(connection: AsyncConnection, rows: Collection[int], now: datetime) -> None:
    """Release the names of these rows, whose registrations have ended, to the next registration.

    RegistrationRunsError if one of them runs again by now.
    """
    if rows:
        over = update(domains).where(
            domains.c.id.in_(list(rows)), domains.c.released_at.is_(None), ~runs(literal(now, Instant()))
        )
        await connection.execute(over.values(released_at=now))
        # In the same transaction after the update: a registration that was renewed meanwhile is not released.
        still = select(domains.c.id).where(domains.c.id.in_(list(rows)), domains.c.released_at.is_(None)).limit(1)
        if await connection.scalar(still) is not None:
            raise RegistrationRunsError
