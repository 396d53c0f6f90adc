"""What the operator is told of customers whom a restore brought back: how many, and of nobody who (F8, D1)."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import insert, select, update

from store.database.config import StoreConfig
from store.sql.ids import new_id
from store.tables.erasures import ERASURE_STEPS, erasure_steps, erasures
from tests.erasure.house import REQUEST, House, opened_house
from workers.erasure.redoing import Redoing, begin_again, redo_certified

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


async def test_a_case_that_was_under_way_is_not_certified_twice(house: House) -> None:
    """Its certificate is in the ledger; what was done of it before the restore is done again."""
    owner, now = house.gate.ids[0], house.gate.clock.now
    await begin_again(house.store, [owner], now, certified=False)
    row = await house.row(0)
    assert (row.state, row.redone) == ("ERASING", False)
    assert await begin_again(house.store, [owner], now, certified=True) == 1
    assert next((each.state, each.redone) for each in await house.rows(0)) == ("ERASING", True)


async def test_steps_that_were_observed_before_the_restore_are_done_again(house: House) -> None:
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    case = (await house.row(0)).id
    async with house.store.write() as connection:
        step = {"id": new_id(), "erasure_id": case, "step": ERASURE_STEPS[0], "done_at": house.gate.clock.now}
        await connection.execute(insert(erasure_steps).values(step))
    await begin_again(house.store, [house.gate.ids[0]], house.gate.clock.now, certified=True)
    async with house.store.write() as connection:
        assert (await connection.execute(select(erasure_steps))).all() == []
    assert [(each.id, each.state) for each in await house.rows(0)] == [(case, "ERASING")]


async def test_a_round_counts_all_who_came_back(store_config: StoreConfig) -> None:
    """Of both records: keys that are destroyed while the rows are there, and cases that ended while a key lives."""
    async with opened_house(store_config, 4) as house:
        for place in range(4):
            await house.end_services(place)
            await house.ask(REQUEST, place)
        for place in (0, 1):
            await house.store.keys.destroy(house.gate.ids[place])
        async with house.store.write() as connection:
            those = erasures.c.customer_id.in_(house.gate.ids[2:4])
            await connection.execute(update(erasures).where(those).values(state="ERASED"))
        assert await Redoing(house.store).run(house.gate.clock.now) == 4


async def test_certificates_bring_back_as_many_as_they_name(house: House) -> None:
    owners = house.gate.ids[:2]
    marks = [mark for _, mark in sorted((await house.store.keys.fingerprints(owners)).items())]
    assert await redo_certified(house.store, [*marks, bytes(16)], house.gate.clock.now) == 2
