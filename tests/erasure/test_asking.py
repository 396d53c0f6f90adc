"""A customer asks to be erased, calls it off, or is told what stands against it (R31-R34, R42-R47)."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import select

from policy.dates import automatic_erasure, requested_erasure
from resolvers.customers.new_customer import NewCustomer, NewService, PersonName, PostalAddress
from resolvers.customers.registration import register
from resolvers.erasure.consents import stays
from schema.documents.requests import RequestOutcome
from store.registers.webhooks import webhooks
from store.sql.ids import new_id
from store.tables.outbox import outbox
from tests.erasure.house import CANCEL, END, MIDNIGHT_OF, REQUEST, House, key_of
from tests.promises.gate import TODAY, own

pytestmark = pytest.mark.anyio


async def test_while_services_run_it_is_refused_with_each_of_them(house: House) -> None:
    """R31: it is on record and has a receipt, and nothing is dropped in silence; asked again it is the same."""
    said = await house.ask(REQUEST, 0)
    assert said["userErrors"] == [{"code": "SERVICES_ACTIVE", "field": ["whenServicesEnd"]}]
    assert [each["id"] for each in said["blockedBy"]] == await house.running(0) != []
    assert said["erasure"]["state"] == "REFUSED" and said["receipt"]
    again = await house.ask(REQUEST, 0)
    assert (again["erasure"], again["receipt"]) == (said["erasure"], said["receipt"])
    assert [row.state for row in await house.rows(0)] == ["REFUSED"]
    assert await house.told() == ["REFUSED"]


async def test_a_request_that_is_refused_again_another_day_is_another_one(house: House) -> None:
    """R31: within a day it is the same one, and then each is on record and answered (GDPR Art. 12(4))."""
    first = await house.ask(REQUEST, 0)
    house.wait(hours=23)
    assert (await house.ask(REQUEST, 0))["receipt"] == first["receipt"]
    house.wait(hours=1)
    second = await house.ask(REQUEST, 0)
    assert second["receipt"] != first["receipt"]
    rows = await house.rows(0)
    assert [(row.state, row.cause, row.when_services_end) for row in rows] == [("REFUSED", "REQUEST", False)] * 2
    assert rows[1].requested_at - rows[0].requested_at == timedelta(days=1)
    assert await house.told() == ["REFUSED", "REFUSED"]
    for letter in await house.letters():
        assert "\n\n".join(stays(letter["language"])) in letter["text"]


async def test_who_is_gone_asks_for_nothing(house: House) -> None:
    await house.store.keys.destroy(house.gate.ids[0])
    assert (await house.ask(REQUEST, 0))["userErrors"] == [{"code": "NOT_FOUND", "field": []}]
    said = await house.ask(CANCEL, 0, id=house.gate.outside("Erasure", 7, house.gate.ids[0]))
    assert said["userErrors"] == [{"code": "NOT_FOUND", "field": []}]
    assert await house.rows(0) == []


async def test_what_has_begun_is_neither_called_off_nor_asked_for_anew(house: House) -> None:
    """R33: from here on it goes on to its end."""
    await house.end_services(0)
    said = await house.ask(REQUEST, 0)
    house.wait(days=5)
    assert len(await house.worker.claim(house.gate.clock.now)) == 1
    assert (await house.row(0)).state == "ERASING"
    refused = await house.ask(CANCEL, 0, id=said["erasure"]["id"])
    assert refused["userErrors"] == [{"code": "ERASURE_BEGUN", "field": ["erasureId"]}]
    assert (await house.ask(REQUEST, 0))["receipt"] == said["receipt"]
    assert (await house.row(0)).state == "ERASING" and len(await house.rows(0)) == 1


async def test_the_letters_lead_to_the_request_and_name_its_dates(house: House) -> None:
    """(GDPR Art. 12(3)) Whoever cannot sign in any more follows it by the link."""
    armed = await house.ask(REQUEST, 1, wait=True)
    await house.end_services(0)
    said = await house.ask(REQUEST, 0)
    row, clock = await house.row(0), requested_erasure(house.gate.clock.now, house.gate.clock.now, MIDNIGHT_OF)
    await house.ask(CANCEL, 0, id=said["erasure"]["id"])
    assert await house.told() == ["ARMED", "ACCEPTED", "CANCELLED"]
    waits, accepted, _ = await house.letters()
    assert [each["to"] for each in await house.letters()] == [house.gate.people[place].email for place in (1, 0, 0)]
    assert f"/erasures/{armed['receipt']}" in waits["text"]
    assert "\n\n".join(stays(waits["language"])) in waits["text"]
    assert f"/erasures/{said['receipt']}" in accepted["text"]
    for day in (clock.not_before, clock.due):
        assert str(day.astimezone(MIDNIGHT_OF).day) in accepted["text"]
    assert row.alarm_at == clock.alarm_at
    row = await house.row(0)
    assert (row.not_before, row.alarm_at, row.cancelled_at) == (None, None, house.gate.clock.now.replace(microsecond=0))
    assert (row.requested_by, row.requested_because, row.cancelled_by) == (None, None, None)


async def redeem(house: House) -> str:
    """A customer whose only service is in its redemption period, as an import brings them; the service's id."""
    person = NewCustomer(
        PersonName("Rea", "Demption"), "rea@example.com", PostalAddress("Weg 1", "10115", "Berlin", "DE"), TODAY,
        services=(NewService("DOMAIN", "rea.example", TODAY, "REDEMPTION"),),
    )  # fmt: skip
    house.gate.ids = [*house.gate.ids, *await register(house.store, [person], now=TODAY)]
    (service,) = await house.running(2)
    return service


async def test_a_service_in_redemption_runs(house: House) -> None:
    """R45: it stands against a request, and an armed one waits for its end, however long that takes."""
    service = await redeem(house)
    said = await house.ask(REQUEST, 2)
    assert said["blockedBy"] == [{"id": service}] and said["erasure"]["state"] == "REFUSED"
    assert (await house.ask(REQUEST, 2, wait=True))["erasure"]["state"] == "ARMED"
    for _ in range(3):
        house.wait(days=100)
        await house.work()
    assert (await house.row(2)).state == "ARMED"
    assert (await house.tool(END, id=service))["service"]["state"] == "TERMINATED"
    await house.work()
    assert (await house.row(2)).state == "SCHEDULED"


async def test_one_that_gets_into_redemption_stops_a_scheduled_erasure(house: House) -> None:
    """R45: at the last look of the worker too, which comes between the plan and the deed."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.work()
    assert (await house.row(0)).state == "SCHEDULED"
    await house.slip_in(0, "REDEMPTION")
    house.gate.clock.now = (await house.row(0)).not_before
    house.worker._looked = house.gate.clock.now  # The planner has just looked: only the last look is left.
    await house.worker.step()
    assert (await house.row(0)).state == "SCHEDULED"
    await house.work()
    assert (await house.row(0)).state == "BLOCKED"
    house.wait(days=60)
    await house.work()
    assert (await house.row(0)).state == "BLOCKED" and await house.left(0)


async def test_accepted_it_has_its_dates_and_a_receipt_and_is_one_however_often_asked_for(house: House) -> None:
    """R32, R47: both requests are acknowledged, and the earlier deadline holds."""
    await house.end_services(0)
    clock = requested_erasure(house.gate.clock.now, house.gate.clock.now, MIDNIGHT_OF)
    first = await house.ask(REQUEST, 0)
    assert first["userErrors"] == [] and first["blockedBy"] == []
    assert first["erasure"]["state"] == "SCHEDULED" and first["erasure"]["cause"] == "REQUEST"
    assert first["erasure"]["dueAt"] == clock.due.isoformat().replace("+00:00", "Z")
    assert first["erasure"]["notBefore"] == clock.not_before.isoformat().replace("+00:00", "Z")
    house.wait(days=2)
    second = await house.ask(REQUEST, 0)
    assert second["erasure"] == first["erasure"] and second["receipt"] == first["receipt"]
    assert len(await house.rows(0)) == 1
    assert await house.told() == ["ACCEPTED"]


async def test_it_can_wait_for_the_end_of_the_services(house: House) -> None:
    """R33, R43: the clock starts at the last termination, and no new request is needed."""
    said = await house.ask(REQUEST, 0, wait=True)
    assert said["erasure"]["state"] == "ARMED" and said["erasure"]["dueAt"] is None
    house.wait(days=100)
    await house.work()
    assert (await house.row(0)).state == "ARMED"
    await house.end_services(0)
    await house.work()
    row = await house.row(0)
    assert row.state == "SCHEDULED"
    assert row.due_at == requested_erasure(row.requested_at, house.gate.clock.now, MIDNIGHT_OF).due


async def test_it_can_be_called_off_until_it_begins(house: House) -> None:
    await house.end_services(0)
    id_ = (await house.ask(REQUEST, 0))["erasure"]["id"]
    assert (await house.ask(CANCEL, 1, id=id_))["userErrors"] == [{"code": "NOT_FOUND", "field": ["erasureId"]}]  # D6
    assert (await house.ask(CANCEL, 0, id=id_))["erasure"]["state"] == "CANCELLED"
    assert (await house.ask(CANCEL, 0, id=id_))["userErrors"] == [{"code": "ERASURE_OVER", "field": ["erasureId"]}]
    house.wait(days=20)
    await house.work()
    assert [row.state for row in await house.rows(0)] == ["CANCELLED", "SCHEDULED"]
    assert (await house.row(0)).cause == "RETENTION"  # R34 runs all the same.
    later = (await house.ask(CANCEL, 0, id=(await house.ask(REQUEST, 0))["erasure"]["id"]))["erasure"]["state"]
    assert later == "CANCELLED"


async def test_what_nobody_asked_for_is_not_called_off_but_ended_by_a_new_service(house: House) -> None:
    """R44: any new subscription stops the six months."""
    await house.end_services(0)
    await house.work()
    row = await house.row(0)
    assert (row.state, row.cause) == ("SCHEDULED", "RETENTION")
    assert row.due_at == automatic_erasure(house.gate.clock.now, MIDNIGHT_OF).due
    gate = house.gate
    listed = await gate.ask("{ me { erasures { nodes { id } } } }", own(gate.ids[0]))
    (shown,) = listed.data["me"]["erasures"]["nodes"]
    refused = await house.ask(CANCEL, 0, id=shown["id"])
    assert refused["userErrors"] == [{"code": "NOT_ASKED_FOR", "field": ["erasureId"]}]
    assert (await house.begin_service(0))["userErrors"] == []
    await house.work()
    assert (await house.row(0)).state == "CANCELLED"


async def test_a_request_makes_an_automatic_erasure_earlier_and_never_later(house: House) -> None:
    """R46: the earlier of both deadlines."""
    await house.end_services(0)
    ended = house.gate.clock.now
    await house.work()
    house.wait(days=100)
    said = await house.ask(REQUEST, 0)
    row = await house.row(0)
    assert key_of(house.gate, said["erasure"]["id"]) == row.id and row.cause == "REQUEST"
    assert row.due_at == requested_erasure(row.requested_at, ended, MIDNIGHT_OF).due
    await house.end_services(1)
    ended = house.gate.clock.now
    await house.work()
    house.wait(days=170)
    await house.ask(REQUEST, 1)
    await house.work()
    assert (await house.row(1)).due_at == automatic_erasure(ended, MIDNIGHT_OF).due


async def test_a_request_for_what_a_restriction_holds_is_held_until_the_next_look(house: House) -> None:
    """R46, Art. 18(1): it waits like the erasure that was due by itself, and then goes on, as it is the customer's."""
    await house.end_services(0)
    await house.ask("mutation { requestRestriction(input: {ground: LEGAL_CLAIMS}) { userErrors { code } } }", 0)
    await house.work()
    assert ((await house.row(0)).state, (await house.row(0)).cause) == ("HELD", "RETENTION")
    said = await house.ask(REQUEST, 0)
    row = await house.row(0)
    assert said["erasure"]["state"] == row.state == "HELD" and row.cause == "REQUEST" and row.due_at is not None
    await house.work()
    assert (await house.row(0)).state == "SCHEDULED"


async def test_internal_systems_are_told_which_erasure_and_how_it_stands(house: House) -> None:
    async with house.store.write() as connection:
        await connection.execute(webhooks.insert().values(
            id=new_id(), name="crm", url="https://crm.example", events="[]", secret=b"", created_at=house.gate.clock.now
        ))  # fmt: skip
    said = await house.ask(REQUEST, 0, wait=True)
    await house.ask(CANCEL, 0, id=said["erasure"]["id"])
    (key,) = await house.store.keys.subjects([house.gate.ids[0]])
    assert key is not None
    async with house.store.write() as connection:
        mine = select(outbox.c.id, outbox.c.payload).where(outbox.c.event.like("erasure.%")).order_by(outbox.c.id)
        rows = (await connection.execute(mine)).all()
    told = [orjson.loads(key.open(outbox.c.payload, id_, payload)) for id_, payload in rows]
    assert [each["type"] for each in told] == ["erasure.requested", "erasure.cancelled"]
    assert all(each["data"]["erasure"] == said["erasure"]["id"] for each in told)
    assert told[0]["data"]["state"] == "ARMED"


async def test_whoever_asked_has_to_choose_before_a_new_service_begins(house: House) -> None:
    """R42: the request is never undone in silence."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    refused = await house.begin_service(0)
    assert refused["service"] is None
    assert refused["userErrors"] == [{"code": "ERASURE_PENDING", "field": ["withdrawErasure"]}]
    assert await house.running(0) == []
    begun = await house.begin_service(0, stay=True)
    assert begun["service"]["state"] == "ACTIVE" and (await house.row(0)).state == "CANCELLED"


async def test_a_service_that_slips_in_suspends_it_and_the_customer_is_told(house: House) -> None:
    """R42: by another channel; the request stays, and goes on by itself (R43)."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.slip_in(0)
    house.wait(days=20)
    await house.work()
    row = await house.row(0)
    assert (row.state, row.due_at, row.not_before) == ("BLOCKED", None, None)
    assert (await house.told())[-1] == "BLOCKED"
    await house.end_services(0)
    await house.work()
    row = await house.row(0)
    assert row.state == "SCHEDULED"
    assert row.due_at == requested_erasure(row.requested_at, house.gate.clock.now, MIDNIGHT_OF).due


async def test_it_needs_a_fresh_sign_in(house: House) -> None:
    """S7."""
    old = int((house.gate.clock.now - timedelta(minutes=6)).timestamp())
    answer = await house.gate.ask(REQUEST, own(house.gate.ids[0], authenticated_at=old))
    assert answer.kind is RequestOutcome.STEP_UP_REQUIRED
    assert await house.rows(0) == []


async def test_services_end_and_begin_by_tools_with_the_scope_only(house: House) -> None:
    """R31: what starts and stops the clock; ending twice changes nothing, and nothing ends before it began."""
    (first, *_) = await house.running(0)
    await house.end_services(0)
    assert await house.running(0) == []
    house.wait(days=3)
    assert (await house.tool(END, id=first))["service"]["state"] == "TERMINATED"
    answer = await house.gate.ask("{ me { lastServiceEndedAt } }", own(house.gate.ids[0]))
    assert answer.data["me"]["lastServiceEndedAt"] < house.gate.clock.now.isoformat()
    early = END.replace("serviceId: $id", 'serviceId: $id, at: "1999-01-01T00:00:00Z"')
    (second, *_) = await house.running(1)
    assert (await house.tool(early, id=second))["userErrors"] == [{"code": "INVALID_TIME", "field": ["at"]}]
    late = END.replace("serviceId: $id", 'serviceId: $id, at: "2099-01-01T00:00:00Z"')
    assert (await house.tool(late, id=second))["userErrors"] == [{"code": "INVALID_TIME", "field": ["at"]}]
    assert (await house.tool(END, id="?"))["userErrors"] == [{"code": "NOT_FOUND", "field": ["serviceId"]}]
    refused = await house.gate.ask(END, own(house.gate.ids[1]), variables={"id": second})
    assert refused.kind is RequestOutcome.REFUSED and await house.running(1)
