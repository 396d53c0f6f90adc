"""Detects bulk reading: counts the distinct customers a client reads in an hour, against its registered limit."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update

from policy.grant import Grant, Over
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.operations.reach import client_reach
from store.queue.hyperloglog import SIZE, Sketch, merged
from workers.loop.periodic import run_periodically

log = logging.getLogger("gateway")

SLOT = 600
"""Seconds of one slot. The window is the six slots before and the current one: between 60 and 70 minutes."""
SLOTS = 6
KNOWN = 50_000
"""Names that are remembered as counted, for each client: some megabytes. Beyond it they are forgotten and counted
anew, which changes nothing."""
KEPT = timedelta(hours=3)
"""Age at which rows are deleted: far beyond the window, so that replicas whose clocks differ lose no slot."""


@dataclass(slots=True)
class _Client:
    """HyperLogLog sketches of one client: this process's and other replicas' by slot, and their union as the window."""

    limit: int = 0
    slots: dict[int, bytearray] = field(default_factory=dict)
    others: dict[int, bytes] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    window: Sketch = field(default_factory=Sketch)
    known: set[str] = field(default_factory=set)
    """Names that the window has; to find them here is ten times cheaper than to compute their places in a sketch."""
    exceeded: bool = False
    alarmed_until: float = 0.0

    def renew(self, slot: int) -> None:
        """Drop the slots before the window, and merge the others into the window anew."""
        # A sketch cannot forget: the only way to take a slot out is to merge the rest again.
        for known in (self.slots, self.others):
            for old in [each for each in known if each < slot - SLOTS]:
                del known[old]
        self.window = Sketch(merged([*self.slots.values(), *self.others.values()]))
        self.known.clear()

    def remember(self, names: Collection[str]) -> None:
        """Note names that the window has."""
        if len(self.known) + len(names) > KNOWN:
            self.known.clear()
        self.known.update(names)


class DistinctCustomerLimiter:
    """Counts for each tool the distinct customers whose data is disclosed to it, before the disclosure.

    This process counts at once; the counts of other replicas are merged every few seconds. A client registered with
    `Over.STOP` gets no answer about a further customer beyond its limit, but still about those whom it has read.
    Customers who read their own data are not counted.
    """

    def __init__(self, store: Store, clock: Callable[[], float], pause: float = 5.0) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._clients: dict[str, _Client] = {}
        self._slot = 0
        self.alarms = 0
        """Alarms raised by this process."""

    def note(self, grant: Grant, pseudonyms: Collection[str], binding: bool) -> float:
        """Count these customers and return 0, or return the seconds to wait if they must not be disclosed.

        Without `binding` the disclosure has happened already: it is counted, and never refused.
        """
        limit = grant.customers_per_hour
        if not limit or grant.subject is not None:
            return 0.0
        client, slot = self._client(grant.client_id, limit)
        # The usual case: all of them were counted within the hour already.
        if client.known.issuperset(pseudonyms):
            return 0.0
        changes = client.window.new(pseudonyms)
        if not changes:
            client.remember(pseudonyms)
            return 0.0
        if (wait := self._beyond(client, changes, grant, slot)) and binding:
            return wait
        client.window.apply(changes)
        mine = client.slots.setdefault(slot, bytearray(SIZE))
        for at, rank in changes.items():
            mine[at] = max(mine[at], rank)
        client.dirty.add(slot)
        client.remember(pseudonyms)
        return 0.0

    def wait(self, grant: Grant, pseudonyms: Collection[str]) -> float:
        """The seconds to wait if these customers must not be disclosed, else 0; nothing is counted."""
        limit = grant.customers_per_hour
        if not limit or grant.subject is not None:
            return 0.0
        client, slot = self._client(grant.client_id, limit)
        if client.known.issuperset(pseudonyms):
            return 0.0
        return self._beyond(client, client.window.new(pseudonyms), grant, slot)

    def _client(self, client_id: str, limit: int) -> tuple[_Client, int]:
        """The counters of a client, created if need be, and the number of the current slot."""
        slot = int(self._clock() // SLOT)
        if slot != self._slot:
            self._roll(slot)
        client = self._clients.get(client_id)
        if client is None:
            client = self._clients[client_id] = _Client()
        client.limit = limit
        return client, slot

    def _beyond(self, client: _Client, changes: dict[int, int], grant: Grant, slot: int) -> float:
        """Seconds until the current slot ends if these changes exceed the limit of an `Over.STOP` client, else 0."""
        if not changes or client.window.count_with(changes) <= client.limit:
            return 0.0
        # Noted although nothing is counted: a client that is stopped at its limit must raise the alarm, too.
        client.exceeded = True
        return float((slot + 1) * SLOT - self._clock()) if grant.over is Over.STOP else 0.0

    def _roll(self, slot: int) -> None:
        """Begin a new slot: drop slots that left the window, and clients that have none left."""
        self._slot = slot
        for id_, client in list(self._clients.items()):
            client.renew(slot)
            if not client.slots and not client.others:
                del self._clients[id_]

    async def run(self, stop: asyncio.Event) -> None:
        """Merge with the other replicas until told to stop, and a last time on the way out."""
        await run_periodically(self.merge, stop, self._pause, "counts of customers that clients read", last=True)

    async def merge(self) -> None:
        """Write this process's new counts to the store, read those of other replicas, and raise alarms.

        Raises StoreUnavailableError; unwritten slots stay marked for the next round.
        """
        now = self._clock()
        for id_, client in list(self._clients.items()):
            for slot in sorted(client.dirty):
                # Cleared before the write: what is counted while it runs marks the slot again.
                client.dirty.discard(slot)
                try:
                    await self._share(id_, slot, client.slots[slot])
                except BaseException:
                    client.dirty.add(slot)
                    raise
        await self._take_over(now)
        for id_, client in list(self._clients.items()):
            if client.limit and client.window.count > client.limit:
                client.exceeded = True
            if client.exceeded and now >= client.alarmed_until:
                await self._alarm(id_, client, now)
            client.exceeded = False

    async def _share(self, client_id: str, slot: int, mine: bytearray) -> None:
        row = {"client_id": client_id, "slot": _moment(slot), "sketch": bytes(mine), "alarmed_at": None}
        here = client_reach.c.client_id == client_id, client_reach.c.slot == row["slot"]
        async with self._store.write() as connection:
            # Inserted if missing, merged if another replica was first: the union of sketches is order-independent.
            if (await connection.execute(insert_new(connection, client_reach), row)).rowcount == 1:
                return
            there = await connection.scalar(select(client_reach.c.sketch).where(*here).with_for_update())
            union = merged([mine, there or bytes(SIZE)])
            await connection.execute(update(client_reach).where(*here).values(sketch=union))

    async def _take_over(self, now: float) -> None:
        slot = int(now // SLOT)
        async with self._store.write() as connection:
            await connection.execute(delete(client_reach).where(client_reach.c.slot < _moment(slot) - KEPT))
            recent = select(client_reach.c.client_id, client_reach.c.slot, client_reach.c.sketch).where(
                client_reach.c.slot >= _moment(slot - SLOTS)
            )
            rows = (await connection.execute(recent)).all()
        for client_id, begun, sketch in rows:
            client = self._clients.setdefault(client_id, _Client())
            client.others[int(begun.timestamp()) // SLOT] = bytes(sketch)
        for client_id in {row[0] for row in rows}:
            self._clients[client_id].renew(slot)

    async def _alarm(self, client_id: str, client: _Client, now: float) -> None:
        """Raise one alarm an hour, from whichever replica is first: in the log, and in the tamper-evident ledger."""
        moment = datetime.fromtimestamp(int(now), UTC)
        slot = int(now // SLOT)
        recent = client_reach.c.client_id == client_id, client_reach.c.slot >= _moment(slot - SLOTS)
        row = {"client_id": client_id, "slot": _moment(slot), "sketch": bytes(SIZE), "alarmed_at": None}
        async with self._store.write() as connection:
            # The row must exist to be locked: `FOR UPDATE` of no row would let two replicas through.
            await connection.execute(insert_new(connection, client_reach), row)
            alarms = (
                (await connection.execute(select(client_reach.c.alarmed_at).where(*recent).with_for_update()))
                .scalars()
                .all()
            )
            already = [each for each in alarms if each is not None]
            if not already:
                await connection.execute(update(client_reach).where(*recent).values(alarmed_at=moment))
        client.alarmed_until = now + SLOT * SLOTS
        if already:
            return
        self.alarms += 1
        count = client.window.count
        log.error(
            "a client reads more customers than it is registered for",
            extra={"client": client_id, "customers": count, "registered": client.limit},
        )
        event = {"version": 1, "event": "BULK_READING", "at": int(now), "client": client_id}
        await self._store.ledger.append(event | {"customers": count, "registered": client.limit})


def _moment(slot: int) -> datetime:
    return datetime.fromtimestamp(slot * SLOT, UTC)
