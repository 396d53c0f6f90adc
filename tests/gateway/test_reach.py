"""Bulk reading is noticed: distinct customers an hour, shared by replicas, an alarm and a stop (issue 6, item 6)."""

from __future__ import annotations

import json
import logging
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from policy.grant import Grant, Over
from policy.purposes import Purpose
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from schema.api.api import Api
from schema.documents.requests import Request
from schema.documents.requests import RequestOutcome as Answered
from store.database.store import Store
from store.operations.reach import client_reach
from store.queue.hyperloglog import SIZE, Sketch, merged
from tests.gateway.desk import START, Clock, Desk, instant_of
from tests.promises.gate import PATIENT, Gate, grant, own
from workers.operations.reach import SLOT, SLOTS, DistinctCustomerLimiter

pytestmark = pytest.mark.anyio
PAGE = "query ($n: Int) { customers(first: $n) { nodes { id fullName } } }"


_dice = Random()


@pytest.fixture(autouse=True)
def same_people() -> None:
    """The sketch estimates: of people chosen at random, two would share a register now and then."""
    _dice.seed(1)


def names(count: int) -> list[str]:
    """Pseudonyms of people who do not exist."""
    return [urlsafe_b64encode(_dice.randbytes(16))[:22].decode() for _ in range(count)]


def tool(most: int | None = 10, over: Over = Over.STOP, client: str = "billing") -> Grant:
    """A tool with a budget of customers."""
    return replace(grant(Purpose.INVOICING, client=client), customers_per_hour=most, over=over)


@pytest.mark.parametrize("count", [0, 1, 10, 100, 1_000, 20_000, 200_000])
def test_the_sketch_counts(count: int) -> None:
    sketch, known = Sketch(), names(count)
    sketch.apply(sketch.new(known))
    assert abs(sketch.count - count) <= max(2, 0.08 * count)
    assert sketch.new(known) == {}, "who was seen before changes nothing"
    assert len(sketch.registers) == SIZE and Sketch(bytes(sketch.registers)).count == sketch.count


def test_the_union_of_sketches_is_the_sketch_of_the_union() -> None:
    parts = [names(500) for _ in range(3)]
    alone = [Sketch() for _ in parts]
    whole = Sketch()
    for sketch, part in zip(alone, parts, strict=True):
        sketch.apply(sketch.new(part))
        whole.apply(whole.new(part))
    assert merged([each.registers for each in alone]) == bytes(whole.registers)


@pytest.fixture
async def replica(store: Store) -> Callable[[], DistinctCustomerLimiter]:
    """Makes replicas of one store with one clock."""
    clock = Clock()
    await Desk(store, clock).register("billing")

    def make() -> DistinctCustomerLimiter:
        reach = DistinctCustomerLimiter(store, clock)
        reach.clock = clock  # type: ignore[attr-defined]
        return reach

    return make


async def test_a_client_is_stopped_at_its_budget_and_goes_on_with_those_it_knows(replica: Any) -> None:
    reach, known = replica(), names(10)
    assert reach.note(tool(), known, True) == 0
    assert 0 < reach.note(tool(), names(1), True) <= 600
    assert reach.note(tool(), known[3:5], True) == 0
    assert reach.note(tool(), names(5), False) == 0, "what has happened is only counted"
    assert reach.note(tool(over=Over.ALARM), names(500), True) == 0
    assert reach.note(tool(None), names(50), True) == 0 and reach.note(tool(0), names(50), True) == 0
    assert reach.note(replace(own(5), customers_per_hour=1, over=Over.STOP), names(9), True) == 0, "one's own data"


async def test_after_an_hour_it_may_read_others(replica: Any) -> None:
    reach = replica()
    assert reach.note(tool(), names(10), True) == 0
    for minutes in (30, 59):
        reach.clock.time = START + minutes * 60
        assert reach.note(tool(), names(1), True) > 0, minutes
    reach.clock.time = START + 71 * 60
    assert reach.note(tool(), names(10), True) == 0


async def test_replicas_share_what_they_counted(replica: Any) -> None:
    """Neither alone reads too many; together they do, and one that was started anew knows it, too."""
    first, second, known = replica(), replica(), names(12)
    assert first.note(tool(), known[:6], True) == second.note(tool(), known[5:10], True) == 0
    await first.merge()
    await second.merge()
    await first.merge()
    assert first.note(tool(), known[:10], True) == second.note(tool(), known[:10], True) == 0
    assert first.note(tool(), known[10:11], True) > 0 and second.note(tool(), known[11:], True) > 0
    third = replica()
    await third.merge()
    assert third.note(tool(), known[10:11], True) > 0 and third.note(tool(), known[:10], True) == 0


async def test_the_alarm_is_raised_once_by_whoever_is_first(
    replica: Any, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log, and in the ledger, where nobody can take it back; an hour later again."""
    first, second = replica(), replica()
    caplog.set_level(logging.ERROR, "gateway")
    for reach in (first, second):
        assert reach.note(tool(over=Over.ALARM), names(30), True) == 0
    for _ in range(3):
        await first.merge()
        await second.merge()
    assert first.alarms + second.alarms == 1
    (record,) = [each for each in caplog.records if "more customers" in each.message]
    assert (record.client, record.registered) == ("billing", 10)  # type: ignore[attr-defined]
    (event,) = [each for each in await entries(store) if each.get("event") == "BULK_READING"]
    assert (event["client"], event["registered"]) == ("billing", 10) and event["customers"] >= 28
    first.clock.time += 2 * 3600
    first.note(tool(over=Over.ALARM), names(30), True)
    await first.merge()
    assert first.alarms + second.alarms == 2


async def test_a_stopped_client_raises_it_too(replica: Any, store: Store) -> None:
    reach = replica()
    assert reach.note(tool(), names(30), True) > 0, "in its first reading"
    await reach.merge()
    assert reach.alarms == 1


async def test_what_is_shared_names_nobody_and_goes_after_hours(replica: Any, store: Store) -> None:
    reach, known = replica(), names(5)
    reach.note(tool(), known, True)
    await reach.merge()
    async with store.write() as connection:
        (row,) = (await connection.execute(select(client_reach))).all()
    assert len(row.sketch) == SIZE and not any(name.encode() in row.sketch for name in known)
    reach.clock.time += 4 * 3600
    await reach.merge()
    async with store.write() as connection:
        assert (await connection.execute(select(client_reach))).all() == []


async def entries(store: Store) -> list[dict[str, Any]]:
    gate = Gate.__new__(Gate)
    gate.store = store
    return await gate.entries()


async def test_over_graphql_nothing_beyond_the_budget_leaves(store: Store) -> None:
    """The answer that would go beyond is typed, holds nothing of anybody, and is no reading."""
    gate = await Gate.of(store, 20)
    api = Api(store, PATIENT, clock=gate.clock, watch=DistinctCustomerLimiter(store, Clock()))

    async def page(size: int, who: Grant) -> Any:
        return await api.execute(Request(query=PAGE, variables={"n": size}), who)

    assert (await page(8, tool())).kind is Answered.OK
    refused = await page(20, tool())
    assert refused.kind is Answered.THROTTLED and refused.retry_after > 0
    (error,) = json.loads(refused.body)["errors"]
    assert error["extensions"]["code"] == "TOO_MANY_CUSTOMERS" and error["extensions"]["most"] == 10
    assert not any(value.encode() in refused.body for value in gate.values())
    assert len(await gate.entries()) == 1, "what does not leave is not recorded as revealed"
    assert (await page(8, tool())).kind is Answered.OK, "those it has read already"
    assert (await page(20, tool(over=Over.ALARM))).kind is Answered.OK


async def test_a_registration_says_how_many(store: Store) -> None:
    desk = Desk(store)
    await desk.keys.open()
    await desk.register("billing", customers_per_hour=25, beyond="STOP")
    await desk.register("crm")
    desk.clients._customers = 5000
    billing = await desk.authenticator.authenticate(await desk.token())
    assert (billing.customers_per_hour, billing.over) == (25, Over.STOP)
    crm = await desk.authenticator.authenticate(await desk.token("crm"))
    assert (crm.customers_per_hour, crm.over) == (5000, Over.ALARM), "what the settings say"


def test_a_stop_needs_a_number() -> None:
    purposes = frozenset({Purpose.INVOICING})
    new = NewClient(id="billing", name="Billing", kind=ClientKind.TOOL, purposes=purposes, over=Over.STOP)
    with pytest.raises(RegistrationError, match="customers-per-hour"):
        replace(new, customers_per_hour=0).check()
    replace(new, customers_per_hour=5).check()
    new.check()


@pytest.mark.parametrize(("customers", "over", "becomes"), [
    (None, None, Over.STOP), (200, None, Over.STOP), (0, None, Over.ALARM),
    (None, Over.ALARM, Over.ALARM), (200, Over.ALARM, Over.ALARM),
])  # fmt: skip
async def test_a_tool_that_says_nothing_stops_and_an_older_one_keeps_what_it_said(
    store: Store, customers: int | None, over: Over | None, becomes: Over
) -> None:
    """(D11) Least reading by default: an alarm alone, or any number, is something that somebody asked for."""
    new = NewClient(
        id="crm", name="CRM", kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}),
        customers_per_hour=customers, over=over,
    )  # fmt: skip
    await ClientRegistrar(store).create(new, instant_of(START))
    desk = Desk(store)
    await desk.keys.open()
    await desk.register("older")
    desk.clients._customers = 5000
    made = await desk.clients.find("crm")
    assert made is not None and made.over is becomes
    assert made.customers_per_hour == (5000 if customers is None else customers or None)
    older = await desk.clients.find("older")
    assert older is not None and (older.customers_per_hour, older.over) == (5000, Over.ALARM)


def test_names_that_were_counted_are_remembered_until_the_window_forgets_them(store: Store) -> None:
    """To know a name again costs a tenth of computing its place, and changes no count."""
    moment = [0.0]
    limiter = DistinctCustomerLimiter(store, lambda: moment[0])
    first, second = names(8), names(8)
    assert limiter.note(tool(10), first, True) == 0
    assert limiter.wait(tool(10), first) == 0
    assert limiter.note(tool(10), second, True) > 0, "beyond the limit"
    assert limiter.wait(tool(10), second) > 0, "and not remembered as counted"
    moment[0] = 2 * SLOT * SLOTS
    assert limiter.note(tool(10), second, True) == 0
    assert limiter.note(tool(10), first, True) > 0, "counted anew in another window"
