"""What a running registration is, said once: publication, look-ups, disclosures and uniqueness hold for these only."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.sql.metadata import Instant
from store.tables.domains import domains
from store.tables.services import services


class RegistrationRunsError(Exception):
    """A registration that had ended was renewed in the meantime: its name is not free."""


def runs(now: ColumnElement[object]) -> ColumnElement[bool]:
    """A row of `domains` whose registration runs at `now`, a parameter of type `Instant`.

    It was not given up, its service has not ended, and it has not expired. REDEMPTION is the time after expiry in which
    the owner may still have it back, so there the date of expiry ends nothing (R45).
    """
    own = services.alias("registered_for").c
    ended = select(own.id).where(own.id == domains.c.service_id, own.status == "TERMINATED").exists()
    redeemable = select(own.id).where(own.id == domains.c.service_id, own.status == "REDEMPTION").exists()
    lasts = or_(domains.c.expires_at.is_(None), domains.c.expires_at > now, redeemable)
    return and_(domains.c.released_at.is_(None), ~ended, lasts)


async def let_go(connection: AsyncConnection, rows: Collection[int], now: datetime) -> None:
    """Let go of the names of these rows, whose registrations run no more: the next one has them (`take` names them).

    RegistrationRunsError if one runs again by now, which nobody may take anything from.
    """
    if rows:
        over = update(domains).where(
            domains.c.id.in_(list(rows)), domains.c.released_at.is_(None), ~runs(literal(now, Instant()))
        )
        await connection.execute(over.values(released_at=now))
        still = select(domains.c.id).where(domains.c.id.in_(list(rows)), domains.c.released_at.is_(None)).limit(1)
        if await connection.scalar(still) is not None:
            raise RegistrationRunsError
