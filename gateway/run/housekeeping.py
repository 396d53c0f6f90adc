"""Periodic housekeeping: deletes expired rows and rotates the signing keys of access tokens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select

from gateway.config.settings import Settings
from gateway.tokens.signing_keys import SigningKeys
from resolvers.account.signins_tidying import tidy
from store.database.store import Store, StoreUnavailableError
from store.queue.single_use import SingleUse
from store.tables.oauth import (
    oauth_codes,
    oauth_families,
    oauth_secrets,
    revocations,
    slowdowns,
    used_values,
)

log = logging.getLogger("gateway")

EVERY = 60.0
"""Seconds between two rounds."""

PAGE, PAGES = 1_000, 200
"""Rows a transaction, and transactions a table and round; the rest waits for the next round."""

FOLLOWED = timedelta(hours=1)
"""Time for which expired revocations stay, for replicas that follow the list slowly."""

FORGOTTEN = timedelta(days=1)
"""Time for which expired codes and families stay, so that their reuse can be told from noise."""


class Housekeeping:
    """Deletes expired rows and rotates keys; safe in any number of replicas at once."""

    def __init__(self, store: Store, keys: SigningKeys, single_use: SingleUse, settings: Settings) -> None:
        self._store = store
        self._keys = keys
        self._single_use = single_use
        self._key_life = timedelta(days=settings.signing_key_days)

    async def round(self, now: datetime) -> None:
        """Do everything that is due; the failure of one part is logged and does not stop the others (F9)."""
        await self.tidy(now)
        await _guarded("signing keys", self.renew_keys(now))

    async def tidy(self, now: datetime) -> None:
        """Delete expired rows in bounded transactions; families stay a day longer, used codes as long as those."""
        for table, over in _over(now):
            await _guarded(table.name, self._delete(table, over))
        await _guarded("signing in", self._tidy_signing_in(now))

    async def _delete(self, table: Table, over: ColumnElement[bool]) -> None:
        """Delete rows of one table, by index, a page a transaction: on SQLite other writers wait for each."""
        (key,) = table.primary_key.columns
        some = select(key).where(over).limit(PAGE)
        for _ in range(PAGES):
            async with self._store.write() as connection:
                gone = await connection.execute(delete(table).where(key.in_(some.scalar_subquery())))
            if gone.rowcount < PAGE:
                return

    async def _tidy_signing_in(self, now: datetime) -> None:
        async with self._store.write() as connection:
            await tidy(connection, now)

    async def renew_keys(self, now: datetime) -> None:
        """Create a signing key when the newest is old, and retire those that a newer one has replaced (O8)."""
        await self._keys.retire_replaced()
        newest = await self._keys.newest()
        if not self._key_life or now - newest.created_at < self._key_life:
            return
        # One replica makes it. If that one dies before it has, another may do so an hour later.
        if await self._single_use.claim("rotation", newest.kid, now + timedelta(hours=1)):
            log.info("a new signing key was made", extra={"kid": await self._keys.add()})

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run in the background for the length of the block."""
        work = asyncio.create_task(self._run_periodically())
        try:
            yield
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work

    async def _run_periodically(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.round(datetime.now(UTC))


def _over(now: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
    """The condition for deletable rows of each table."""
    over = now - FORGOTTEN
    families, codes = oauth_families.c, oauth_codes.c
    alive = exists().where(families.id == codes.family_id)
    newest = select(func.max(revocations.c.sequence)).scalar_subquery()
    return [
        (oauth_families, or_(families.expires_at < over, families.revoked_at < over)),
        (oauth_codes, and_(codes.expires_at < over, ~alive)),
        (oauth_secrets, oauth_secrets.c.expires_at < now),
        (used_values, used_values.c.until < now),
        (slowdowns, slowdowns.c.due < int(over.timestamp() * 1000)),
        # The newest stays: replicas recognise by it that the list is still the same. The others stay an hour longer, so
        # that a slow replica finds the entry it had read last.
        (revocations, and_(revocations.c.until < now - FOLLOWED, revocations.c.sequence != newest)),
    ]


async def _guarded(what: str, work: Awaitable[None]) -> None:
    """Run one part and log its failure, so that the others still run (F9); it is tried again in the next round."""
    try:
        await work
    except StoreUnavailableError as outage:
        log.warning("housekeeping was put off: %s", outage.reason, extra={"part": what})
    except Exception:
        log.exception("housekeeping failed, and will be tried again", extra={"part": what})
