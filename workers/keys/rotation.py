"""Replacing the root key in time after keys were destroyed, so that no backup of the key store revives them (D5)."""

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
"""Seconds between two looks."""

OVERLAP = timedelta(days=2)
"""How long the old version is kept beside the new one: time to copy the new one to its safe place and to back up the
key store anew, since what was backed up before is unreadable afterwards. It is part of the days of the setting."""


def _now() -> datetime:
    return datetime.now(UTC)


class RootKeyRotation:
    """Any number of replicas may do it at once: one makes the new version, each wraps what it finds unwrapped, and each
    destroys the old version where it has its own copy of the file."""

    def __init__(
        self, store: Store, days: int, works: bool = True, clock: Callable[[], datetime] = _now, pause: float = EVERY
    ) -> None:
        """`days` after the first destruction the old version is gone; with 0 nothing is done but by hand. A process
        that does not work (`works`) makes no version, and only destroys old ones with the others."""
        self._store, self._days, self._works = store, days, works
        self._clock, self._pause = clock, pause
        self._claims = SingleUse(store)

    async def run(self, stop: asyncio.Event) -> None:
        """Look every hour until told to stop."""
        await run_periodically(self.step, stop, self._pause, "rotations of the root key")

    async def step(self) -> bool:
        """Whatever is due now; false, since there is nothing to hurry for. StoreUnavailableError when it cannot be
        done."""
        if not self._days:
            return False
        now = self._clock()
        keys = self._store.keys
        if self._works and (await keys.pending() or await self._is_due(now)):
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
        """Whether a key was destroyed so long ago that its version must go, and no other replica sees to it."""
        keys = self._store.keys
        first = await keys.first_destroyed()
        if first is None or now < first + timedelta(days=self._days) - OVERLAP:
            return False
        return await self._claims.claim("root key", str(keys.root_version()), now + timedelta(hours=1))
