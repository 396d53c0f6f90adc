"""Periodic housekeeping: deletes expired rows and rotates the signing keys of access tokens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.queue.single_use import SingleUse
from store.tables.oauth import (
    oauth_codes,
    oauth_families,
    oauth_secrets,
    revocations,
    slowdowns,
    used_values,
)
from workers.loop.periodic import guarded, run_periodically

log = logging.getLogger("gateway")

EVERY = 60.0
"""Seconds between two rounds."""

PAGE, PAGES = 1_000, 200
"""Rows a transaction, and transactions a table and round; the rest waits for the next round."""

FOLLOWED = timedelta(hours=1)
"""Time for which expired revocations stay, for replicas that follow the list slowly."""

FORGOTTEN = timedelta(days=1)
"""Time for which expired codes and families stay, so that their reuse can be told from noise."""


Tidy = Callable[[AsyncConnection, datetime], Awaitable[None]]
"""Deletes what signing in leaves behind, in the transaction that it is given."""


class RotatedKey(Protocol):
    """A key that signs tokens."""

    @property
    def kid(self) -> str:
        """Its id."""

    @property
    def created_at(self) -> datetime:
        """When it was made."""


class RotatedKeys(Protocol):
    """The keys that sign tokens, in all replicas."""

    async def retire_replaced(self) -> None:
        """Retire those that another one has taken over from."""

    async def newest(self) -> RotatedKey:
        """The one that was made last."""

    async def add(self) -> str:
        """Make another one; its id."""


class Housekeeping:
    """Deletes expired rows and rotates keys; safe in any number of replicas at once."""

    def __init__(
        self, store: Store, keys: RotatedKeys, single_use: SingleUse, key_life: timedelta, tidy_signing_in: Tidy
    ) -> None:
        """`key_life` is how long a key signs before the next one; none: as long as nobody asks for another."""
        self._store = store
        self._keys = keys
        self._single_use = single_use
        self._key_life = key_life
        self._tidy = tidy_signing_in

    async def round(self, now: datetime) -> None:
        """Do everything that is due; the failure of one part is logged and does not stop the others (F9)."""
        await self.tidy(now)
        await guarded("signing keys", self.renew_keys(now))

    async def tidy(self, now: datetime) -> None:
        """Delete expired rows in bounded transactions; families stay a day longer, used codes as long as those."""
        for table, over in _over(now):
            await guarded(table.name, self._delete(table, over))
        await guarded("signing in", self._tidy_signing_in(now))

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
            await self._tidy(connection, now)

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
        """Keep house in the background for the length of the block."""
        stop = asyncio.Event()
        work = asyncio.create_task(run_periodically(self._step, stop, EVERY, "housekeeping", cut=True))
        try:
            yield
        finally:
            stop.set()
            await work

    async def _step(self) -> None:
        await self.round(datetime.now(UTC))


def _over(now: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
    """The condition for the rows of each table that are over."""
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
