"""Who has a copy is told, and what is signed of it has happened (D9; R30, R35; GDPR Art. 17(2), 19)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from hashlib import sha256
from typing import Any

import httpx
import orjson
import pytest
from aiosmtpd.smtp import SMTP
from sqlalchemy import select, update
from starlette.routing import Router

from gateway.api.receipts import list_routes
from gateway.http.middleware import LastResort
from policy.erasing import ANSWER_WITHIN, DELIVER_WITHIN, RecipientAnswer
from policy.purposes import Purpose
from resolvers.clients.registrar import ClientRegistrar
from resolvers.clients.registration import ClientKind, NewClient, RegistrationError
from resolvers.registers.affiliates import Affiliates
from store.database.config import StoreConfig
from store.links.receipts import receipt_of
from store.merkle.signed_note import NoteInvalidError
from store.registers.webhooks import webhooks
from store.tables.erasures import erasure_recipients, erasures
from store.tables.outbox import outbox
from tests.erasure.house import REQUEST, House
from tests.outbox.receiving import BROKEN, Got, Receiver, receiver
from tests.outbox.test_letters import Box
from tests.payments.conftest import Wallet
from tests.payments.test_paying import pay
from tests.promises.gate import grant, own
from tests.store import elsewhere
from workers.certificates.certificates import verified, verified_recipients
from workers.http.client import HttpClient
from workers.outbox.receivers import MailServer, Receivers
from workers.outbox.register import Webhooks
from workers.outbox.smtp import Mailer, MailServerSettings
from workers.outbox.worker import LEASE, Deliverer
from workers.recipients.by_hand import RecipientError, Recipients
from workers.recipients.closing import Closing
from workers.recipients.notices import Notifier

pytestmark = pytest.mark.anyio

ACQUIRER = "Example Acquirer"
ONE = "query ($id: ID!) { customer(by: {id: $id}) { fullName } }"
R, O = erasure_recipients.c, outbox.c  # noqa: E741  (the tables' columns)


def saying(word: str) -> bytes:
    """An answer that says what was done."""
    return f"HTTP/1.1 200 OK\r\nErasure-Answer: {word}\r\nContent-Length: 0\r\n\r\n".encode()


@dataclass
class Case:
    """A customer whose card an affiliate received, and everything that is told of the erasure."""

    house: House
    company: Receiver

    @property
    def deliverer(self) -> Deliverer:
        """A worker, as each process has one."""
        return Deliverer(
            self.house.store,
            Receivers(self.house.store, HttpClient(seconds=5)),
            self.house.gate.clock,
            rng=lambda: 0.5,
        )

    async def deliver(self) -> None:
        """What is due now."""
        worker = self.deliverer
        await worker.look()
        await worker.settle_all()

    async def erase(self) -> Any:
        """End the services, ask, and have it done; nothing is delivered meanwhile. The facts of the certificate."""
        await self.house.end_services(0)
        await self.house.ask(REQUEST, 0)
        self.house.wait(days=5)
        row = await self.house.until_done(0)
        return verified(row.certificate, await self.keys())

    async def keys(self) -> Any:
        return [key.verifier for key in await self.house.keys.all()]

    async def recipient(self, name: str = ACQUIRER) -> Any:
        async with self.house.store.write() as connection:
            return (await connection.execute(select(erasure_recipients).where(R.name == name))).one()

    async def others_answer(self, *but: str) -> int:
        """Everybody else says that they erased it; the number of the case."""
        case = (await self.house.row(0)).id
        async with self.house.store.write() as connection:
            names = (await connection.scalars(select(R.name).where(R.name.not_in([ACQUIRER, *but])))).all()
        for name in names:
            await Recipients(self.house.store).answered(case, name, RecipientAnswer.ERASED, self.house.gate.clock.now)
        return int(case)

    async def statement(self) -> Any:
        """The second statement, once it was signed; None before."""
        await self.house.work()
        row = await self.house.row(0)
        if row.recipients_statement is None:
            return None
        facts = verified_recipients(row.recipients_statement, await self.keys())
        assert facts["certificate"] == sha256(row.certificate.encode()).hexdigest()
        return facts

    def told(self) -> list[Got]:
        """The messages about the erasure that the company got."""
        return [got for got in self.company.got if got.said["type"] == "customer.erase"]


def found(facts: Any, name: str = ACQUIRER) -> Any:
    """What a statement says of one recipient."""
    (one,) = [each for each in facts["recipients"] if each["name"] == name]
    return one


@pytest.fixture
async def case(house: House) -> AsyncIterator[Case]:
    """A card was sent to the company for a payment, by the gateway itself."""
    async with receiver() as company:
        await Affiliates(house.store).register(ACQUIRER, "CARD", company.url, "CH", house.gate.clock.now)
        poster = HttpClient()

        async def post(url: str, headers: Any, body: bytes) -> int | None:
            return (await poster.post(url, headers, body)).status

        house.gate.api.dependencies = replace(house.gate.api.dependencies, post=post)
        wallet = Wallet(house.gate, 0)
        card = (await wallet.add())["card"]["id"]
        assert (await pay(wallet, cardId=card))["outcome"] == "ACCEPTED"
        yield Case(house, company)


async def test_who_was_listed_and_not_told_is_not_said_to_be_told(case: Case) -> None:
    """(D9) The critical fault: nothing was delivered yet, and `toldAt` said that the affiliate had been told."""
    facts = await case.erase()
    one = found(facts)
    assert (one["state"], one["method"], one["tries"], one["sentAt"]) == ("LISTED", None, 0, None)
    assert "toldAt" not in one and one["listedAt"] is not None
    assert case.told() == [] and await case.statement() is None


async def test_the_affiliate_that_had_the_card_gets_the_message(case: Case) -> None:
    """(D9) Over HTTP, by the references under which it got the card; and a second statement says what it answered."""
    case.company.answer = lambda got: saying("erased")
    (paid,) = case.company.got
    await case.erase()
    case.house.wait(minutes=1)
    await case.deliver()
    (got,) = case.told()
    assert got.said["data"]["references"] == [paid.said["data"]["reference"]]
    assert "customer" not in got.said["data"]
    for value in case.house.gate.values():
        assert value.encode() not in got.body
    sent = case.house.gate.clock.now
    case.house.wait(days=1)
    await case.others_answer()
    case.house.wait(minutes=1)
    facts = await case.statement()
    one = found(facts)
    assert (one["state"], one["method"], one["tries"], one["answer"]) == ("ACKNOWLEDGED", "WEBHOOK", 1, "ERASED")
    assert one["sentAt"] == one["answeredAt"] == sent.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    row = await case.house.row(0)
    assert row.recipients_due_at is None
    entries = [each["operation"] for each in await case.house.gate.entries() if each.get("purpose") == "ERASURE"]
    for note in (row.certificate, row.recipients_statement):
        assert entries.count(sha256(note.encode()).hexdigest()) == 1
    with pytest.raises(NoteInvalidError):
        verified(row.recipients_statement, await case.keys())
    with pytest.raises(NoteInvalidError):
        verified_recipients(row.certificate, await case.keys())


async def test_told_before_the_signature_the_certificate_says_so(case: Case) -> None:
    """(D9) The state of each at signing."""
    await case.house.end_services(0)
    await case.house.ask(REQUEST, 0)
    await case.house.work()
    case.house.wait(days=5)
    ((begun, step),) = await case.house.worker.claim(case.house.gate.clock.now)
    assert await case.house.worker._until_files(begun, step)
    await case.deliver()
    case.house.wait(seconds=LEASE.length.total_seconds() * 3)
    row = await case.house.until_done(0)
    facts = verified(row.certificate, await case.keys())
    assert found(facts)["state"] == "SENT" and found(facts)["sentAt"] < facts["signedAt"]


async def test_a_worker_killed_between_sending_and_noting(case: Case, store_config: StoreConfig) -> None:
    """(F1, D9) The message is repeated under the same id, and noted once, with both tries."""
    await case.erase()
    process = elsewhere.start(
        "delivering", store_config, case.house.gate.clock.now.isoformat(), package="erasure"
    )  # fmt: skip
    assert await asyncio.to_thread(process.wait) == -9
    assert process.stdout is not None
    process.stdout.close()
    assert len(case.told()) == 1
    one = await case.recipient()
    assert (one.state, one.tries, one.sent_at) == ("LISTED", 0, None)
    case.house.wait(seconds=LEASE.length.total_seconds() + 1)
    await case.deliver()
    assert len(case.told()) == 2 and len({got.id for got in case.told()}) == 1
    one = await case.recipient()
    assert (one.state, one.tries) == ("SENT", 2) and one.sent_at == case.house.gate.clock.now.replace(microsecond=0)


async def test_who_cannot_be_reached_is_given_up_when_that_was_seen(case: Case) -> None:
    """(D9) Each failed try counts; after two weeks no more are made."""
    case.company.answer = lambda _: BROKEN
    await case.erase()
    await case.deliver()
    one = await case.recipient()
    assert (one.state, one.tries, one.trouble) == ("LISTED", 1, "HTTP 500")
    case.house.wait(seconds=DELIVER_WITHIN.total_seconds() + 60)
    await case.deliver()
    one = await case.recipient()
    assert (one.state, one.tries, one.sent_at) == ("GIVEN_UP", 2, None)
    assert (await case.house.row(0)).recipients_due_at == case.house.gate.clock.now.replace(microsecond=0)
    await case.others_answer()
    facts = await case.statement()
    assert (found(facts)["state"], found(facts)["sentAt"], found(facts)["answer"]) == ("GIVEN_UP", None, None)
    assert found(facts)["givenUpAt"] <= facts["signedAt"]


async def test_who_never_answers_is_given_up_after_a_month(case: Case) -> None:
    """(D9) Sent, and given up, each at its time; letters that nobody posted are wiped."""
    await case.erase()
    await case.deliver()
    case.house.wait(seconds=ANSWER_WITHIN.total_seconds() - 3600)
    assert await case.statement() is None
    case.house.wait(hours=2)
    facts = await case.statement()
    one = found(facts)
    assert one["state"] == "GIVEN_UP" and one["sentAt"] < one["givenUpAt"]
    async with case.house.store.write() as connection:
        left = (await connection.execute(select(O.topic).where(O.topic == "letter", O.payload.is_not(None)))).all()
    assert left == []


async def test_a_case_is_closed_once_and_not_before(case: Case) -> None:
    """(D9) Whoever else looks meanwhile, or too early, is told that nothing was signed."""
    await case.erase()
    row, now = await case.house.row(0), case.house.gate.clock.now
    closing = Closing(case.house.store, case.house.keys.signers)
    early = (row.recipients_due_at or now) - timedelta(seconds=1)
    assert await closing.close(row.id, early) is False, "it is not due"
    async with case.house.store.write() as connection:
        await connection.execute(update(erasures).where(erasures.c.id == row.id).values(recipients_due_at=now))
    assert await closing.close(row.id, now) is False, "somebody may still answer"
    later = (await case.house.row(0)).recipients_due_at
    assert later == (await case.recipient()).listed_at + ANSWER_WITHIN
    assert await closing.close(row.id, later) is True
    assert await closing.close(row.id, later) is False, "it is closed"
    facts = verified_recipients((await case.house.row(0)).recipients_statement, await case.keys())
    listed = [(each["kind"], each["name"]) for each in facts["recipients"]]
    assert listed == sorted(listed) and len({kind for kind, _ in listed}) > 1
    assert facts["case"] == verified((await case.house.row(0)).certificate, await case.keys())["case"]
    async with case.house.store.write() as connection:
        ids = select(R.outbox_id).where(R.erasure_id == row.id, R.outbox_id.is_not(None))
        ended = (await connection.scalars(select(O.dead_at).where(O.id.in_(ids), O.delivered_at.is_(None)))).all()
    assert ended and set(ended) == {later}, "messages that nobody took end with the case"


async def test_refusing_is_an_answer(case: Case) -> None:
    """(D9) What an affiliate must keep by law it says."""
    case.company.answer = lambda _: saying("REFUSED")
    await case.erase()
    await case.deliver()
    await case.others_answer()
    assert found(await case.statement())["state"] == "REFUSED"


async def test_a_letter_is_what_an_operator_posted(case: Case) -> None:
    """(D9) Printed with the references, recorded by the day; what was signed is not changed afterwards."""
    case.company.answer = lambda _: BROKEN
    (paid,) = case.company.got
    await case.erase()
    number, register, now = (await case.house.row(0)).id, Recipients(case.house.store), case.house.gate.clock.now
    assert paid.said["data"]["reference"] in await register.letter(number, ACQUIRER)
    with pytest.raises(RecipientError, match="between the day"):
        await register.posted(number, ACQUIRER, now.date() + timedelta(days=2), UTC, now)
    await register.posted(number, ACQUIRER, now.date(), UTC, now)
    await case.deliver()
    assert case.told() == []
    one = await case.recipient()
    assert (one.state, one.method, one.tries) == ("SENT", "LETTER", 1)
    assert one.sent_at == one.listed_at, "of a day nobody knows the hour, but nothing was sent before it was listed"
    with pytest.raises(RecipientError, match="no letter"):
        await register.letter(number, ACQUIRER)
    await register.answered(number, ACQUIRER, RecipientAnswer.UNKNOWN, now)
    await case.others_answer()
    assert found(await case.statement())["state"] == "ACKNOWLEDGED"
    with pytest.raises(RecipientError, match="has been signed"):
        await register.answered(number, ACQUIRER, RecipientAnswer.REFUSED, now)


async def test_tools_that_read_are_listed_with_what_they_keep(case: Case) -> None:
    """(D9) The ledger knows who read; each is told where it said, and what it keeps stands as it registered it."""
    house, now = case.house, case.house.gate.clock.now
    kept = {"billing": ("names on invoices", 3650), "support": ("nothing", 0), "shop": (None, None)}
    for name, (keeps, days) in kept.items():
        new = NewClient(
            id=name,
            name=name,
            kind=ClientKind.TOOL,
            purposes=frozenset({Purpose.INVOICING}),
            keeps=keeps,
            keeps_days=days,
        )
        await ClientRegistrar(house.store).create(new, now)
    await ClientRegistrar(house.store).create(replace(new, id="idle"), now)
    site = {"kind": ClientKind.WEB, "redirect_uris": ("https://site.example/back",), "keeps": "carts", "keeps_days": 9}
    for name, ours in (("their-site", False), ("our-site", True)):
        apart = NewClient(
            id=name, name=name, purposes=frozenset({Purpose.SELF_SERVICE}), first_party=ours,
            actions=frozenset() if ours else frozenset({"profile:read"}), **site,
        )  # fmt: skip
        await ClientRegistrar(house.store).create(apart, now)
        answer = await house.gate.ask("{ me { fullName } }", own(house.gate.ids[0], client=name))
        assert answer.data["me"]["fullName"]
    for who, why in (("billing", Purpose.INVOICING), ("support", Purpose.INVOICING), ("shop", Purpose.INVOICING)):
        answer = await house.gate.ask(ONE, grant(why, client=who), variables={"id": house.gate.id(0)})
        assert answer.data["customer"]["fullName"]
    customer = house.gate.id(0)
    async with receiver() as tool:
        tool.answer = lambda _: saying("ERASED")
        await Webhooks(house.store).add("billing-hook", tool.url, ["customer.erase"], now)
        await Recipients(house.store).set_contact("TOOL", "billing", "billing-hook", None, now)
        facts = await case.erase()
        await case.deliver()
        (got,) = tool.got
        assert got.said["data"]["customer"] == customer
    text = await Recipients(house.store).letter((await house.row(0)).id, "shop")
    assert f"Customer: {customer}" in text, "a tool knows the data by the customer's id"
    tools = {each["name"]: (each["keeps"], each["keepsDays"]) for each in facts["recipients"] if each["kind"] == "TOOL"}
    known = {"billing": ("names on invoices", 3650), "support": ("nothing", 0), "shop": ("unknown", None)}
    assert tools == known | {"their-site": ("carts", 9)}, "our own pages keep nothing"
    assert (await case.recipient("billing")).state == "ACKNOWLEDGED"
    await case.others_answer("support")
    await Recipients(house.store).answered((await house.row(0)).id, ACQUIRER, RecipientAnswer.ERASED, now)
    assert found(await case.statement(), "support")["state"] == "LISTED"


async def test_what_a_tool_keeps_is_said_whole_or_not_at_all(house: House) -> None:
    now = house.gate.clock.now
    new = NewClient(id="crm", name="CRM", kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}), keeps="names")
    with pytest.raises(RegistrationError, match="--keeps-days"):
        await ClientRegistrar(house.store).create(new, now)
    await ClientRegistrar(house.store).create(replace(new, keeps=None), now)
    await ClientRegistrar(house.store).set_keeping("crm", "names", 30)
    (shown,) = await ClientRegistrar(house.store).listed(now, "crm")
    assert (shown.facts["keeps"], shown.facts["keeps_days"]) == ("names", 30)
    with pytest.raises(RegistrationError, match="no client"):
        await ClientRegistrar(house.store).set_keeping("nobody", "names", 30)


async def test_each_step_has_the_time_at_which_it_was_seen(case: Case) -> None:
    """(D9) Signing is none of them: it comes after what is signed."""
    facts = await case.erase()
    steps = [(each["step"], each["doneAt"]) for each in facts["steps"]]
    assert [name for name, _ in steps] == ["TOKENS", "RECIPIENTS", "FAREWELL", "KEY", "ROWS", "FILES"]
    assert all(at is not None and at <= facts["signedAt"] for _, at in steps)
    assert facts["finishedAt"] == dict(steps)["FILES"]


async def test_whoever_holds_the_receipt_gets_the_second_statement(case: Case) -> None:
    """Beside the certificate, without signing in."""
    await case.erase()
    row = await case.house.row(0)
    base = f"/erasures/{await receipt_of(case.house.store.keys.system, row.id)}"
    app = LastResort(Router(routes=list_routes(case.house.store)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://data.example") as http:
        assert (await http.get(f"{base}/recipients")).status_code == 404
        assert (await http.get(base)).json()["recipientsStatement"] is None
        case.house.wait(seconds=ANSWER_WITHIN.total_seconds() + 60)
        assert await case.statement()
        address = (await http.get(base)).json()["recipientsStatement"]
        assert (await http.get(address)).text == (await case.house.row(0)).recipients_statement


async def test_an_affiliate_whose_subscription_was_widened_is_told_by_letter(case: Case) -> None:
    """(D11) A row that breaks a hard rule serves nobody, so its recipient stays listed until somebody writes."""
    async with case.house.store.write() as connection:
        await connection.execute(update(webhooks).values(events=orjson.dumps([]).decode()))
    await case.erase()
    await case.deliver()
    assert case.told() == [] and (await case.recipient()).state == "LISTED"


async def test_a_correction_reaches_the_tools_that_read_and_no_other(house: House) -> None:
    """(R30; GDPR Art. 19) Whatever events they named; the customer's data stays with whoever never had it."""
    now = house.gate.clock.now
    async with receiver() as tool:
        for name in ("billing", "idle"):
            new = NewClient(id=name, name=name, kind=ClientKind.TOOL, purposes=frozenset({Purpose.INVOICING}))
            await ClientRegistrar(house.store).create(new, now)
            await Webhooks(house.store).add(name, tool.url, ["customer.erase"], now)
            await Recipients(house.store).set_contact("TOOL", name, name, None, now)
        answer = await house.gate.ask(
            ONE, grant(Purpose.INVOICING, client="billing"), variables={"id": house.gate.id(0)}
        )
        assert answer.data["customer"]["fullName"]
        customer = house.gate.id(0)
        changed = await house.ask(
            'mutation { updateProfile(input: {phone: "+41446681800"}) { userErrors { code field } } }', 0
        )
        assert changed["userErrors"] == []
        await Notifier(house.store, house.gate.clock).step()
        await Case(house, tool).deliver()
        (got,) = tool.got
        assert (got.said["type"], got.said["data"]["customer"]) == ("customer.rectify", customer)
        assert got.said["data"]["coordinates"] == ["Customer.phone"]
        assert b"41446681800" not in got.body


@pytest.mark.parametrize("refusal", [None, "550 no such mailbox"])
async def test_a_registered_mailbox_gets_an_e_mail(case: Case, refusal: str | None) -> None:
    """(D9) Sent is what the mail server took; a mailbox that is none is given up at once."""
    box = Box(refusal=refusal)
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(box), "127.0.0.1", 0)
    terms = MailServerSettings("127.0.0.1", server.sockets[0].getsockname()[1], "none", "no-reply@shop.example", "Shop")
    register, mailer = Recipients(case.house.store), Mailer(terms)
    (paid,) = case.company.got
    await register.set_contact("PAYMENT_AFFILIATE", ACQUIRER, None, "privacy@pay.example", case.house.gate.clock.now)
    case.house.mail = MailServer(mailer)
    await case.erase()
    server.close()
    one = await case.recipient()
    assert case.told() == []
    if refusal is not None:
        assert (one.state, one.sent_at, one.trouble) == ("GIVEN_UP", None, "SMTP 550")
        return
    (letter,) = [each for each in box.letters if each["to"] == "privacy@pay.example"]
    text = letter.get_content()
    assert paid.said["data"]["reference"] in text and "Art. 17(2)" in text
    for value in case.house.gate.values():
        assert value not in text and value not in letter["subject"]
    assert (one.state, one.method, one.tries) == ("SENT", "EMAIL", 1)
