"""What the operator is told of customers whom a restore brought back: how many, and of nobody who (F8, D1)."""

from __future__ import annotations

import logging

import pytest

from tests.erasure.house import House
from workers.erasure.redoing import begin_again

pytestmark = pytest.mark.anyio


async def test_all_who_came_back_are_counted(house: House, caplog: pytest.LogCaptureFixture) -> None:
    owners, nobody = house.gate.ids[:3], 1
    assert await begin_again(house.store, [*owners, nobody], house.gate.clock.now, certified=True) == len(owners)
    found = [each for each in caplog.records if each.name == "workers.erasure.redoing"]
    assert [(each.levelno, each.cases) for each in found] == [(logging.WARNING, len(owners))]  # type: ignore[attr-defined]
    assert not [value for value in house.gate.values() if value in str(found[0].__dict__)]
    for place in range(len(owners)):
        row = await house.row(place)
        assert (row.state, row.redone, row.due_at) == ("ERASING", True, None)


async def test_nobody_is_nothing_to_tell(house: House, caplog: pytest.LogCaptureFixture) -> None:
    assert await begin_again(house.store, [1], house.gate.clock.now) == 0
    assert [each for each in caplog.records if each.name == "workers.erasure.redoing"] == []
