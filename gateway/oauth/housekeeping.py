"""What has to be done again and again: old rows go, and a new key signs once the old one has signed for long enough."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import and_, delete, exists, func, select

from gateway.settings import Settings
from gateway.signing_keys import SigningKeys
from resolvers.signins_tidying import tidy
from store.database import Store, StoreUnavailable
from store.oauth import (
    oauth_codes,
    oauth_families,
    oauth_requests,
    oauth_secrets,
    revocations,
    slowdowns,
    used_values,
)
from store.single_use import SingleUse

log = logging.getLogger("gateway")

EVERY = 60.0
"""Seconds between two rounds."""

FORGOTTEN = timedelta(days=1)
"""How long what is over is kept, so that its reuse is still told from noise."""


class Housekeeping:
    """Any number of replicas may do it at once: each deletion is of rows that are over, each new key is made once."""

    def __init__(self, store: Store, keys: SigningKeys, single_use: SingleUse, settings: Settings) -> None:
        self._store = store
        self._keys = keys
        self._single_use = single_use
        self._key_life = timedelta(days=settings.signing_key_days)

    async def round(self, now: datetime) -> None:
        """Do everything that is due; StoreUnavailable when it cannot be done now."""
        await self.tidy(now)
        await self.renew_keys(now)

    async def tidy(self, now: datetime) -> None:
        """Delete what is over. Families stay a day longer, and used codes as long as what they gave."""
        over = now - FORGOTTEN
        families, codes = oauth_families.c, oauth_codes.c
        async with self._store.write() as connection:
            gone = (families.expires_at < over) | (families.revoked_at < over)
            await connection.execute(delete(oauth_families).where(gone))
            alive = exists().where(families.id == codes.family_id)
            await connection.execute(delete(oauth_codes).where(codes.expires_at < over, ~alive))
            await connection.execute(delete(oauth_requests).where(oauth_requests.c.expires_at < now))
            await connection.execute(delete(oauth_secrets).where(oauth_secrets.c.expires_at < now))
            await connection.execute(delete(used_values).where(used_values.c.until < now))
            await connection.execute(delete(slowdowns).where(slowdowns.c.due < int(over.timestamp() * 1000)))
            newest = select(func.max(revocations.c.sequence)).scalar_subquery()
            # The newest stays: those who follow the list know by it that it is still the same list.
            old = and_(revocations.c.until < now, revocations.c.sequence != newest)
            await connection.execute(delete(revocations).where(old))
        async with self._store.write() as connection:
            await tidy(connection, now)

    async def renew_keys(self, now: datetime) -> None:
        """Make a new signing key when the newest is old, and retire those that another has taken over from (O8)."""
        await self._keys.retire_replaced()
        newest = await self._keys.newest()
        if not self._key_life or now - newest.created_at < self._key_life:
            return
        # One replica makes it; should it die before it has, another may an hour later.
        if await self._single_use.claim("rotation", newest.kid, now + timedelta(hours=1)):
            log.info("a new signing key was made", extra={"kid": await self._keys.add()})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep house in the background for the length of the block."""
        work = asyncio.create_task(self._again_and_again())
        try:
            yield
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _again_and_again(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.round(datetime.now(UTC))
            except StoreUnavailable as outage:
                log.warning("Housekeeping was put off: %s", outage.reason)
            except Exception:
                log.exception("housekeeping failed, and will be tried again")
