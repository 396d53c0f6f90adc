"""A round of the eraser at many customers: by index, in bounded pages, each part by itself, the alarm first (F9)."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import pytest
from sqlalchemy import insert, text

from store.crypto.key_tables import subject_keys
from store.database.store import Store
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.ids import new_id
from store.sql.metadata import instant
from store.tables.erasures import erasure_letters, erasures
from tests.erasure.house import REQUEST, House
from tests.erasure.test_faults import due
from workers.certificates.last_letter import LetterStatements
from workers.erasure import plans as erasing_plans
from workers.loop.periodic import Walk

pytestmark = pytest.mark.anyio

LIVING, DESTROYED = 20_000, 30
MOMENT = instant("2026-01-01T00:00:00Z")
DOWN = StoreUnavailableError(OutageCause.SLOW)


async def fill(store: Store) -> None:
    """Keys as they stand in the key store; nobody opens anything with them."""
    row = {"root_version": 1, "fingerprint": b"f" * 16, "created_at": MOMENT}
    engine = store._parts.key_engine
    async with engine.begin() as connection:
        living = [row | {"customer_id": n, "wrapped": b"w" * 60} for n in range(1, LIVING)]
        await connection.execute(insert(subject_keys), living)
        gone = [
            row | {"customer_id": LIVING * 10 + n, "wrapped": None, "destroyed_at": MOMENT} for n in range(DESTROYED)
        ]
        await connection.execute(insert(subject_keys), gone)
        await connection.execute(text("ANALYZE subject_keys" if engine.dialect.name == "postgresql" else "ANALYZE"))


async def test_f9_destroyed_keys_are_found_without_walking_the_living(store: Store) -> None:
    await fill(store)
    assert len(await store.keys.destroyed(0, 500)) == DESTROYED
    query = (
        "SELECT customer_id FROM subject_keys WHERE customer_id > 0 AND wrapped IS NULL ORDER BY customer_id LIMIT 500"
    )
    engine = store._parts.key_engine
    async with engine.connect() as connection:
        explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        plan = str((await connection.execute(text(f"{explain} {query}"))).all())
    assert "ix_subject_keys_destroyed" in plan, plan


async def test_f9_erasures_that_stand_are_found_by_their_own_index(store: Store) -> None:
    planner = erasing_plans.Planner(store, None, None)  # type: ignore[arg-type]
    common = {"cause": "REQUEST", "requested_at": MOMENT, "when_services_end": False, "warnings": 0, "attempts": 0}
    rows = [
        common | {"id": new_id(), "customer_id": n, "state": "ERASED" if n % 50 else "SCHEDULED"}
        for n in range(1, 10_000)
    ]
    async with store.write() as connection:
        postgresql = connection.dialect.name == "postgresql"
        await connection.execute(insert(erasures), rows)
        await connection.execute(text("ANALYZE erasures" if postgresql else "ANALYZE"))
        sql = planner._next_standing.sql.replace("$1", "0").replace("$2", "200").replace("?", "0")
        plan = str((await connection.exec_driver_sql(f"EXPLAIN {'' if postgresql else 'QUERY PLAN'} {sql}")).all())
    assert "uq_erasures_standing" in plan, plan


async def test_f9_last_letters_to_state_are_found_by_their_own_index(store: Store) -> None:
    statements = LetterStatements(store, None)  # type: ignore[arg-type]
    case = {"id": new_id(), "customer_id": 1, "state": "ERASED", "cause": "REQUEST", "requested_at": MOMENT,
            "when_services_end": False, "warnings": 0, "attempts": 0}  # fmt: skip
    letter = {"erasure_id": case["id"], "kind": "LAST", "written_at": MOMENT, "settled_at": MOMENT}
    rows = [letter | {"id": new_id(), "outcome": "DELIVERED", "stated": n % 500 > 0} for n in range(10_000)]
    async with store.write() as connection:
        postgresql = connection.dialect.name == "postgresql"
        await connection.execute(insert(erasures).values(case))
        await connection.execute(insert(erasure_letters), rows)
        await connection.execute(text("ANALYZE erasure_letters" if postgresql else "ANALYZE"))
        sql = statements._due.sql.replace("$1", "0").replace("$2", "50").replace("?", "0")
        plan = str((await connection.exec_driver_sql(f"EXPLAIN {'' if postgresql else 'QUERY PLAN'} {sql}")).all())
    assert "ix_erasure_letters_to_state" in plan, plan


async def test_f9_a_walk_goes_on_where_it_stopped() -> None:
    time, seen = 0.0, list[int]()

    async def look(last: int) -> Sequence[int]:
        return range(last + 1, min(last + 11, 96))

    async def work(keys: Sequence[int]) -> None:
        nonlocal time
        seen.extend(keys)
        time += 1.0

    walk = Walk("numbers", seconds=2.5, clock=lambda: time)
    assert not await walk.go(look, work)
    assert seen == list(range(1, 31))
    assert [await walk.go(look, work) for _ in range(3)] == [False, False, True]
    assert seen == list(range(1, 96)), "everything once, and then from the beginning"
    await walk.go(look, work)
    assert seen[95:105] == list(range(1, 11))


async def test_f9_one_row_that_fails_keeps_no_other_from_being_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[int] = []

    async def look(last: int) -> Sequence[int]:
        return range(last + 1, min(last + 4, 10))

    async def work(keys: Sequence[int]) -> None:
        if 5 in keys:
            raise ValueError("a value of somebody")
        seen.extend(keys)

    assert await Walk("numbers").go(look, work)
    assert seen == [1, 2, 3, 4, 6, 7, 8, 9]
    assert "a part of a round could not be done, and will be tried again" in caplog.messages

    async def down(_: Sequence[int]) -> None:
        raise DOWN

    with pytest.raises(StoreUnavailableError):
        await Walk("numbers").go(look, down)


@pytest.mark.parametrize("broken", ["keys", "plans"])
async def test_f9_what_fails_in_a_round_stops_neither_the_alarm_nor_an_erasure(
    house: House, broken: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One erasure is due and is carried out; another is late, and somebody learns of it."""
    await due(house)
    await house.end_services(1)
    await house.ask(REQUEST, 1)
    await house.work()
    house.wait(days=28)

    async def fails(*_: object) -> None:
        raise DOWN

    if broken == "keys":
        monkeypatch.setattr(house.store.keys, "destroyed", fails)
    else:
        monkeypatch.setattr(house.worker._planner, "run", fails)
    caplog.set_level(logging.WARNING)
    house.wait(minutes=2)
    await house.until_done(0)
    assert any("a part of a round was put off" in each for each in caplog.messages)
    assert any("close to their deadline" in each for each in caplog.messages), "the alarm was first"
