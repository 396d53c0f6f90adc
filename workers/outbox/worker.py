"""Delivering what waits in the outbox: at least once, in order for each customer and receiver, and none forgotten.

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
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from store.database.store import Store
from store.queue.messages import name_of, opened
from store.sql.errors import StoreUnavailableError
from store.sql.metadata import Instant
from store.tables.erasures import erasure_letters
from store.tables.outbox import outbox
from store.tables.restrictions import LIFTING_LETTER
from workers.outbox.backoff import asked_for, pause
from workers.outbox.receivers import DeliveryError, OutboxMessage, Receiver, Receivers
from workers.recipients.noting import note_failed, note_given_up, note_taken
from workers.recipients.restrictions_noting import note_told

log = logging.getLogger(__name__)

O, L = outbox.c, erasure_letters.c  # noqa: E741  (the tables' columns)

Also = Callable[[AsyncConnection], Awaitable[None]]
"""What belongs to the outcome of a delivery, and is written with it."""

LEASE = timedelta(minutes=1)
"""How long a worker that died keeps its messages from the others; far longer than any delivery takes."""

BATCH = 8
"""Messages of one receiver that are under way at once, each of another customer."""

RESTS = timedelta(minutes=1)
"""The longest that a receiver which takes nothing is left alone by one worker."""

TO_RECIPIENTS = frozenset(event.wire for event in (Event.ERASE, Event.RESTRICT, Event.RESTRICTION_LIFT, Event.RECTIFY))
"""Events that are sent to one that holds a copy, whose answer is noted."""

FAREWELL = 5.0
"""Seconds that deliveries under way get when the worker stops; whoever comes next repeats those that need more."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class _Rest:
    """How a receiver fares with this worker."""

    failures: int = 0
    until: datetime | None = None


class Deliverer:
    """One of any number, in any number of processes. Each receiver has a lane of its own: a slow one holds up none."""

    def __init__(
        self,
        store: Store,
        receivers: Receivers,
        clock: Callable[[], datetime] = _now,
        pause: float = 1.0,
        give_up: timedelta = timedelta(days=3),
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._store, self._receivers = store, receivers
        self._clock, self._pause, self._age, self._dice = clock, pause, give_up, dice
        self._due = store.reader.prepare(_due)
        self._lanes: dict[int | None, asyncio.Task[None]] = {}
        self._rests: dict[int | None, _Rest] = {}
        self._stop = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop."""
        self._stop = stop
        while not stop.is_set():
            await self._try()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._pause)
        if lanes := list(self._lanes.values()):
            _, late = await asyncio.wait(lanes, timeout=FAREWELL)
            for lane in late:
                lane.cancel()
            await asyncio.gather(*lanes, return_exceptions=True)

    async def _try(self) -> None:
        try:
            await self.look()
        except StoreUnavailableError as outage:
            log.warning("deliveries were put off: %s", outage.reason)
        except Exception:
            # Nothing that is wrong with one message or receiver may end the deliveries of all.
            log.exception("deliveries were put off")

    async def look(self) -> None:
        """Open a lane for each receiver for whom something is due, unless one is open or the receiver is resting."""
        now = self._clock()
        rows = await self._store.reader.fetch(self._due, {"now": now})
        for receiver in await self._receivers.named([row[0] for row in rows], now):
            if receiver.id in self._lanes or self._is_resting(receiver.id, now):
                continue
            lane = asyncio.create_task(self._drain(receiver), name=f"deliveries to {receiver.id}")
            self._lanes[receiver.id] = lane
            lane.add_done_callback(lambda _, id_=receiver.id: self._lanes.pop(id_, None))  # type: ignore[misc]

    async def settle_all(self) -> None:
        """Wait until no lane is open."""
        while lanes := list(self._lanes.values()):
            await asyncio.gather(*lanes)

    def _is_resting(self, receiver: int | None, now: datetime) -> bool:
        rest = self._rests.get(receiver)
        return rest is not None and rest.until is not None and now < rest.until

    async def _drain(self, receiver: Receiver) -> None:
        try:
            while not self._stop.is_set() and not self._is_resting(receiver.id, self._clock()):
                if not await self.step(receiver):
                    return
        except StoreUnavailableError as outage:
            log.warning("deliveries were put off: %s", outage.reason)
        except Exception:
            log.exception("deliveries to one receiver were put off", extra={"receiver": receiver.id})

    async def step(self, receiver: Receiver) -> int:
        """Deliver what is due for a receiver, a few messages at once; how many there were."""
        messages = await self._claim(receiver)
        taken = await asyncio.gather(*(self._deliver(receiver, message) for message in messages))
        rest = self._rests.setdefault(receiver.id, _Rest())
        if any(taken):
            rest.failures = 0
        elif messages:
            rest.failures += 1
            again = self._clock() + min(timedelta(seconds=2 ** min(rest.failures, 10)), RESTS)
            rest.until = max(again, rest.until or again)
        return len(messages)

    async def _claim(self, receiver: Receiver) -> list[OutboxMessage]:
        """The next messages, under a lease; of each customer only the first that is not settled."""
        now = self._clock()
        free = or_(O.leased_until.is_(None), O.leased_until <= now)
        waiting = select(O.id, O.customer_id, O.payload, O.attempts, O.created_at, O.give_up_at, O.event)
        waiting = waiting.where(_of(receiver), O.next_attempt_at <= now, free, ~_earlier, _good(now))
        waiting = waiting.order_by(O.next_attempt_at, O.id).limit(BATCH).with_for_update(skip_locked=True)
        async with self._store.write() as connection:
            rows = (await connection.execute(waiting)).all()
            if not rows:
                return []
            leased = {"attempts": O.attempts + 1, "leased_until": now + LEASE}
            await connection.execute(update(outbox).where(O.id.in_([row.id for row in rows])).values(leased))
        contents = await opened(self._store.keys, [(row.id, row.customer_id, row.payload) for row in rows])
        return [
            OutboxMessage(
                row.id,
                name_of(self._store.keys.house, row.id),
                row.customer_id,
                content,
                row.attempts + 1,
                row.give_up_at or row.created_at + self._age,
                row.event,
            )
            for row, content in zip(rows, contents, strict=True)
        ]

    async def _deliver(self, receiver: Receiver, message: OutboxMessage) -> bool:
        """One attempt, and what became of it; whether the receiver took the message."""
        if message.content is None:
            # Its customer was erased, or it was damaged: either way there is nothing left to deliver.
            await self._dead(receiver, message, "UNREADABLE", "GIVEN_UP")
            return True
        try:
            answer = await receiver.send(message, self._clock())
        except DeliveryError as failure:
            await self._fail(receiver, message, failure)
            return False
        done: dict[str, Any] = {"delivered_at": self._clock(), "next_attempt_at": None, "trouble": None}
        if receiver.id is None or message.customer_id is None:
            done["payload"] = None  # Nobody needs a letter again, and what is sealed for nobody must not stay.
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
        again = now + max(pause(message.attempt, self._dice), asked)

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
        """Note what became of an attempt, unless another worker has taken over since; in the same transaction (F10)
        the state of a letter about an erasure, or of a recipient of erased data whom the message was for."""
        mine = (O.id == message.id, O.attempts == message.attempt, O.next_attempt_at.is_not(None))
        async with self._store.write() as connection:
            noted = await connection.execute(update(outbox).where(*mine).values(**change, leased_until=None))
            if noted.rowcount != 1:
                return
            if message.event in TO_RECIPIENTS:
                await also(connection)
            elif message.event == LIFTING_LETTER:
                if "outcome" in letter:
                    await note_told(connection, message.id, letter["outcome"], letter["settled_at"])
            elif receiver.id is None:
                open_ = [L.id == message.id, L.outcome.is_(None)]
                if "failed_at" in letter:
                    open_.append(L.failed_at.is_(None))
                await connection.execute(update(erasure_letters).where(*open_).values(letter))


_first = outbox.alias("first")
_earlier = (
    exists()
    .where(_first.c.customer_id == O.customer_id, _first.c.webhook_id == O.webhook_id)
    .where(_first.c.id < O.id, _first.c.next_attempt_at.is_not(None))
)


def _good(now: Any) -> Any:
    """Of those that may be sent at this moment."""
    return or_(O.void_at.is_(None), O.void_at > now)


_due = (
    select(O.webhook_id)
    .where(O.next_attempt_at <= bindparam("now", type_=Instant))
    .where(or_(O.leased_until.is_(None), O.leased_until <= bindparam("now", type_=Instant)))
    .where(_good(bindparam("now", type_=Instant)))
    .distinct()
)


def _of(receiver: Receiver) -> Any:
    return O.topic == "email" if receiver.id is None else O.webhook_id == receiver.id


__all__: Sequence[str] = ["Deliverer"]
