"""A worker goes on whatever goes wrong, rests when there is nothing to do, and stops when it is told to."""

from __future__ import annotations

import asyncio

import pytest

from store.sql.errors import OutageCause, StoreUnavailableError
from workers.loop.periodic import run_periodically

pytestmark = pytest.mark.anyio


async def test_outages_and_mistakes_end_nothing_and_nothing_is_told_of_anybody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stop, taken = asyncio.Event(), 0
    turns: list[bool | Exception] = [
        True,
        StoreUnavailableError(OutageCause.DOWN),
        ValueError("a value of somebody"),
        False,
        True,
    ]

    async def step() -> bool:
        nonlocal taken
        turn = turns[taken]
        taken += 1
        if taken == len(turns):
            stop.set()
        if isinstance(turn, Exception):
            raise turn
        return turn

    await run_periodically(step, stop, 0.001, "things")
    assert taken == len(turns)
    assert "things were put off: The store cannot be reached." in caplog.messages


async def test_it_stops_while_it_rests() -> None:
    stop = asyncio.Event()

    async def step() -> bool:
        asyncio.get_running_loop().call_soon(stop.set)
        return False

    await asyncio.wait_for(run_periodically(step, stop, 3600.0, "things"), 60)
    assert stop.is_set()


async def test_it_takes_a_last_step_on_the_way_out_if_it_is_to() -> None:
    stop, taken = asyncio.Event(), 0

    async def step() -> None:
        nonlocal taken
        taken += 1
        stop.set()

    await run_periodically(step, stop, 3600.0, "things", last=True)
    assert taken == 2


@pytest.mark.parametrize("cut", [True, False])
async def test_a_long_step_is_cut_at_the_stop_or_waited_for(cut: bool) -> None:
    stop, ends = asyncio.Event(), list[str]()

    async def step() -> None:
        stop.set()
        try:
            await asyncio.sleep(0.2)
            ends.append("done")
        except asyncio.CancelledError:
            ends.append("cut")
            raise

    await run_periodically(step, stop, 3600.0, "things", cut=cut)
    assert ends == (["cut"] if cut else ["done"])


async def test_a_worker_that_is_cancelled_cancels_its_step() -> None:
    """As a process does that is ended for good."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        finally:
            ended.set()

    work = asyncio.create_task(run_periodically(step, asyncio.Event(), 1.0, "things", cut=True))
    await begun.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert ended.is_set()
