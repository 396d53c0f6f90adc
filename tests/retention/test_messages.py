"""No message waits for ever, and none that somebody may still take is given up (R34, R60, D5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select

from policy.periods import Period
from policy.retention import WAITING
from store.tables.erasures import erasure_letters, erasures
from store.tables.outbox import outbox
from tests.promises.gate import Gate
from tests.retention.test_sweeping import put
from workers.retention.messages import VOID, wipe_void

pytestmark = pytest.mark.anyio

NOW = datetime(2027, 8, 31, 12, tzinfo=UTC)
MIDNIGHT = NOW.replace(hour=0)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
MESSAGE: dict[str, Any] = {
    "topic": "email", "payload": b"sealed", "created_at": NOW - DAY, "attempts": 1, "next_attempt_at": NOW,
}  # fmt: skip


async def swept(gate: Gate, *changes: dict[str, Any]) -> tuple[int, list[Any]]:
    """How many of these messages were given up, and what has become of each."""
    async with gate.store.write() as connection:
        await connection.execute(outbox.delete())
    ids = await put(gate.store, outbox, *(MESSAGE | change for change in changes))
    gone = await wipe_void(gate.store, NOW)
    async with gate.store.write() as connection:
        rows = {row.id: row for row in await connection.execute(select(outbox))}
    return gone, [rows[id_] for id_ in ids]


def was_wiped(row: Any) -> bool:
    """Whether nothing of it is left to be sent."""
    return (row.payload, row.next_attempt_at, row.leased_until) == (None, None, None) and row.dead_at is not None


async def test_what_is_void_goes_from_that_moment_on(changing: Gate) -> None:
    gone, rows = await swept(
        changing,
        {"void_at": NOW - DAY},
        {"void_at": NOW},
        {"void_at": NOW + SECOND},
        {"void_at": None},
        {"void_at": NOW, "next_attempt_at": None},
    )
    assert (gone, [was_wiped(row) for row in rows]) == (3, [True, True, False, False, True])
    assert {(row.dead_at, row.trouble) for row in rows if was_wiped(row)} == {(NOW, VOID)}
    assert [row.payload for row in rows[2:4]] == [b"sealed"] * 2


async def test_one_that_is_under_way_is_left_to_whoever_delivers_it(changing: Gate) -> None:
    gone, rows = await swept(
        changing,
        {"void_at": NOW, "leased_until": NOW + SECOND},
        {"void_at": NOW, "leased_until": NOW},
        {"created_at": NOW - 4000 * DAY, "leased_until": NOW + SECOND},
        {"created_at": NOW - 4000 * DAY, "leased_until": NOW - SECOND},
    )
    assert (gone, [was_wiped(row) for row in rows]) == (2, [False, True, False, True])
    assert rows[0].leased_until == NOW + SECOND


async def test_what_was_delivered_stays_as_it_is_and_what_died_keeps_its_reason(changing: Gate) -> None:
    gone, rows = await swept(
        changing,
        {"void_at": NOW, "delivered_at": NOW - DAY, "next_attempt_at": None},
        {"void_at": NOW, "dead_at": NOW - DAY, "trouble": "SMTP 550", "next_attempt_at": None},
    )
    assert (gone, rows[0].dead_at, rows[0].payload) == (1, None, b"sealed")
    assert (rows[1].dead_at, rows[1].trouble, rows[1].payload) == (NOW - DAY, "SMTP 550", None)


@pytest.mark.parametrize("topic", WAITING)
async def test_a_topic_waits_as_long_as_its_rule_says_from_when_it_was_to_be_given_up(
    changing: Gate, topic: str
) -> None:
    """Counted by the calendar, in whole days."""
    first = datetime.combine(Period.parse(WAITING[topic]).first_running(NOW.date()), MIDNIGHT.time(), UTC)
    gone, rows = await swept(
        changing,
        {"topic": topic, "created_at": first - SECOND},
        {"topic": topic, "created_at": first},
        {"topic": topic, "created_at": first - DAY, "give_up_at": first},
        {"topic": topic, "created_at": first - DAY, "next_attempt_at": None},
        {"topic": "none of them", "created_at": first - 4000 * DAY},
    )
    assert (gone, [was_wiped(row) for row in rows]) == (1, [True, False, False, False, False])


async def test_a_letter_that_was_given_up_is_noted_for_its_erasure(changing: Gate) -> None:
    """(D5) In the same transaction; an outcome that is known stays."""
    asked = {"customer_id": changing.ids[0], "state": "CANCELLED", "cause": "RETENTION", "requested_at": NOW - DAY,
             "when_services_end": False}  # fmt: skip
    (case,) = await put(changing.store, erasures, asked)
    async with changing.store.write() as connection:
        await connection.execute(outbox.delete())
    ids = await put(changing.store, outbox, *[MESSAGE | {"void_at": NOW}] * 2, MESSAGE)
    known = {"settled_at": NOW - DAY, "outcome": "DELIVERED"}
    async with changing.store.write() as connection:
        for id_, outcome in zip(ids, ({}, known, {}), strict=True):
            letter = {"id": id_, "erasure_id": case, "kind": "WARNING", "names": NOW, "written_at": NOW - DAY}
            await connection.execute(insert(erasure_letters).values(letter | outcome))
    assert await wipe_void(changing.store, NOW) == 2
    async with changing.store.write() as connection:
        mine = select(erasure_letters).where(erasure_letters.c.erasure_id == case).order_by(erasure_letters.c.id)
        found = {row.id: (row.outcome, row.settled_at) for row in await connection.execute(mine)}
    assert [found[id_] for id_ in ids] == [("GIVEN_UP", NOW), ("DELIVERED", NOW - DAY), (None, None)]
