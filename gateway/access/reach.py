"""Bulk reading is noticed: how many different customers a client read in an hour, against what it is registered for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select, update

from gateway.access.written_behind import keep_writing
from policy.grant import Grant, Over
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.operations.reach import client_reach
from store.queue.hyperloglog import SIZE, Sketch, merged

log = logging.getLogger("gateway")

SLOT = 600
"""Seconds of one slot. The hour is the six before, and the one that runs: between 60 and 70 minutes."""
SLOTS = 6
KEPT = timedelta(hours=3)


@dataclass(slots=True)
class _Client:
    """What one client read: of this process by slot, and with the others' together as one window."""

    limit: int = 0
    slots: dict[int, bytearray] = field(default_factory=dict)
    others: dict[int, bytes] = field(default_factory=dict)
    dirty: set[int] = field(default_factory=set)
    window: Sketch = field(default_factory=Sketch)
    exceeded: bool = False
    alarmed_until: float = 0.0

    def renew(self, slot: int) -> None:
        """Put the window together anew: of the slots that belong to the hour."""
        for known in (self.slots, self.others):
            for old in [each for each in known if each < slot - SLOTS]:
                del known[old]
        self.window = Sketch(merged([*self.slots.values(), *self.others.values()]))


class DistinctCustomerLimiter:
    """Counts for each tool the customers whose data leaves, before it leaves.

    In this process each reading counts at once; what other replicas counted is merged every few seconds. A client that
    is to be stopped gets no answer about a customer beyond its budget, and goes on with those it has read already.
    Customers who read their own data are not counted.
    """

    def __init__(self, store: Store, clock: Callable[[], float], pause: float = 5.0) -> None:
        self._store, self._clock, self._pause = store, clock, pause
        self._clients: dict[str, _Client] = {}
        self._slot = 0
        self.alarms = 0
        """How often this process raised an alarm."""

    def note(self, grant: Grant, pseudonyms: Iterable[str], binding: bool) -> float:
        """Count these customers; the seconds to wait when they must not be revealed, else 0.

        Not `binding`: it has happened already, and is counted only.
        """
        limit = grant.customers_per_hour
        if not limit or grant.subject is not None:
            return 0.0
        client, slot = self._client(grant.client_id, limit)
        changes = client.window.new(pseudonyms)
        if not changes:
            return 0.0
        if (wait := self._beyond(client, changes, grant, slot)) and binding:
            return wait
        client.window.apply(changes)
        mine = client.slots.setdefault(slot, bytearray(SIZE))
        for at, rank in changes.items():
            mine[at] = max(mine[at], rank)
        client.dirty.add(slot)
        return 0.0

    def wait(self, grant: Grant, pseudonyms: Iterable[str]) -> float:
        """The seconds to wait when these customers must not be revealed, else 0; nobody is counted yet."""
        limit = grant.customers_per_hour
        if not limit or grant.subject is not None:
            return 0.0
        client, slot = self._client(grant.client_id, limit)
        return self._beyond(client, client.window.new(pseudonyms), grant, slot)

    def _client(self, client_id: str, limit: int) -> tuple[_Client, int]:
        """What is known of a client, and the slot that runs."""
        slot = int(self._clock() // SLOT)
        if slot != self._slot:
            self._roll(slot)
        client = self._clients.get(client_id)
        if client is None:
            client = self._clients[client_id] = _Client()
        client.limit = limit
        return client, slot

    def _beyond(self, client: _Client, changes: dict[int, int], grant: Grant, slot: int) -> float:
        """The seconds until the slot ends, for a client that these would take beyond its limit and that is stopped."""
        if not changes or client.window.count_with(changes) <= client.limit:
            return 0.0
        client.exceeded = True
        return float((slot + 1) * SLOT - self._clock()) if grant.over is Over.STOP else 0.0

    def _roll(self, slot: int) -> None:
        """A new slot has begun: what is older than an hour no longer counts."""
        self._slot = slot
        for id_, client in list(self._clients.items()):
            client.renew(slot)
            if not client.slots and not client.others:
                del self._clients[id_]

    async def run(self, stop: asyncio.Event) -> None:
        """Merge with the other replicas until told to stop, and a last time on the way out."""
        await keep_writing(self.merge, stop, self._pause, "what clients read was not merged")

    async def merge(self) -> None:
        """Add what this process counted to what is shared, take over what others did, and raise alarms."""
        now = self._clock()
        for id_, client in list(self._clients.items()):
            for slot in sorted(client.dirty):
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
        """Once an hour, whichever replica is the first; into the log, and into the ledger, which nobody can change."""
        moment = datetime.fromtimestamp(int(now), UTC)
        slot = int(now // SLOT)
        recent = client_reach.c.client_id == client_id, client_reach.c.slot >= _moment(slot - SLOTS)
        row = {"client_id": client_id, "slot": _moment(slot), "sketch": bytes(SIZE), "alarmed_at": None}
        async with self._store.write() as connection:
            await connection.execute(insert_new(connection, client_reach), row)
            told = (
                (await connection.execute(select(client_reach.c.alarmed_at).where(*recent).with_for_update()))
                .scalars()
                .all()
            )
            already = [each for each in told if each is not None]
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
