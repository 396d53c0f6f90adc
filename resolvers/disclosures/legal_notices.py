"""Notifies customers of disclosures to authorities: at once, or when the embargo ends (R24)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import Site
from resolvers.emails.emails import write
from resolvers.emails.legal import LegalEmail
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.legal import legal_requests

PAGE = 100


async def notify(connection: AsyncConnection, key: SubjectKey, request: Any, site: Site, now: datetime) -> None:
    """Notify the customer once, in the caller's transaction; `request` is the row of the answered request."""
    facts = {
        "authority": request.authority,
        "country": request.country,
        "ground": request.ground,
        "day": request.answered_at or now,
        "fields": tuple(orjson.loads(request.fields)),
        "reference": request.reference,
    }
    await write(connection, key, site, LegalEmail.ANSWERED, now, **facts)
    await connection.execute(update(legal_requests).where(legal_requests.c.id == request.id).values(told_at=now))


async def notify_after_embargo(store: Store, site: Site, now: datetime) -> int:
    """Notify the customers whose embargo has ended; returns their number. Erased customers are skipped."""
    waiting = (
        select(legal_requests)
        .where(
            legal_requests.c.told_at.is_(None),
            legal_requests.c.embargoed_until <= now,
            legal_requests.c.state == "ANSWERED",
            legal_requests.c.customer_id.is_not(None),
        )
        .order_by(legal_requests.c.id)
        .limit(PAGE)
    )
    async with store.write() as connection:
        # Rows that another worker has locked are skipped, not waited for.
        rows = (await connection.execute(waiting.with_for_update(skip_locked=True))).all()
        keys = await store.keys.subjects([row.customer_id for row in rows])
        for row, key in zip(rows, keys, strict=True):
            if key is not None:
                await notify(connection, key, row, site, now)
    return sum(key is not None for key in keys)
