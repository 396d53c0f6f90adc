"""Deliveries: at least once, in order per customer and receiver, and nothing lost whatever a receiver does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import anyio
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook, WebhookVerificationError

from policy.events import Event
from resolvers.events.announcements import Ref, announce, announce_erased
from store.database.store import Store
from store.registers.webhooks import seal_secret, webhooks
from store.tables.outbox import outbox
from tests.outbox.receiving import BROKEN, OK, Clock, Receiver, receiver
from tests.outbox.test_announcements import subscribe
from tests.store.people import add_customers
from workers.http.client import HttpClient
from workers.outbox.receivers import Receivers
from workers.outbox.worker import LEASE, Deliverer

pytestmark = pytest.mark.anyio
PROFILE = Event.PROFILE_CHANGED.wire
O = outbox.c  # noqa: E741  (the table's columns)


@pytest.fixture
async def system() -> AsyncIterator[Receiver]:
    """An internal system that takes messages."""
    async with receiver() as made:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


def worker(store: Store, clock: Clock, **options: Any) -> Deliverer:
    """A worker, as each process has one."""
    poster = options.pop("poster", None) or HttpClient(seconds=5)
    return Deliverer(store, Receivers(store, poster), clock, rng=lambda: 0.5, **options)


async def deliver(*workers: Deliverer) -> None:
    """What is due now, and what becomes due by that."""
    for each in workers:
        await each.look()
    for each in workers:
        await each.settle_all()


async def happen(store: Store, clock: Clock, customers: list[int], times: int = 1) -> None:
    """The profiles change, numbered."""
    keys = await store.keys.subjects(customers)
    for number in range(times):
        for key in keys:
            assert key is not None
            async with store.write() as connection:
                await announce(connection, key, PROFILE, clock(), ["Customer.phone"], {"number": Ref("N", number)})


async def states(store: Store) -> list[tuple[str, int, str | None]]:
    """State, attempts and trouble of each message."""
    query = select(O.delivered_at, O.dead_at, O.attempts, O.trouble).order_by(O.id)
    async with store.write() as connection:
        rows = (await connection.execute(query)).all()
    return [("delivered" if r.delivered_at else "dead" if r.dead_at else "waits", r.attempts, r.trouble) for r in rows]


def in_order(store: Store, system: Receiver) -> bool:
    """Whether each customer's messages came in the order of their ids, repetitions aside."""
    seen: dict[str, list[int]] = {}
    for got in system.got:
        found = store.keys.system.ids.decode(got.id)
        assert found is not None and found.type_name == "msg"
        seen.setdefault(got.said["data"]["customer"], []).append(found.key)
    return all(a <= b for ids in seen.values() for a, b in pairwise(ids))


async def test_messages_arrive_signed_in_order_and_once(store: Store, system: Receiver, clock: Clock) -> None:
    people = await add_customers(store, 3)
    await subscribe(store, "crm", url=system.url)
    clock.now = datetime.now(UTC)  # The package that verifies looks at the real clock.
    await happen(store, clock, people, times=4)
    await deliver(worker(store, clock))
    assert len(system.got) == len({got.id for got in system.got}) == 12
    assert in_order(store, system)
    for got in system.got:
        said = Webhook(b"crm".ljust(32, b".")).verify(got.body, got.headers)
        assert said["type"] == PROFILE
        assert set(said["data"]) == {"customer", "coordinates", "number"}
        assert not [word for word in (b"Zephyrine", b"person", b"+41", b"Wolken") if word in got.body]
        with pytest.raises(WebhookVerificationError):
            Webhook(b"other".ljust(32, b".")).verify(got.body, got.headers)
    assert await states(store) == [("delivered", 1, None)] * 12
    await deliver(worker(store, clock))
    assert len(system.got) == 12


async def test_a_rotated_secret_signs_beside_the_one_before_until_that_ends(
    store: Store, system: Receiver, clock: Clock
) -> None:
    people = await add_customers(store, 1)
    id_ = await subscribe(store, "crm", url=system.url)
    clock.now = datetime.now(UTC)
    house = store.keys.system
    change = {
        "secret": await seal_secret(house, id_, b"new".ljust(32, b".")),
        "previous_secret": await seal_secret(house, id_, b"crm".ljust(32, b".")),
        "previous_until": clock.now + timedelta(hours=24),
    }
    async with store.write() as connection:
        await connection.execute(update(webhooks).values(change))
    await happen(store, clock, people)
    await deliver(worker(store, clock))
    clock.now += timedelta(hours=24)
    await happen(store, clock, people)
    await deliver(worker(store, clock))
    both, one = (got.headers["webhook-signature"].split() for got in system.got)
    assert (len(both), len(one)) == (2, 1)
    for secret in (b"crm", b"new"):
        assert Webhook(secret.ljust(32, b".")).verify(system.got[0].body, system.got[0].headers)


async def test_an_hour_of_500_loses_nothing_and_keeps_the_order(store: Store, system: Receiver, clock: Clock) -> None:
    people = await add_customers(store, 2)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people, times=3)
    system.answer = lambda _: BROKEN
    end, one = clock.now + timedelta(hours=1), worker(store, clock)
    moments = []
    while clock.now < end:
        before = len(system.got)
        await deliver(one)
        moments += [clock.now] * (len(system.got) > before)
        clock.now += timedelta(seconds=5)
    assert {got.id for got in system.got} == {got.id for got in system.got[:2]}, "only the first of each customer"
    assert 8 <= len(moments) <= 12
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert all(later >= earlier for earlier, later in pairwise(gaps[1:])), "ever more rarely"
    assert [state for state in await states(store) if state[0] != "waits"] == []
    assert (await states(store))[0][2] == "HTTP 500"
    system.answer, system.got = (lambda _: OK), []
    clock.now += timedelta(hours=1)
    for _ in range(3):
        await deliver(one)
        clock.now += timedelta(minutes=1)
    assert len({got.id for got in system.got}) == len(system.got) == 6
    assert in_order(store, system)


async def test_what_nobody_takes_for_days_is_given_up_and_the_next_one_gets_its_turn(
    store: Store, system: Receiver, clock: Clock
) -> None:
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people)
    system.answer = lambda _: BROKEN
    one = worker(store, clock, give_up=timedelta(days=3))
    end = clock.now + timedelta(days=3, hours=6)
    while clock.now < end:
        await deliver(one)
        clock.now += timedelta(minutes=30)
    assert [state for state, _, _ in await states(store)] == ["dead"]
    assert 20 < len(system.got) < 40
    system.answer = lambda _: OK
    await happen(store, clock, people)
    clock.now += timedelta(minutes=2)
    await deliver(one)
    assert [state for state, _, _ in await states(store)] == ["dead", "delivered"]


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_receiver_that_asks_for_rest_gets_it(store: Store, system: Receiver, clock: Clock, form: str) -> None:
    people = await add_customers(store, 2)
    await subscribe(store, "crm", url=system.url)
    after = "1800" if form == "seconds" else "Mon, 01 Mar 2027 12:30:00 GMT"
    system.answer = lambda _: f"HTTP/1.1 503 Busy\r\nRetry-After: {after}\r\n\r\n".encode()
    await happen(store, clock, people)
    one = worker(store, clock)
    await deliver(one)
    asked = len(system.got)
    clock.now += timedelta(minutes=29)
    await deliver(one, worker(store, clock))
    assert len(system.got) == asked == 2
    clock.now += timedelta(minutes=1)
    system.answer = lambda _: OK
    await deliver(one)
    assert [state for state, _, _ in await states(store)] == ["delivered"] * 2


async def test_a_receiver_that_never_answers_holds_up_no_other(store: Store, system: Receiver, clock: Clock) -> None:
    people = await add_customers(store, 1)
    async with receiver() as slow:
        slow.answer = lambda _: None
        await subscribe(store, "slow", url=slow.url)
        await subscribe(store, "crm", url=system.url)
        await happen(store, clock, people, times=5)
        one = worker(store, clock, poster=HttpClient(seconds=300), pause=0.01)
        stop = asyncio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.run, stop)
            with anyio.fail_after(60):
                await slow.waiting.wait()
            with anyio.fail_after(60):
                while len(system.got) < 5:  # noqa: ASYNC110  (a count that nobody announces)
                    await anyio.sleep(0.01)
            assert len(slow.got) == 1
            tasks.cancel_scope.cancel()
    for lane in list(one._lanes.values()):
        lane.cancel()
    assert in_order(store, system)


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", "HTTP 302"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "NOT_HTTP"),
        (b"HTTP/1.1 2xx Fine\r\n\r\n", "NOT_HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000, "NOT_HTTP"),
        (b"", "NOT_HTTP"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\n", "HTTP 404"),
    ],
)
@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_odd_answers_are_failures(
    store: Store, system: Receiver, clock: Clock, answer: bytes, trouble: str
) -> None:
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    system.answer = lambda _: answer
    await happen(store, clock, people)
    await deliver(worker(store, clock))
    assert await states(store) == [("waits", 1, trouble)]
    assert len(system.got) == 1, "redirects are not followed"


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_a_huge_answer_is_not_read(store: Store, system: Receiver, clock: Clock) -> None:
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    system.answer = lambda _: b"HTTP/1.1 200 OK\r\n\r\n" + bytes(10_000_000)
    await happen(store, clock, people)
    await deliver(worker(store, clock))
    assert await states(store) == [("delivered", 1, None)]


async def test_what_a_dead_worker_had_begun_is_repeated_under_the_same_id(
    store: Store, system: Receiver, clock: Clock
) -> None:
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people, times=2)
    system.answer = lambda _: None
    dying = worker(store, clock, poster=HttpClient(seconds=300))
    await dying.look()
    with anyio.fail_after(60):
        await system.waiting.wait()
    for lane in list(dying._lanes.values()):
        lane.cancel()
    system.answer = lambda _: OK
    other = worker(store, clock)
    await deliver(other)
    assert len(system.got) == 1, "the lease still holds"
    clock.now += LEASE.length
    await deliver(other)
    assert system.got[0].id == system.got[1].id != system.got[2].id
    assert await states(store) == [("delivered", 2, None), ("delivered", 1, None)]


async def test_a_lease_of_a_clock_that_was_set_back_is_none(store: Store, system: Receiver, clock: Clock) -> None:
    """F3: a lease that ends later than a new one would keeps no message from being delivered."""
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people)
    async with store.write() as connection:
        await connection.execute(update(outbox).values(leased_until=clock.now + timedelta(days=400)))
    await deliver(worker(store, clock))
    assert await states(store) == [("delivered", 1, None)]


@pytest.mark.parametrize("behind", [timedelta(seconds=1), timedelta(seconds=30)])
async def test_a_worker_whose_clock_is_behind_takes_no_lease_over(
    store: Store, system: Receiver, clock: Clock, behind: timedelta
) -> None:
    """Clocks of two replicas are never the same: a lease that seems to end a little late is one all the same."""
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people)
    clock.now += timedelta(minutes=5)
    system.answer = lambda _: None
    first = worker(store, clock, poster=HttpClient(seconds=300))
    await first.look()
    with anyio.fail_after(60):
        await system.waiting.wait()
    slow = Clock()
    slow.now = clock.now - behind
    await deliver(worker(store, slow))
    assert len(system.got) == 1, "the lease of the other one holds"
    for lane in list(first._lanes.values()):
        lane.cancel()


async def test_several_workers_share_the_work_and_send_nothing_twice(
    store: Store, system: Receiver, clock: Clock
) -> None:
    people = await add_customers(store, 10)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people, times=3)
    workers = [worker(store, clock) for _ in range(3)]
    for _ in range(3):
        await deliver(*workers)
    assert len(system.got) == len({got.id for got in system.got}) == 30
    assert in_order(store, system)


async def test_of_an_erased_customer_only_the_erasure_is_told(store: Store, system: Receiver, clock: Clock) -> None:
    people = await add_customers(store, 1)
    await subscribe(store, "crm", url=system.url)
    await happen(store, clock, people)
    async with store.write() as connection:
        await announce_erased(connection, store.keys.system, people[0], clock())
    await store.keys.destroy(people[0])
    await deliver(worker(store, clock))
    assert [got.said["type"] for got in system.got] == ["customer.erased"]
    async with store.write() as connection:
        rows = (await connection.execute(select(O.trouble, O.customer_id, O.payload))).all()
    assert sorted((r.trouble, r.customer_id is None, r.payload is None) for r in rows if r.trouble) == [
        ("UNREADABLE", False, False)
    ]
    assert [r.payload for r in rows if r.customer_id is None] == [None], "what is sealed for nobody does not stay"
