"""An older key store beside newer data: the customers whom it lacks are counted, and said, and not only absent."""

from __future__ import annotations

import logging

import pytest
from sqlalchemy import delete, select

from store.crypto.key_tables import subject_keys
from store.database.store import Store
from store.sql.engines import transaction
from store.upgrade import lacking_keys
from store.upgrade.lacking_keys import count_newest_lacking
from tests.store.people import add_customers
from workers.keys.lacking import KEPT, LackingKeys

pytestmark = pytest.mark.anyio


async def lose(store: Store, owners: list[int]) -> list[tuple[object, ...]]:
    """Take these rows out of the key store, as an older copy of it lacks them."""
    these = subject_keys.c.customer_id.in_(owners)
    async with transaction(store.keys.engine) as connection:
        rows = [tuple(row) for row in (await connection.execute(select(subject_keys).where(these))).all()]
        await connection.execute(delete(subject_keys).where(these))
    return rows


async def test_those_who_came_after_the_copy_are_counted_and_who_was_erased_is_not(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lacking_keys, "PAGE", 3)
    owners = sorted(await add_customers(store, 10))
    assert await count_newest_lacking(store) == 0
    await store.keys.destroy(owners[-1])
    assert await count_newest_lacking(store) == 0
    await lose(store, owners[4:])
    assert await count_newest_lacking(store) == 6, "over several pages, back to one that is whole"
    assert await count_newest_lacking(store, most=2) == 3, "whole pages, and then it is enough"


async def test_whole_data_costs_one_page(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lacking_keys, "PAGE", 3)
    await add_customers(store, 12)
    asked: list[str] = []
    store.reader.listeners.append(asked.append)
    assert await count_newest_lacking(store) == 0
    assert len(asked) == 1


async def test_it_is_said_once_and_again_when_it_is_over(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "gateway")
    owners = sorted(await add_customers(store, 4))
    time = 0.0
    lacking = LackingKeys(store, lambda: time)
    assert await lacking.count() == 0 and not caplog.records
    rows = await lose(store, owners[2:])
    assert await lacking.count() == 0, "kept for a while"
    for _ in range(2):
        time += KEPT
        assert await lacking.count() == 2
    (record,) = caplog.records
    assert record.levelname == "CRITICAL" and vars(record)["customers"] == 2
    async with transaction(store.keys.engine) as connection:
        names = [column.name for column in subject_keys.columns]
        await connection.execute(subject_keys.insert(), [dict(zip(names, row, strict=True)) for row in rows])
    time += KEPT
    assert await lacking.count() == 0
    assert caplog.records[-1].getMessage() == "The key store has the keys of all customers again"
