"""Rotates the root key in time after keys were destroyed, so that no backup of the key store can restore them (D5)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from store.database.store import Store
from store.queue.single_use import SingleUse
from workers.loop.periodic import run_periodically

log = logging.getLogger(__name__)

EVERY = 3600.0
"""Seconds between two rounds."""

OVERLAP = timedelta(days=2)
"""Time for which the old version is kept beside the new one: to copy the new one to a safe place and to back up the key
store again, since earlier backups are unreadable afterwards. It is part of the days of the setting."""


def _now() -> datetime:
    return datetime.now(UTC)


class RootKeyRotation:
    """Safe on any number of replicas at once: one makes the new version, all of them rewrap keys, and each destroys its
    own copy of the old version's file."""

    def __init__(
        self,
        store: Store,
        days: int,
        background: bool = True,
        clock: Callable[[], datetime] = _now,
        pause: float = EVERY,
    ) -> None:
        """The old version is destroyed within `days` after the first destruction of a key; 0 turns the rotation off. A
        process without background jobs (`background=False`) makes no version, and only destroys old ones."""
        self._store, self._days, self._background = store, days, background
        self._clock, self._pause = clock, pause
        self._claims = SingleUse(store)

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`."""
        await run_periodically(self.step, stop, self._pause, "rotations of the root key")

    async def step(self) -> bool:
        """Do what is due now; returns False, so that the next round comes after the pause. StoreUnavailableError."""
        if not self._days:
            return False
        now = self._clock()
        keys = self._store.keys
        if self._background and (await keys.pending() or await self._is_due(now)):
            log.warning("the root key is being replaced: keys were destroyed that its backups still open")
            count = await keys.rotate()
            log.warning("keys are wrapped under a new root key: copy its file, and back up the key store anew",
                        extra={"keys": count, "version": keys.root_version()})  # fmt: skip
            return False
        if now - keys.root_made_at() >= OVERLAP:
            for version in await keys.destroy_old_roots():
                log.warning("an old root key was destroyed: destroy its copies", extra={"version": version})
        return False

    async def _is_due(self, now: datetime) -> bool:
        """Return whether a key was destroyed so long ago that its root key must be replaced, and no other replica does
        it."""
        keys = self._store.keys
        first = await keys.first_destroyed()
        if first is None or now < first + timedelta(days=self._days) - OVERLAP:
            return False
        # One replica makes the new version; the claim is renewed after an hour in case that it crashed.
        return await self._claims.claim("root key", str(keys.root_version()), now + timedelta(hours=1))
