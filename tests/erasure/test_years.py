"""Five years of a company's customers, day by day through the real worker: no deadline is missed (R32-R36, R42-R47)."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from policy.dates import AUTOMATIC, local_day
from store.database.config import StoreConfig
from store.tables.erasures import erasures
from tests.erasure.house import CANCEL, MIDNIGHT_OF, REQUEST, House, opened_house
from tests.promises.gate import own

pytestmark = pytest.mark.anyio

YEARS = 5
PEOPLE = 40


class Life:
    """What happens to one customer, and what the worker made of it."""

    def __init__(self, place: int) -> None:
        self.place = place
        self.gone = False


async def live(house: House, life: Life, random: Random) -> None:
    """One thing that a customer or a tool may do on a day."""
    if await house.store.keys.subjects([house.gate.ids[life.place]]) == [None]:
        life.gone = True
        return
    match random.choice(("end", "end", "begin", "ask", "wait", "cancel", "slip")):
        case "end":
            await house.end_services(life.place)
        case "begin":
            await house.begin_service(life.place, stay=random.random() < 0.5)
        case "ask":
            await house.ask(REQUEST, life.place)
        case "wait":
            await house.ask(REQUEST, life.place, wait=True)
        case "cancel":
            shown = await house.gate.ask("{ me { erasures { nodes { id state } } } }", own(house.gate.ids[life.place]))
            for each in (shown.body["data"]["me"] or {"erasures": {"nodes": []}})["erasures"]["nodes"][:1]:
                await house.ask(CANCEL, life.place, id=each["id"])
        case "slip":
            await house.slip_in(life.place)


@pytest.mark.parametrize("store_kind", ["sqlite"], indirect=True)
async def test_no_deadline_is_missed_in_five_years(store_config: StoreConfig) -> None:
    """Steps of less than a day, at any hour."""
    random = Random(20261126)
    async with opened_house(store_config, PEOPLE) as house:
        lives = [Life(place) for place in range(PEOPLE)]
        end = house.gate.clock.now + timedelta(days=365 * YEARS)
        while house.gate.clock.now < end:
            house.wait(hours=random.choice((18, 22, 24)))
            for life in lives:
                if not life.gone and random.random() < 0.02:
                    await live(house, life, random)
            await house.work()
        rows = await all_rows(house)
    done = [row for row in rows if row.state == "ERASED"]
    assert len(done) > PEOPLE * 0.8
    assert {row.cause for row in done} == {"REQUEST", "RETENTION"}
    for row in rows:
        if row.state == "ERASED":
            assert row.finished_at <= row.due_at, row
            assert row.finished_at >= row.not_before, row
            earliest(row)
        elif row.state in ("SCHEDULED", "ERASING", "HELD"):
            assert row.due_at >= end - timedelta(days=1), row


def earliest(row: Any) -> None:
    """Nobody is erased before the days in which a request can be called off, or before six months are over."""
    asked: datetime = row.requested_at
    if row.cause == "REQUEST":
        assert row.due_at - row.finished_at <= timedelta(days=28), row
    else:
        assert local_day(row.finished_at, MIDNIGHT_OF) >= AUTOMATIC.after(local_day(asked, MIDNIGHT_OF)), row
        assert row.warnings >= 1


async def all_rows(house: House) -> list[Any]:
    """Every erasure there was."""
    async with house.store.write() as connection:
        return list((await connection.execute(select(erasures).order_by(erasures.c.id))).all())
