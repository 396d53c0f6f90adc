"""What an erasure does: nothing is left, a certificate proves it, and the customer hears of it last (R32-R36, D5)."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import httpx
import pytest
from sqlalchemy import select
from starlette.routing import Router

from audits.reports.erasures import erasure_facts, overdue
from gateway.api.receipts import list_routes
from gateway.http.middleware import LastResort
from resolvers.customers.registration import register
from resolvers.legal.holds import Holds, NewHold
from schema.api.build import declared_rules
from schema.documents.requests import RequestOutcome
from store.links.receipts import erasure_of, receipt_of
from store.merkle.signed_note import NoteInvalidError
from store.queue.revocations import revocations
from store.registers.webhooks import webhooks
from store.sql.ids import new_id
from store.tables.disclosures import disclosures
from store.tables.erasures import erasure_recipients
from store.tables.outbox import outbox
from tests.erasure.house import CANCEL, REQUEST, House
from tests.promises.gate import own
from workers.certificates.certificates import verified

pytestmark = pytest.mark.anyio

WHO = "{ me { fullName email } }"


async def erased(house: House, place: int = 0) -> dict[str, object]:
    """Have a customer erased; the facts of the certificate."""
    await house.end_services(place)
    said = await house.ask(REQUEST, place)
    house.wait(days=4)
    row = await house.until_done(place)
    assert said["erasure"] is not None and row.finished_at <= row.due_at
    return verified(row.certificate, [key.verifier for key in await house.keys.all()])


async def test_nothing_is_left_of_the_customer_and_everything_of_the_others(house: House) -> None:
    """R32, R35: every table is gone through, by what it declares; the key is gone, and so is every look-up."""
    others = await house.left(1)
    email = house.gate.people[0].email
    assert len(await house.left(0)) > 10
    await erased(house)
    assert await house.left(0) == {"erasures": 1}
    assert await house.store.keys.subjects([house.gate.ids[0]]) == [None]
    assert await house.left(1) == others
    answer = await house.gate.ask(WHO, own(house.gate.ids[0]))
    assert answer.body["data"] == {"me": None}
    found = await house.gate.ask(
        "query ($e: String!) { customer(by: {email: $e}) { id } }",
        own(house.gate.ids[1]),
        variables={"e": email},
    )
    assert found.kind is RequestOutcome.REFUSED or found.body["data"] == {"customer": None}


async def test_not_before_the_days_in_which_it_can_be_called_off(house: House) -> None:
    await house.end_services(0)
    id_ = (await house.ask(REQUEST, 0))["erasure"]["id"]
    house.wait(days=2)
    await house.work()
    assert (await house.row(0)).state == "SCHEDULED"
    assert (await house.ask(CANCEL, 0, id=id_))["erasure"]["state"] == "CANCELLED"


async def test_the_certificate_names_the_key_and_nobody_and_can_be_verified_by_anyone(house: House) -> None:
    """R35: signed by the ledger's key, its hash in the ledger; a changed letter is noticed."""
    ((id_, mark),) = (await house.store.keys.fingerprints([house.gate.ids[0]])).items()
    facts = await erased(house)
    row = await house.row(0)
    assert facts["type"] == "ERASURE_CERTIFICATE"
    assert facts["keyFingerprint"] == mark.hex() and facts["inTime"] is True
    assert str(id_) not in row.certificate
    for value in house.gate.values():
        assert value not in row.certificate
    entries = await house.gate.entries()
    mine = [each for each in entries if each.get("operation") == sha256(row.certificate.encode()).hexdigest()]
    assert [(each["purpose"], each["subjects"]) for each in mine] == [("ERASURE", [])]
    keys = [key.verifier for key in await house.keys.all()]
    for wrong in (row.certificate.replace("REQUEST", "RETENTION"), row.certificate[:-5] + "\n", ""):
        with pytest.raises(NoteInvalidError):
            verified(wrong, keys)


async def test_tokens_end_and_recipients_are_listed(house: House) -> None:
    """O5, and GDPR Art. 19: everybody who ever received something, but no authority."""
    base = {
        "customer_id": house.gate.ids[0], "recipient_country": "CH", "purpose": "PAYMENT_EXECUTION",
        "legal_basis": "A6_1_B", "fields": "[]", "trigger": "x", "at": house.gate.clock.now,
    }  # fmt: skip
    async with house.store.write() as connection:
        for kind, name in (("PAYMENT_AFFILIATE", "Pay Ltd"), ("PAYMENT_AFFILIATE", "Pay Ltd"), ("AUTHORITY", "Court")):
            row = base | {"id": new_id(), "recipient_kind": kind, "recipient_name": name}
            await connection.execute(disclosures.insert().values(row))
    facts = await erased(house)
    told = {(each["kind"], each["name"]) for each in facts["recipients"]}  # type: ignore[attr-defined]
    assert ("PAYMENT_AFFILIATE", "Pay Ltd") in told
    assert not any(kind == "AUTHORITY" for kind, _ in told)
    async with house.store.write() as connection:
        ended = select(revocations.c.value).where(revocations.c.kind == "CUSTOMER")
        assert str(house.gate.ids[0]) in (await connection.execute(ended)).scalars().all()
        listed = (await connection.execute(select(erasure_recipients.c.name))).scalars().all()
        assert listed.count("Pay Ltd") == 1


async def test_the_last_message_waits_until_all_is_done_and_can_still_be_read_then(house: House) -> None:
    """Its link leads to the certificate, without signing in."""
    await erased(house)
    assert (await house.told())[-1] == "ERASED"
    (message,) = [each for each in await house.letters() if each["to"] == house.gate.people[0].email]
    link = next(line for line in message["text"].splitlines() if "/erasures/" in line)
    app = LastResort(Router(routes=list_routes(house.store)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        shown = (await http.get(link)).json()
        assert (shown["state"], shown["certificate"] is not None) == ("ERASED", True)
        certificate = await http.get(shown["certificate"])
        assert certificate.text == (await house.row(0)).certificate
        assert certificate.headers["cache-control"] == "no-store"
        for wrong in ("x", link.rpartition("/")[2][:-1] + "!", "A" * 35, link.rpartition("/")[2][::-1]):
            assert (await http.get(f"/erasures/{wrong}")).status_code == 404
            assert (await http.get(f"/erasures/{wrong}/certificate")).status_code == 404


async def test_a_receipt_is_of_one_erasure_and_cannot_be_made_up(house: House) -> None:
    keys = house.store.keys.system
    receipt = await receipt_of(keys, 4711)
    assert await erasure_of(keys, receipt) == 4711
    for place in range(len(receipt)):
        changed = receipt[:place] + ("A" if receipt[place] != "A" else "B") + receipt[place + 1 :]
        assert await erasure_of(keys, changed) is None


async def test_nobody_is_erased_without_having_been_warned(house: House) -> None:
    """R34: six months after the last service, with a warning a month and a week before."""
    await house.end_services(0)
    await house.work()
    due = (await house.row(0)).due_at
    for days, told in ((120, []), (35, ["WARNING"]), (22, ["WARNING", "WARNING"])):
        house.wait(days=days)
        await house.work()
        assert [each for each in await house.told() if each == "WARNING"] == told
    house.gate.clock.now = due.replace(hour=3)
    row = await house.until_done(0)
    assert row.cause == "RETENTION" and row.finished_at <= due
    assert overdue(await erasure_facts(house.store.reader), house.gate.clock.now) == []


async def test_found_long_after_its_day_it_is_announced_a_week_before(house: House) -> None:
    """A customer imported with services that ended years ago, or a worker that did not run."""
    await house.end_services(0)
    house.wait(days=400)
    await house.work()
    row = await house.row(0)
    assert row.state == "SCHEDULED" and await house.told() == ["WARNING"]
    assert len(overdue(await erasure_facts(house.store.reader), house.gate.clock.now)) == 1
    house.wait(days=6)
    await house.work()
    assert (await house.row(0)).state == "SCHEDULED"
    house.wait(days=1)
    assert (await house.until_done(0)).state == "ERASED"


async def place_hold(house: House, days: int) -> None:
    """An order to preserve the first customer's data."""
    new = NewHold(house.gate.people[0].customer_number, "4 O 123/26", ("Customer.email",), "Art. 265 StPO", days, True)
    await Holds(house.store).place(new, declared_rules().keys(), house.gate.clock.now)


async def test_a_legal_hold_suspends_it_and_its_end_lets_it_go_on(house: House) -> None:
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await place_hold(house, 10)
    house.wait(days=9)
    await house.work()
    assert (await house.row(0)).state == "HELD" and len(await house.left(0)) > 10
    house.wait(days=2)
    assert (await house.until_done(0)).state == "ERASED"


@pytest.mark.parametrize("what", ["hold", "service"])
async def test_what_comes_between_the_last_look_and_the_beginning_is_seen(house: House, what: str) -> None:
    """The worker looks again at the customer whom it is about to erase."""
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    await house.work()
    house.wait(days=5)
    await (place_hold(house, 10) if what == "hold" else house.slip_in(0))
    assert await house.worker.claim(house.gate.clock.now) == []
    await house.work()
    assert (await house.row(0)).state == ("HELD" if what == "hold" else "BLOCKED")
    assert len(await house.left(0)) > 10


async def test_after_erasure_the_customer_number_may_be_given_again(house: House) -> None:
    """No fingerprint of a look-up is left behind (R56)."""
    await erased(house)
    again = await register(house.store, [house.gate.people[0]], now=house.gate.clock.now)
    assert again[0] != house.gate.ids[0]


async def test_internal_systems_hear_of_every_turn_and_in_the_end_of_nobody_any_more(house: House) -> None:
    """The last event names an id that nobody has; those about the customer die with the rest."""
    async with house.store.write() as connection:
        await connection.execute(webhooks.insert().values(
            id=new_id(), name="crm", url="https://crm.example", events="[]", secret=b"", created_at=house.gate.clock.now
        ))  # fmt: skip

    async def events() -> list[str]:
        async with house.store.write() as connection:
            told = select(outbox.c.event).where(outbox.c.topic == "webhook").order_by(outbox.c.id)
            return list((await connection.execute(told)).scalars().all())

    await house.end_services(0)
    await house.ask(REQUEST, 0)
    seen = [each for each in await events() if each]
    assert seen.count("service.terminated") >= 1 and seen[-1] == "erasure.requested"
    house.wait(days=5)
    await house.until_done(0)
    assert [each for each in await events() if each] == ["customer.erased"]


async def test_it_works_by_itself_until_it_is_told_to_stop(house: House) -> None:
    await house.end_services(0)
    await house.ask(REQUEST, 0)
    house.wait(days=5)
    stop = asyncio.Event()
    working = asyncio.create_task(house.worker.run(stop))
    async with asyncio.timeout(120):
        while (await house.row(0)).state != "ERASED":
            house.wait(minutes=1)
            await asyncio.sleep(0.05)
        stop.set()
        await working
