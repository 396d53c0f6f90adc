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
