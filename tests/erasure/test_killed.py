"""F1: a worker that is killed loses nothing, does nothing twice, and leaves nothing stuck, at any of its steps."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from store.database.config import StoreConfig
from tests.erasure.house import REQUEST, House, opened_house
from tests.store import elsewhere
from workers.certificates.certificates import verified
from workers.erasure.worker import LEASE

pytestmark = pytest.mark.anyio

MOMENTS = (
    ("TOKENS", "before"), ("TOKENS", "after"), ("RECIPIENTS", "after"), ("FAREWELL", "after"), ("KEY", "before"),
    ("KEY", "after"), ("ROWS", "before"), ("ROWS", "after"), ("FILES", "within"), ("FILES", "after"),
    ("CERTIFICATE", "before"), ("CERTIFICATE", "within"), ("CERTIFICATE", "after"),
)  # fmt: skip


async def died(config: StoreConfig, house: House, step: str, when: str) -> None:
    """A process of its own begins, or goes on, and is gone."""
    process = elsewhere.start("dying", config, step, when, house.gate.clock.now.isoformat(), package="erasure")
    assert process.stdout is not None
    assert await asyncio.to_thread(process.wait) == -9, process.stdout.read()
    process.stdout.close()


async def test_killed_at_every_step_one_after_the_other(store_config: StoreConfig) -> None:
    """One erasure, thirteen deaths."""
    async with opened_house(store_config, 1) as house:
        await house.end_services(0)
        await house.ask(REQUEST, 0)
        house.wait(days=5)
        for step, when in MOMENTS:
            await died(store_config, house, step, when)
            house.wait(seconds=LEASE.length.total_seconds() + 1)
        row = await house.row(0)
        assert row.state == "ERASED" and await house.left(0) == {"erasures": 1}
        facts = verified(row.certificate, [key.verifier for key in await house.keys.all()])
        assert facts["inTime"] is True
        erasing = [each for each in await house.gate.entries() if each.get("purpose") == "ERASURE"]
        assert len({each["operation"] for each in erasing}) == 1
        assert (await house.told()).count("ERASED") == 1


async def test_several_workers_do_each_case_once(store_config: StoreConfig) -> None:
    """F4: whoever claims a case has it alone."""
    async with opened_house(store_config, 12) as house:
        for place in range(12):
            await house.end_services(place)
            await house.ask(REQUEST, place)
        await house.work()
        house.wait(days=5)
        workers = [house.another() for _ in range(4)]

        async def until_idle(number: int) -> None:
            while await workers[number].step():
                pass

        await asyncio.gather(*(until_idle(number) for number in range(4)))
        rows = [await house.row(place) for place in range(12)]
        assert {(row.state, row.attempts) for row in rows} == {("ERASED", 1)}
        erasing = [each["operation"] for each in await house.gate.entries() if each.get("purpose") == "ERASURE"]
        assert len(erasing) == len(set(erasing)) == 12


async def test_who_was_thought_dead_and_is_not_changes_nothing(house: House) -> None:
    """The number of attempts is the fence."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.work()
    house.wait(days=5)
    ((slow, step),) = await house.worker.claim(house.gate.clock.now)
    house.wait(seconds=LEASE.length.total_seconds() + 1)
    done = await house.until_done(0)
    assert not await house.worker._until_files(slow, step)
    assert await house.row(0) == done


async def test_a_clock_set_back_leaves_nothing_stuck(house: House) -> None:
    """F3: a lease of the future counts for nothing, and no deadline moves."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.work()
    due = (await house.row(0)).due_at
    house.wait(days=25)
    assert await house.worker.claim(house.gate.clock.now)
    house.wait(days=-20)
    assert (await house.row(0)).due_at == due
    row = await house.until_done(0)
    assert row.finished_at < due - timedelta(days=20)
