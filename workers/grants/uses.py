"""Notes when a client last used a purpose, from what was recorded in the ledger: a write an hour, none at a request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from policy.grants import GrantEnd
from store.database.store import Store
from store.registers.grants import client_grants
from workers.loop.periodic import run_periodically

EXACT = timedelta(hours=1)
"""A use is written once in so long for a client and purpose."""
EVERY = 30.0
"""Seconds between two rounds: what a killed process had not written yet is at most so much."""
MOST = 10_000
"""Pairs of client and purpose that one process remembers as written (G15)."""

G = client_grants.c


class GrantUses:
    """Writes the last use of each purpose of a client. Of several processes each writes its own; the latest stands."""

    def __init__(self, store: Store, clock: Callable[[], float], pause: float = EVERY) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._written: dict[tuple[str, str], datetime] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Write until told to stop, and a last time on the way out."""
        await run_periodically(self.write, stop, self._pause, "last uses of purposes", last=True)

    async def write(self) -> None:
        """Write what was used since the last call. StoreUnavailableError; it is then kept for the next one."""
        found, self._store.ledger.uses = self._store.ledger.uses, set()
        now = datetime.fromtimestamp(int(self._clock()), UTC)
        # Sorted, so that the row locks of replicas cannot deadlock.
        due = sorted(
            (client, purpose)
            for client, purpose in found
            if client is not None and purpose is not None and self._is_old((client, purpose), now)
        )
        if not due:
            return
        try:
            async with self._store.write() as connection:
                for client, purpose in due:
                    mine = G.client_id == client, G.purpose == purpose, G.closed_at.is_(None)
                    await connection.execute(update(client_grants).where(*mine).values(last_used_at=now))
                    # A warning that it was not used is over; one that nobody confirmed it stands.
                    unused = G.ends_because == GrantEnd.UNUSED.name
                    await connection.execute(update(client_grants).where(*mine, unused).values(NO_END))
        except BaseException:  # Cancellation too: at shutdown the last round must still find them.
            self._store.ledger.uses |= found
            raise
        if len(self._written) + len(due) > MOST:
            self._written.clear()
        self._written.update(dict.fromkeys(due, now))

    def _is_old(self, pair: tuple[str, str], now: datetime) -> bool:
        at = self._written.get(pair)
        return at is None or not timedelta() <= now - at < EXACT


NO_END = {"warned_at": None, "ends_at": None, "ends_because": None}
"""The values of a grant that goes on."""
