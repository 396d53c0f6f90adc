"""What was kept for long enough goes, by the calendar, and nothing earlier (R34, R60, A16)."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Table, func, insert, select

from policy.periods import Period
from policy.purposes import Purpose
from policy.retention import RetentionRule
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from store.database.schemas import SCHEMAS
from store.database.store import Store
from store.ledger.pruning import expired_before
from store.sql.ids import new_id
from store.tables.access import sessions, sign_ins
from store.tables.consents import cookie_choices
from store.tables.exports import export_parts, exports
from store.tables.oauth import oauth_families
from store.tables.outbox import outbox
from tests.promises.gate import Gate
from workers.retention.rules import OTHERWISE, SWEEPS, Sweep, cutoff
from workers.retention.worker import BATCH, Sweeper

pytestmark = pytest.mark.anyio

NOW = datetime(2027, 8, 31, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def prune_nothing(before: datetime) -> int:
    return 0


def sweeper(store: Store, now: datetime = NOW) -> Sweeper:
    return Sweeper(store, prune_nothing, lambda: now)


async def put(store: Store, table: Table, *rows: dict[str, Any]) -> list[int]:
    """Rows with ids of their own."""
    ids = [new_id() for _ in rows]
    async with store.write() as connection:
        for id_, row in zip(ids, rows, strict=True):
            await connection.execute(insert(table).values({"id": id_} | row))
    return ids


async def left(store: Store, table: Table, ids: list[int]) -> list[int]:
    """Which of these rows are there, by their place in the list."""
    async with store.write() as connection:
        found = set((await connection.execute(select(table.c.id).where(table.c.id.in_(ids)))).scalars())
    return [place for place, id_ in enumerate(ids) if id_ in found]


def test_every_table_is_swept_or_says_what_ends_its_rows() -> None:
    """The audit's question: is there a table that nobody ever empties?"""
    names = {table.name for schema in SCHEMAS for table in schema.tables.tables.values()}
    swept = {sweep.table.name for sweep in SWEEPS} | {table.name for sweep in SWEEPS for table, _ in sweep.first}
    assert swept - {sweep.table.name for sweep in SWEEPS} <= OTHERWISE.keys() | {"export_parts"}
    assert names == {sweep.table.name for sweep in SWEEPS} | OTHERWISE.keys() | {"export_parts"}
    for sweep in SWEEPS:
        assert sweep.table.info["retention"] is sweep.rule, sweep.table.name


@pytest.mark.parametrize(
    ("rule", "now", "expected"),
    [
        (RetentionRule.SIGN_IN_RECORDS, "2027-08-28", "2027-02-28"),
        (RetentionRule.SIGN_IN_RECORDS, "2027-08-29", "2027-03-01"),
        (RetentionRule.SIGN_IN_RECORDS, "2027-08-31", "2027-03-01"),
        (RetentionRule.SIGN_IN_RECORDS, "2028-08-29", "2028-02-29"),
        (RetentionRule.SIGN_IN_RECORDS, "2027-01-01", "2026-07-01"),
        (RetentionRule.OUTBOX, "2027-03-02", "2027-01-31"),
        (RetentionRule.EXPORTS, "2027-03-02", "2027-02-23"),
    ],
)
def test_periods_are_counted_by_the_calendar(rule: RetentionRule, now: str, expected: str) -> None:
    """R59."""
    moment = datetime.fromisoformat(f"{now}T17:00:00+00:00")
    assert cutoff(rule, moment) == datetime.fromisoformat(f"{expected}T00:00:00+00:00")


@pytest.mark.parametrize(("zone", "hour"), [("Pacific/Auckland", 13), ("Pacific/Honolulu", 5)])
def test_days_are_those_of_utc_wherever_the_server_stands(
    zone: str, hour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is another day there, and six months before it another, too."""
    moment = datetime(2027, 9, 10, hour, tzinfo=UTC)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", zone)
        time.tzset()
        found = cutoff(RetentionRule.SIGN_IN_RECORDS, moment)
    time.tzset()
    assert found == datetime(2027, 3, 10, tzinfo=UTC)


@given(today=st.dates(date(1990, 1, 1), date(2100, 1, 1)), months=st.integers(0, 30), days=st.integers(0, 90))
def test_of_earlier_days_the_period_is_over_and_of_no_later_one(today: date, months: int, days: int) -> None:
    """R59: over the ends of months and leap days, too."""
    period = Period(months, days)
    first = period.first_running(today)
    assert period.after(first - DAY) < today <= period.after(first)


async def test_sign_ins_and_sessions_go_after_six_months_and_no_day_earlier(changing: Gate) -> None:
    store, owner = changing.store, changing.ids[0]
    limit = datetime(2027, 2, 28, tzinfo=UTC)
    entered = {"customer_id": owner, "platform": "WEBMAIL", "outcome": "SUCCEEDED", "unusual": False}
    accesses = await put(store, sign_ins, *(entered | {"at": limit + by} for by in (-DAY, -timedelta(seconds=1), DAY)))
    opened = {"customer_id": owner, "platform": "WEBMAIL", "started_at": limit - DAY, "last_seen_at": limit - DAY}
    open_ = await put(
        store,
        sessions,
        opened | {"expires_at": limit + DAY, "ended_at": limit - DAY},
        opened | {"expires_at": limit - DAY},
        opened | {"expires_at": limit - DAY, "ended_at": limit + DAY},
        opened | {"expires_at": NOW + DAY},
    )
    await sweeper(store).step()
    assert await left(store, sign_ins, accesses) == [2]
    assert await left(store, sessions, open_) == [2, 3]


async def test_a_session_stays_as_long_as_an_app_rests_on_it(changing: Gate) -> None:
    """S6: an app that a customer let in never outlives what they can see and end; one that was ended holds nothing."""
    store, owner = changing.store, changing.ids[0]
    client = NewClient(id="tool", name="T", kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}))
    await ClientRegistrar(store).create(client, NOW)
    over = datetime(2027, 1, 1, tzinfo=UTC)
    opened = {"customer_id": owner, "platform": "WEBMAIL", "started_at": over, "last_seen_at": over, "expires_at": over}
    open_ = await put(store, sessions, opened, opened, opened, opened | {"ended_at": over})
    family = {
        "customer_id": owner, "client_id": "tool", "client_name": "T", "scope": "email:read", "authenticated_at": over,
        "amr": "pwd", "salt": b"s" * 16, "generation": 0, "created_at": over, "expires_at": NOW + DAY,
        "ends_at": NOW + DAY,
    }  # fmt: skip
    await put(
        store,
        oauth_families,
        family | {"session_id": open_[0]},
        family | {"session_id": open_[1], "revoked_at": over, "cause": "ASKED"},
        family | {"session_id": open_[3]},
    )
    await sweeper(store).step()
    assert await left(store, sessions, open_) == [0]


async def test_messages_exports_and_choices_go_and_what_still_waits_stays(changing: Gate) -> None:
    store, owner = changing.store, changing.ids[0]
    message = {"customer_id": owner, "topic": "email", "created_at": NOW - 90 * DAY, "attempts": 1}
    waiting = await put(
        store,
        outbox,
        message | {"delivered_at": NOW - 32 * DAY},
        message | {"dead_at": NOW - 32 * DAY},
        message | {"delivered_at": NOW - 29 * DAY},
        message | {"next_attempt_at": NOW},
    )
    export = {"customer_id": owner, "language": "en", "requested_at": NOW - 20 * DAY, "attempts": 1}
    made = await put(
        store,
        exports,
        export | {"state": "READY", "ready_at": NOW - 9 * DAY, "expires_at": NOW - 2 * DAY},
        export | {"state": "FAILED", "expires_at": NOW - 9 * DAY},
        export | {"state": "READY", "ready_at": NOW - 2 * DAY, "expires_at": NOW + 5 * DAY},
        export | {"state": "REQUESTED"},
    )
    part = {"customer_id": owner, "attempt": 1, "form": "JSON", "position": 0, "length": 1, "content": b"x"}
    parts = await put(store, export_parts, *(part | {"export_id": id_} for id_ in made))
    chosen = {"measurement": False, "wording_version": "1", "expires_at": NOW, "global_privacy_control": False}
    async with store.write() as connection:
        await connection.execute(cookie_choices.delete())
    choices = await put(
        store,
        cookie_choices,
        chosen | {"customer_id": owner, "chosen_at": NOW - 200 * DAY},
        chosen | {"customer_id": changing.ids[1], "chosen_at": NOW - 100 * DAY},
    )
    await sweeper(store).step()
    assert await left(store, outbox, waiting) == [2, 3]
    assert await left(store, exports, made) == [2, 3] == await left(store, export_parts, parts)
    assert await left(store, cookie_choices, choices) == [1]


async def test_many_rows_go_in_batches_whoever_else_sweeps(changing: Gate) -> None:
    """F4: three at once, and all of it is gone once."""
    store = changing.store
    row = {
        "customer_id": changing.ids[0], "platform": "WEBMAIL", "outcome": "FAILED", "unusual": False,
        "at": NOW - 300 * DAY,
    }  # fmt: skip
    async with store.write() as connection:
        await connection.execute(sign_ins.delete())
        await connection.execute(insert(sign_ins), [row | {"id": new_id()} for _ in range(2 * BATCH + 7)])
    await asyncio.gather(*(sweeper(store).step() for _ in range(3)))
    async with store.write() as connection:
        assert await connection.scalar(select(func.count()).select_from(sign_ins)) == 0


async def test_the_ledger_is_pruned_with_the_rest(changing: Gate) -> None:
    """Twelve months from the end of the month of the entry."""
    asked: list[datetime] = []

    async def prune(before: datetime) -> int:
        asked.append(before)
        return 5

    assert await Sweeper(changing.store, prune, lambda: NOW).step() >= 5
    assert asked == [datetime(2026, 8, 1, tzinfo=UTC)]


async def test_a_round_counts_what_went_and_says_so(changing: Gate, caplog: pytest.LogCaptureFixture) -> None:
    """R34, R52: rows, messages that nobody took in time, owners of ended domains, entries of the ledger."""
    caplog.set_level("INFO", "workers.retention")
    asked: list[datetime] = []

    async def owners(now: datetime) -> int:
        asked.append(now)
        return 30

    async def prune(before: datetime) -> int:
        return 500

    await sweeper(changing.store).step()
    old = {"customer_id": changing.ids[0], "platform": "WEBMAIL", "outcome": "FAILED", "unusual": False}
    await put(changing.store, sign_ins, *[old | {"at": NOW - 300 * DAY}] * 2)
    void = {"topic": "email", "payload": b"x", "created_at": NOW - 2 * DAY, "attempts": 0}
    await put(changing.store, outbox, void | {"void_at": NOW - DAY, "next_attempt_at": NOW})
    caplog.clear()
    worker = Sweeper(changing.store, prune, lambda: NOW, owners=owners)
    assert (await worker.step(), asked) == (2 + 1 + 30 + 500, [NOW])
    told = {
        (record.message, getattr(record, "table", None), getattr(record, "rows", None)) for record in caplog.records
    }
    assert told == {
        ("kept for long enough", "sign_ins", 2),
        ("messages were given up, as their time had passed", None, 1),
        ("owners of ended domains were erased", None, 30),
    }
    caplog.clear()
    assert await sweeper(changing.store).step() == 0 and caplog.records == []


async def test_without_another_clock_it_goes_by_the_present_moment(
    changing: Gate, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[datetime] = []

    async def prune(before: datetime) -> int:
        asked.append(before)
        return 0

    before = datetime.now(UTC)
    await Sweeper(changing.store, prune).step()
    assert expired_before(before) <= asked[0] <= expired_before(datetime.now(UTC))
    assert [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")] == []


async def test_it_sweeps_round_after_round(changing: Gate) -> None:
    rounds, stop = 0, asyncio.Event()

    async def prune(before: datetime) -> int:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            stop.set()
        return 0

    await asyncio.wait_for(Sweeper(changing.store, prune, lambda: NOW, pause=0.01).run(stop), 60)
    assert rounds == 3


async def test_a_table_that_fails_does_not_keep_the_others_waiting(
    changing: Gate, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The outbox cannot be swept: everything after it is, the ledger too, and the next round tries it again."""
    real, pruned = Sweeper.sweep, []

    async def broken(self: Sweeper, sweep: Sweep, now: datetime) -> int:
        if sweep.table is outbox:
            raise RuntimeError("a defect")
        return await real(self, sweep, now)

    async def prune(before: datetime) -> int:
        pruned.append(before)
        return 0

    row = {"topic": "x", "payload": b"x", "created_at": NOW, "attempts": 1, "delivered_at": NOW - 60 * DAY}
    message = await put(changing.store, outbox, row)
    over = {"customer_id": changing.ids[0], "state": "READY", "language": "en", "requested_at": NOW, "attempts": 1}
    export = await put(changing.store, exports, over | {"ready_at": NOW - 60 * DAY, "expires_at": NOW - 53 * DAY})
    worker = Sweeper(changing.store, prune, lambda: NOW)
    with monkeypatch.context() as broken_now:
        broken_now.setattr(Sweeper, "sweep", broken)
        assert await worker.step() >= 1
        assert await worker.step() == 0, "what fails counts for nothing"
    assert (await left(changing.store, outbox, message), await left(changing.store, exports, export)) == ([0], [])
    assert len(pruned) == 2
    told = [(record.message, record.part) for record in caplog.records if record.levelname == "ERROR"]  # type: ignore[attr-defined]
    failed = "a part of a round could not be done, and will be tried again"
    assert told == [(failed, "retention of outbox")] * 2
    await worker.step()
    assert await left(changing.store, outbox, message) == []


async def test_it_stops_when_told_to_also_in_the_middle_of_a_round(changing: Gate) -> None:
    """F6: pruning may have to wait for a signature."""
    begun, stop = asyncio.Event(), asyncio.Event()

    async def wait_for_ever(before: datetime) -> int:
        begun.set()
        return await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(Sweeper(changing.store, wait_for_ever, lambda: NOW).run(stop))
    await begun.wait()
    stop.set()
    await asyncio.wait_for(task, 60)
