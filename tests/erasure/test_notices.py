"""Who has a copy is told of a restriction, of its end and of a correction, and answers (D17; R30)."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, select

from policy.erasing import ANSWER_WITHIN
from policy.purposes import Purpose
from policy.recipients import Recipient
from policy.restricting import Notice, NoticeReply
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient
from resolvers.disclosures.disclosures import disclose
from store.tables.customers import customers
from store.tables.disclosures import disclosures
from store.tables.restrictions import notice_recipients, notices
from tests.erasure.house import REQUEST, House
from tests.outbox.receiving import receiver
from tests.promises.gate import grant
from workers.certificates.certificates import verified
from workers.http.client import HttpClient
from workers.outbox.receivers import Receivers
from workers.outbox.register import Webhooks
from workers.outbox.worker import Deliverer
from workers.recipients.by_hand import RecipientError, Recipients
from workers.recipients.notices import SUBJECTS, TEXTS, Notifier, letter
from workers.recipients.notices_by_hand import Notices

pytestmark = pytest.mark.anyio

N = notice_recipients.c
ONE = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
RESTRICT = "mutation { requestRestriction(input: {ground: UNLAWFUL}) { userErrors { code } } }"
LIFT = "mutation { liftRestriction(input: {}) { userErrors { code } } }"
CHANGE = 'mutation { updateProfile(input: {phone: "+41446681800"}) { userErrors { code field } } }'
SEEN = "{ me { notices { nodes { about kind name state answer sentAt answeredAt } } } }"


def saying(word: str) -> bytes:
    """An answer that says what was done."""
    return f"HTTP/1.1 200 OK\r\nNotice-Answer: {word}\r\nContent-Length: 0\r\n\r\n".encode()


async def tool(house: House, name: str, url: str | None, **facts: Any) -> None:
    """A tool that read the first customer's name; with a webhook if there is an address."""
    now = house.gate.clock.now
    new = NewClient(id=name, name=name, kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}), **facts)
    await ClientRegistrar(house.store).create(new, now)
    if url is not None:
        await Webhooks(house.store).add(name, url, ["customer.erase"], now)
        await Recipients(house.store).set_contact("TOOL", name, name, None, now)
    who = grant(Purpose.INVOICING, client=name)
    assert (await house.gate.ask(ONE, who, variables={"id": house.gate.id(0)})).data["customer"]["fullName"]


async def partner(house: House, name: str, *fields: str, kind: Recipient = Recipient.PARTNER) -> None:
    """A company, or a registry, that received these fields."""
    why = Purpose.PARTNER_EXECUTION if kind is Recipient.PARTNER else Purpose.DOMAIN_REGISTRATION
    (key,) = await house.store.keys.subjects([house.gate.ids[0]])
    assert key is not None
    async with house.store.write() as connection:
        await disclose(
            connection, key, recipient_kind=kind, recipient_name=name, country="CH",
            purpose=why, legal_basis=why.bases[0], coordinates=fields,
            trigger="order:1", now=house.gate.clock.now,
        )  # fmt: skip


async def told(house: House) -> None:
    """Listed, written to, and delivered."""
    await Notifier(house.store, house.gate.clock).step()
    worker = Deliverer(house.store, Receivers(house.store, HttpClient(seconds=5)), house.gate.clock, rng=lambda: 0.5)
    await worker.look()
    await worker.settle_all()


async def states(house: House, about: str) -> dict[str, tuple[str, str | None]]:
    """How far each has been told."""
    query = select(N.name, N.state, N.answer).where(N.about == about).order_by(N.name)
    async with house.store.write() as connection:
        return {name: (state, answer) for name, state, answer in await connection.execute(query)}


async def test_a_restriction_its_end_and_an_answer_by_real_http(house: House) -> None:
    async with receiver() as system:
        system.answer = lambda _: saying("done")
        await tool(house, "billing", system.url)
        await tool(house, "keeper", None, keeps="names", keeps_days=30)
        await tool(house, "forgetful", None, keeps="nothing", keeps_days=0)
        await partner(house, "Printers", "Customer.postalAddress")
        customer = house.gate.id(0)
        await house.ask(RESTRICT, 0)
        await told(house)
        found = await states(house, "RESTRICTION")
        assert found.pop("billing") == ("ACKNOWLEDGED", "DONE")
        assert found.pop("keeper") == found.pop("Printers") == ("LISTED", None), "nobody told how: a letter waits"
        assert "forgetful" not in found, "it keeps nothing"
        said = [each.said for each in system.got if each.said["type"] == "customer.restrict"]
        assert [each["data"]["customer"] for each in said] == [customer] and set(said[0]["data"]) == {
            "case", "customer", "references"
        }  # fmt: skip
        assert not any(text.encode() in each.body for each in system.got for text in house.gate.values())
        await house.ask(LIFT, 0)
        await told(house)
        lifted = await states(house, "LIFTING")
        assert lifted.keys() == (await states(house, "RESTRICTION")).keys() and lifted["billing"][0] == "ACKNOWLEDGED"
        seen = (await house.gate.ask(SEEN, _me(house))).data["me"]["notices"]["nodes"]
        assert {(each["about"], each["name"], each["state"]) for each in seen} >= {
            ("RESTRICTION", "billing", "ACKNOWLEDGED"), ("LIFTING", "Printers", "LISTED")
        }  # fmt: skip


def _me(house: House) -> Any:
    return grant(Purpose.SELF_SERVICE, subject=house.gate.ids[0])


async def test_a_correction_reaches_whoever_got_what_was_corrected(house: House) -> None:
    async with receiver() as system:
        system.answer = lambda _: saying("REFUSED")
        await tool(house, "billing", system.url)
        await partner(house, "Callers", "Customer.phone")
        await partner(house, "Printers", "Customer.postalAddress")
        await house.ask(CHANGE, 0)
        await told(house)
        found = await states(house, "RECTIFICATION")
        assert found["billing"] == ("REFUSED", "REFUSED") and found["Callers"] == ("LISTED", None)
        assert "Printers" not in found, "it never had the phone"
        (said,) = [each.said["data"] for each in system.got if each.said["type"] == "customer.rectify"]
        assert said["coordinates"] == ["Customer.phone"]


async def test_a_letter_an_answer_and_giving_up_by_hand(house: House) -> None:
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    await told(house)
    register, now = Notices(house.store), house.gate.clock.now
    (row,) = [each for each in await register.listed(every=False) if each.name == "Printers"]
    text = await register.letter(row.id)
    assert "Art. 19" in text and house.gate.id(0) in text
    assert not any(value in text for value in house.gate.values())
    with pytest.raises(RecipientError, match="between the day"):
        await register.posted(row.id, now.date() + timedelta(days=2), UTC, now)
    await register.posted(row.id, now.date(), UTC, now)
    assert (await states(house, "RESTRICTION"))["Printers"] == ("SENT", None)
    await register.answered(row.id, NoticeReply.UNKNOWN, now)
    assert (await states(house, "RESTRICTION"))["Printers"] == ("ACKNOWLEDGED", "UNKNOWN")
    with pytest.raises(RecipientError, match="ACKNOWLEDGED"):
        await register.give_up(row.id, now)


async def test_who_never_answers_is_given_up(house: House) -> None:
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    await told(house)
    house.wait(seconds=ANSWER_WITHIN.total_seconds() + 60)
    assert await Notifier(house.store, house.gate.clock).step()
    assert (await states(house, "RESTRICTION"))["Printers"][0] == "GIVEN_UP"


async def test_of_somebody_who_is_gone_nobody_is_told(house: House) -> None:
    """The key went between the wish and the worker: the notice ends, and no id of theirs leaves any more."""
    async with receiver() as system:
        await tool(house, "billing", system.url)
        await partner(house, "Printers", "Customer.postalAddress")
        await house.ask(RESTRICT, 0)
        await house.store.keys.destroy(house.gate.ids[0])
        await told(house)
        assert await states(house, "RESTRICTION") == {} and system.got == []
    async with house.store.write() as connection:
        assert (await connection.scalars(select(notices.c.listed_at))).all() == [house.gate.clock.now]
    assert not await Notifier(house.store, house.gate.clock).step()


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_whoever_only_adds_to_a_customer_keeps_no_worker_waiting(house: House) -> None:
    """Rows that refer to the customer lock their key alone, and most changes are such."""
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    async with house.store.write() as other:
        mine = select(customers.c.id).where(customers.c.id == house.gate.ids[0])
        await other.execute(mine.with_for_update(read=True, key_share=True))
        assert await Notifier(house.store, house.gate.clock).step()
        assert "Printers" in await states(house, "RESTRICTION")


@pytest.mark.parametrize("store_kind", ["postgresql"], indirect=True)
async def test_a_customer_whose_rights_change_just_now_is_left_for_later(house: House) -> None:
    """No worker waits for a lock: others' notices do not wait with it."""
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    async with house.store.write() as other:
        await other.execute(select(customers.c.id).where(customers.c.id == house.gate.ids[0]).with_for_update())
        assert await asyncio.wait_for(Notifier(house.store, house.gate.clock).step(), 20) is False
        assert await states(house, "RESTRICTION") == {}
    await Notifier(house.store, house.gate.clock).step()
    assert "Printers" in await states(house, "RESTRICTION")


async def test_two_workers_and_one_that_died_list_once(house: House) -> None:
    """The list, the messages and the mark are one transaction, so a worker that dies leaves all or nothing."""
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    first, second = (Notifier(house.store, house.gate.clock) for _ in range(2))
    async with house.store.write() as connection:
        ((id_, owner),) = (await connection.execute(select(notices.c.id, notices.c.customer_id))).all()
    await first.process(id_, owner, house.gate.clock.now)
    await second.process(id_, owner, house.gate.clock.now)
    async with house.store.write() as connection:
        names = (await connection.scalars(select(N.name).where(N.name == "Printers"))).all()
    assert names == ["Printers"]


async def test_an_end_is_told_after_the_restriction_whoever_is_asked_first(house: House) -> None:
    """A worker that meets the end first (another failed at the restriction, or has it locked) leaves it for later."""
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    await house.ask(LIFT, 0)
    worker, now = Notifier(house.store, house.gate.clock), house.gate.clock.now
    async with house.store.write() as connection:
        query = select(notices.c.id, notices.c.customer_id).where(notices.c.about == "LIFTING")
        ((end, owner),) = (await connection.execute(query)).all()
    await worker.process(end, owner, now)
    assert not await states(house, "LIFTING") and not await states(house, "RESTRICTION")
    while await worker.step():
        pass
    assert (await states(house, "LIFTING")).keys() == (await states(house, "RESTRICTION")).keys() >= {"Printers"}


async def test_an_end_goes_to_those_of_its_own_restriction(house: House) -> None:
    """Neither another customer's nor one that was asked for since changes whom it is told to, and by what."""
    await partner(house, "Registry", "Customer.postalAddress", kind=Recipient.REGISTRY)
    await house.ask(RESTRICT, 0)
    await house.ask(RESTRICT, 1)
    await told(house)
    await house.ask(LIFT, 0)
    await house.ask(RESTRICT, 0)
    while await Notifier(house.store, house.gate.clock).step():
        pass
    assert "Registry" in await states(house, "LIFTING")
    rows = [each for each in await Notices(house.store).listed(every=False) if each.name == "Registry"]
    assert [each.about for each in rows] == ["RESTRICTION", "LIFTING", "RESTRICTION"]
    for each in rows:
        assert "Reference: 1" in await Notices(house.store).letter(each.id), "what it knows the data by"


@pytest.mark.parametrize("about", Notice)
def test_an_e_mail_names_the_case_and_what_it_is_about_and_no_value(about: Notice) -> None:
    facts = {
        "case": "C-1",
        "customer": "x7",
        "references": ["1", "2"],
        "coordinates": ["Customer.phone", "Customer.email"],
    }
    written = letter(about, "privacy@pay.example", facts)
    assert (written["to"], written["language"]) == ("privacy@pay.example", "en")
    assert written["subject"] == f"{SUBJECTS[about]} (C-1)"
    told, _, lines = written["text"].rpartition("\n\n")
    assert told == TEXTS[about]
    assert lines.splitlines() == [
        "Our case: C-1", "Customer: x7", "Reference: 1", "Reference: 2", "Fields: Customer.phone, Customer.email"
    ]  # fmt: skip
    assert letter(about, "", {"case": "C-1", "references": []})["text"] == f"{TEXTS[about]}\n\nOur case: C-1"


async def test_whoever_was_told_of_a_restriction_is_told_of_its_end(house: House) -> None:
    """Whether or not the gateway would still list it: the record of what it got may be over, its copy is not."""
    await partner(house, "Printers", "Customer.postalAddress")
    await house.ask(RESTRICT, 0)
    await told(house)
    async with house.store.write() as connection:
        await connection.execute(delete(disclosures).where(disclosures.c.recipient_name == "Printers"))
    await partner(house, "Newcomers", "Customer.postalAddress")
    await house.ask(LIFT, 0)
    await told(house)
    found = await states(house, "LIFTING")
    assert found["Printers"] == ("LISTED", None) and "Newcomers" not in found


async def test_a_certificate_tells_what_recipients_answered_before(house: House) -> None:
    async with receiver() as system:
        system.answer = lambda _: saying("DONE")
        await tool(house, "billing", system.url)
        await house.ask(RESTRICT, 0)
        await told(house)
        await house.ask(LIFT, 0)
        await house.end_services(0)
        await house.ask(REQUEST, 0)
        house.wait(days=5)
        row = await house.until_done(0)
        facts = verified(row.certificate, [key.verifier for key in await house.keys.all()])
        (one,) = [each for each in facts["recipients"] if each["name"] == "billing"]
        (earlier,) = one["earlier"]
        assert (earlier["about"], earlier["state"], earlier["answer"]) == ("RESTRICTION", "ACKNOWLEDGED", "DONE")
        assert set(await house.left(0)) <= {"erasures", "outbox"}, "no right leaves a row behind"
        assert orjson.dumps(facts)


async def test_what_is_erased_by_itself_waits_while_the_person_may_need_it(house: House) -> None:
    """(Art. 18(1)(b), (c)) A restriction holds up an erasure that nobody asked for, and none that the person did."""
    await house.end_services(0)
    house.wait(days=1)
    await house.worker.step()
    assert (await house.row(0)).cause == "RETENTION"
    await house.ask(RESTRICT, 0)
    for _ in range(30):
        house.wait(days=10)
        await house.worker.step()
        await house.post.look()
        await house.post.settle_all()
    assert (await house.row(0)).state == "HELD" and await house.left(0), "six months are over"
    letters = await house.told()
    assert letters.count("HELD_RESTRICTED") == 1 and "HELD" not in letters, "no order is the reason"
    await house.ask(REQUEST, 0)
    house.wait(days=5)
    assert (await house.until_done(0)).state == "ERASED"


async def test_corrections_that_nobody_has_to_be_told_of_are_listed_together(house: House) -> None:
    """However many there are; whoever received the data is told all the same."""
    await partner(house, "Callers", "Customer.phone")
    async with house.store.write() as connection:
        await connection.execute(delete(disclosures).where(disclosures.c.customer_id == house.gate.ids[1]))
    for number in range(2):
        await house.ask(CHANGE, number)
    worker = Notifier(house.store, house.gate.clock)
    page: list[int] = []

    async def one(notice_id: int, *_: object) -> bool:
        page.append(notice_id)
        return False

    worker.process = one  # type: ignore[method-assign]
    await worker.step()
    async with house.store.write() as connection:
        rows = (await connection.execute(select(notices.c.id, notices.c.customer_id, notices.c.listed_at))).all()
    assert len(rows) == 2
    waiting = [id_ for id_, _, listed_at in rows if listed_at is None]
    assert waiting == page, "the others are done without a look at each"
    assert [owner for id_, owner, _ in rows if id_ in waiting] == [house.gate.ids[0]]
    await told(house)
    assert (await states(house, "RECTIFICATION"))["Callers"] == ("LISTED", None)
