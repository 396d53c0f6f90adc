"""Delivers the outbox: at least once, in order for each customer and receiver.

```
waits ──claim──▶ leased ──taken──▶ delivered
  ▲                │ └─── too old, or hopeless ──▶ dead ──replay──▶ waits
  └──failed, later─┘         a lease that ends: waits
```
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from store.database.store import Store
from store.queue.logouts import logout_contents
from store.queue.messages import LEASE, name_of, opened
from store.sql.metadata import Instant
from store.tables.erasures import erasure_letters
from store.tables.outbox import outbox
from store.tables.restrictions import LIFTING_LETTER
from workers.loop.periodic import guarded, run_periodically
from workers.outbox.backoff import asked_for, pause
from workers.outbox.receivers import DeliveryError, OutboxMessage, Receiver, ReceiverId, Receivers
from workers.recipients.noting import note_failed, note_given_up, note_taken
from workers.recipients.restrictions_noting import note_delivered

log = logging.getLogger(__name__)


Also = Callable[[AsyncConnection], Awaitable[None]]
"""Writes further state in the transaction that records the outcome of a delivery."""

BATCH = 8
"""Concurrent messages to one receiver, each of another customer."""

RESTS = timedelta(minutes=1)
"""Maximum backoff of one worker for a receiver that accepts nothing."""

TO_RECIPIENTS = frozenset(event.wire for event in (Event.ERASE, Event.RESTRICT, Event.RESTRICTION_LIFT, Event.RECTIFY))
"""Events for recipients with a copy of the data, whose answer is recorded."""

SHUTDOWN_GRACE = 5.0
"""Seconds of grace for deliveries under way when the worker stops; the next worker repeats the unfinished ones."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Rest:
    """The backoff of a receiver in this worker."""

    failures: int = 0
    until: datetime | None = None


class Deliverer:
    """A worker; any number of them may run, in any number of processes. Each receiver has a task of its own, so that a
    slow one does not delay the others."""

    def __init__(
        self,
        store: Store,
        receivers: Receivers,
        clock: Callable[[], datetime] = _now,
        pause: float = 1.0,
        give_up: timedelta = timedelta(days=3),
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._receivers = store, receivers
        self._clock, self._pause, self._age, self._rng = clock, pause, give_up, rng
        self._due = store.reader.prepare(_due)
        self._lanes: dict[ReceiverId, asyncio.Task[None]] = {}
        self._rests: dict[ReceiverId, _Rest] = {}
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`."""
        self._stop = stop
        # Nothing that is wrong with one message or receiver may end the deliveries of all.
        await run_periodically(self.look, stop, self._pause, "deliveries")
        if lanes := list(self._lanes.values()):
            _, late = await asyncio.wait(lanes, timeout=SHUTDOWN_GRACE)
            for lane in late:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def look(self) -> None:
        """Start a task for each receiver with due messages, unless it has one or is in backoff."""
        now = self._clock()
        rows = await self._store.reader.fetch(self._due, {"now": now, "latest": LEASE.latest(now)})
        for receiver in await self._receivers.named([row[0] if row[1] is None else row[1] for row in rows], now):
            if receiver.id in self._lanes or self._is_resting(receiver.id, now):
                continue
            lane = asyncio.create_task(self._drain(receiver), name=f"deliveries to {receiver.id}")
            self._lanes[receiver.id] = lane
            lane.add_done_callback(lambda _, id_=receiver.id: self._lanes.pop(id_, None))  # type: ignore[misc]

    async def settle_all(self) -> None:
        """Wait until all tasks of receivers have ended."""
        while lanes := list(self._lanes.values()):
            await asyncio.gather(*lanes)

    def _is_resting(self, receiver: ReceiverId, now: datetime) -> bool:
        rest = self._rests.get(receiver)
        return rest is not None and rest.until is not None and now < rest.until

    async def _drain(self, receiver: Receiver) -> None:
        while not self._stop.is_set() and not self._is_resting(receiver.id, self._clock()):
            if not await guarded(f"deliveries to receiver {receiver.id}", self.step(receiver)):
                return

    async def step(self, receiver: Receiver) -> int:
        """Deliver a batch of due messages to a receiver; returns their number."""
        messages = await self._claim(receiver)
        taken = await asyncio.gather(*(self._deliver(receiver, message) for message in messages))
        rest = self._rests.setdefault(receiver.id, _Rest())
        if any(taken):
            rest.failures = 0
        elif messages:
            rest.failures += 1
            # Exponential backoff for the receiver as a whole, besides that of each message.
            again = self._clock() + min(timedelta(seconds=2 ** min(rest.failures, 10)), RESTS)
            rest.until = max(again, rest.until or again)
        return len(messages)

    async def _claim(self, receiver: Receiver) -> list[OutboxMessage]:
        """The next messages, under a lease; of each customer only the first that is not settled."""
        now = self._clock()
        waiting = select(
            outbox.c.id,
            outbox.c.customer_id,
            outbox.c.payload,
            outbox.c.attempts,
            outbox.c.created_at,
            outbox.c.give_up_at,
            outbox.c.event,
            outbox.c.client_id,
            outbox.c.session_id,
        )
        waiting = waiting.where(_of(receiver), outbox.c.next_attempt_at <= now, LEASE.free(now), ~_earlier, _good(now))
        # Skip messages that another worker is claiming at the same time.
        waiting = waiting.order_by(outbox.c.next_attempt_at, outbox.c.id).limit(BATCH).with_for_update(skip_locked=True)
        async with self._store.write() as connection:
            rows = (await connection.execute(waiting)).all()
            if not rows:
                return []
            await connection.execute(
                update(outbox).where(outbox.c.id.in_([row.id for row in rows])).values(LEASE.taken(now))
            )
        contents = await opened(self._store.keys, [(row.id, row.customer_id, row.payload) for row in rows])
        ended = [(row.id, row.customer_id, row.client_id, row.session_id) for row in rows if row.session_id is not None]
        logouts = await logout_contents(self._store.keys, ended) if ended else {}
        return [
            OutboxMessage(
                row.id,
                name_of(self._store.keys.system, row.id),
                row.customer_id,
                logouts.get(row.id, content),
                row.attempts + 1,
                row.give_up_at or row.created_at + self._age,
                row.event,
            )
            for row, content in zip(rows, contents, strict=True)
        ]

    async def _deliver(self, receiver: Receiver, message: OutboxMessage) -> bool:
        """One attempt, and what became of it; whether the receiver took the message."""
        if message.content is None:
            # Its customer was erased, or it was damaged: there is nothing to deliver.
            await self._dead(receiver, message, "UNREADABLE", "GIVEN_UP")
            return True
        try:
            answer = await receiver.send(message, self._clock())
        except DeliveryError as failure:
            await self._fail(receiver, message, failure)
            return False
        done: dict[str, Any] = {"delivered_at": self._clock(), "next_attempt_at": None, "trouble": None}
        if receiver.id is None or message.customer_id is None:
            done["payload"] = None  # E-mails are not replayed, and content of erased customers must not stay.
        now = self._clock()

        async def taken(connection: AsyncConnection) -> None:
            await note_taken(connection, message.id, message.attempt, answer, now)

        letter = {"settled_at": done["delivered_at"], "outcome": "DELIVERED"}
        await self._settle(receiver, message, done, letter, taken)
        return True

    async def _fail(self, receiver: Receiver, message: OutboxMessage, failure: DeliveryError) -> None:
        now = self._clock()
        asked = asked_for(failure.retry_after, now)
        if failure.hopeless or now >= message.give_up_at:
            log.error("a message was given up", extra={"outbox": message.name, "trouble": failure.word})
            await self._dead(receiver, message, failure.word, "REFUSED" if failure.hopeless else "GIVEN_UP")
            return
        if asked:
            self._rests.setdefault(receiver.id, _Rest()).until = now + asked
        again = now + max(pause(message.attempt, self._rng), asked)

        async def failed(connection: AsyncConnection) -> None:
            await note_failed(connection, message.id, message.attempt, failure.word, now)

        change = {"next_attempt_at": again, "trouble": failure.word}
        await self._settle(receiver, message, change, {"failed_at": now}, failed)

    async def _dead(self, receiver: Receiver, message: OutboxMessage, word: str, outcome: str) -> None:
        """Give a message up; what is sealed for nobody could be read by nobody but us, and does not stay (D5)."""
        now = self._clock()
        change: dict[str, Any] = {"dead_at": now, "next_attempt_at": None, "trouble": word}
        if message.customer_id is None:
            change["payload"] = None

        async def given_up(connection: AsyncConnection) -> None:
            await note_given_up(connection, message.id, message.attempt, word, now)

        await self._settle(receiver, message, change, {"settled_at": now, "outcome": outcome}, given_up)

    async def _settle(
        self, receiver: Receiver, message: OutboxMessage, change: dict[str, Any], letter: dict[str, Any], also: Also
    ) -> None:
        """Record the outcome of an attempt, unless another worker has taken over; in the same transaction (F10) also
        the state of a letter about an erasure, or of the notified recipient."""
        mine = LEASE.mine(message.id, message.attempt), outbox.c.next_attempt_at.is_not(None)
        # The number of attempts is the fencing number: after another claim this update matches no row.
        async with self._store.write() as connection:
            noted = await connection.execute(update(outbox).where(*mine).values(**change, leased_until=None))
            if noted.rowcount != 1:
                return
            if message.event in TO_RECIPIENTS:
                await also(connection)
            elif message.event == LIFTING_LETTER:
                if "outcome" in letter:
                    await note_delivered(connection, message.id, letter["outcome"], letter["settled_at"])
            elif receiver.id is None:
                open_ = [erasure_letters.c.id == message.id, erasure_letters.c.outcome.is_(None)]
                if "failed_at" in letter:
                    open_.append(erasure_letters.c.failed_at.is_(None))
                await connection.execute(update(erasure_letters).where(*open_).values(letter))


# An earlier open message of the same customer to the same receiver.
_first = outbox.alias("first")
_earlier = (
    exists()
    .where(_first.c.customer_id == outbox.c.customer_id, _first.c.webhook_id == outbox.c.webhook_id)
    .where(_first.c.id < outbox.c.id, _first.c.next_attempt_at.is_not(None))
)


def _good(now: Any) -> Any:
    """Return the condition for messages that are not void at a time."""
    return or_(outbox.c.void_at.is_(None), outbox.c.void_at > now)


_due = (
    select(outbox.c.webhook_id, outbox.c.client_id)
    .where(outbox.c.next_attempt_at <= bindparam("now", type_=Instant))
    .where(LEASE.free(bindparam("now", type_=Instant), bindparam("latest", type_=Instant)))
    .where(_good(bindparam("now", type_=Instant)))
    .distinct()
)


def _of(receiver: Receiver) -> Any:
    if isinstance(receiver.id, str):
        return outbox.c.client_id == receiver.id
    return outbox.c.topic == "email" if receiver.id is None else outbox.c.webhook_id == receiver.id


__all__: Sequence[str] = ["Deliverer"]
