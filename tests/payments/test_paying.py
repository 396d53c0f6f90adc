"""A card leaves only towards a registered affiliate, recorded first; unticked it pays and nothing rests (R20-R23)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, update
from standardwebhooks import Webhook

from policy.purposes import Purpose
from resolvers.registers.affiliates import AffiliateError, Affiliates
from store.database.config import StoreConfig
from store.tables.disclosures import disclosures
from store.tables.invoices import invoices
from store.tables.outbox import outbox
from store.tables.payments import card_vault
from tests.payments.conftest import BARE, GENUINE, Wallet
from tests.promises.gate import TODAY, grant, own
from workers.http.client import HttpClient

pytestmark = pytest.mark.anyio

PAY = """mutation ($in: PayWithCardInput!) { payWithCard(input: $in) {
  outcome invoice { paidAt } userErrors { code field } } }"""
FORWARD = """mutation ($in: ForwardCardInput!) { forwardCard(input: $in) { outcome userErrors { code field } } }"""
ONCE = {"number": GENUINE, "expMonth": 3, "expYear": 2029, "securityCode": "737"}


class Company:
    """A payment company behind a real socket; it answers what it is told to, and remembers what it got."""

    def __init__(self) -> None:
        self.status = 200
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        lines = [line.partition(": ") for line in head.split("\r\n")[1:] if line]
        headers = {name.lower(): value for name, _, value in lines}
        self.got.append((headers, await reader.readexactly(int(headers["content-length"]))))
        writer.write(f"HTTP/1.1 {self.status} X\r\ncontent-length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()


@pytest.fixture
async def company(wallet: Wallet) -> AsyncIterator[Company]:
    """Registered as the affiliate for cards, and reachable."""
    found = Company()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cards"
    secret = await Affiliates(wallet.gate.store).register("Example Acquirer", "CARD", found.url, "CH", TODAY)
    found.secret = secret  # type: ignore[attr-defined]
    poster = HttpClient()

    async def post(url: str, headers: Any, body: bytes) -> int | None:
        return (await poster.post(url, headers, body)).status

    wallet.gate.api.dependencies = replace(wallet.gate.api.dependencies, post=post)
    yield found
    server.close()
    await server.wait_closed()


async def bill(wallet: Wallet) -> str:
    """An open invoice of the customer's."""
    query = "{ me { invoices { nodes { id paidAt } } } }"
    (first, *_) = (await wallet.ask(query))["invoices"]["nodes"]
    async with wallet.gate.store.write() as connection:
        mine = invoices.c.customer_id == wallet.gate.ids[wallet.place]
        await connection.execute(update(invoices).where(mine).values(paid_at=None, paid_with=None, status="OPEN"))
    found: str = first["id"]
    return found


async def pay(wallet: Wallet, **given: Any) -> Any:
    return await wallet.ask(PAY, **{"in": {"invoiceId": await bill(wallet)} | given})


async def test_without_the_tick_a_payment_works_and_no_byte_of_the_number_rests(
    wallet: Wallet, company: Company, store_config: StoreConfig
) -> None:
    """R20, D4: neither in a table, nor in a file, nor in the ledger; the security code neither."""
    done = await pay(wallet, oneTime=ONCE)
    assert (done["outcome"], done["userErrors"]) == ("ACCEPTED", []) and done["invoice"]["paidAt"]
    ((_, body),) = company.got
    card = orjson.loads(body)["data"]["card"]
    assert card == {"number": BARE, "expMonth": 3, "expYear": 2029, "securityCode": "737"}
    assert await wallet.rows(card_vault) == []
    assert BARE not in str(await wallet.gate.entries())
    for path in _files(store_config):
        content = path.read_bytes()
        assert BARE.encode() not in content and GENUINE.encode() not in content, path.name


def _files(config: StoreConfig) -> list[Path]:
    """Every database file with its log; on PostgreSQL, where a dump of all rows is looked at instead, none."""
    if not config.database.is_sqlite:
        return []
    with closing(sqlite3.connect(config.database.path)) as connection:
        connection.execute("PRAGMA wal_checkpoint")
    folder = config.database.path.parent
    return [each for each in folder.rglob("*") if each.is_file() and each.suffix != ".key"]


async def test_each_payment_is_one_disclosure_and_one_entry_written_before_the_card_leaves(
    wallet: Wallet, company: Company
) -> None:
    """R22, R23: whom, what for, which fields; the message verifies with an independent library."""
    seen: list[tuple[int, int]] = []
    there = company.serve

    async def looking(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        rows = [each for each in await wallet.rows(disclosures) if each.recipient_name == "Example Acquirer"]
        entries = [each for each in await wallet.gate.entries() if "Card.number" in each.get("fields", [])]
        seen.append((len(rows), len(entries)))
        await there(reader, writer)

    server = await asyncio.start_server(looking, "127.0.0.1", 0)
    post = wallet.gate.api.dependencies.post
    assert post is not None

    async def elsewhere(url: str, headers: Any, body: bytes) -> int | None:
        return await post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", headers, body)

    wallet.gate.api.dependencies = replace(wallet.gate.api.dependencies, post=elsewhere)
    await pay(wallet, oneTime=ONCE)
    server.close()
    assert seen == [(1, 1)]
    cause = "cause { ... on PaymentCause { invoiceId } }"
    mine = f"{{ me {{ disclosures {{ nodes {{ recipientKind recipientName purpose fields {cause} }} }} }} }}"
    told = (await wallet.ask(mine))["disclosures"]["nodes"][0]
    assert (told["recipientKind"], told["recipientName"]) == ("PAYMENT_AFFILIATE", "Example Acquirer")
    assert told["purpose"] == "PAYMENT_EXECUTION" and told["cause"]["invoiceId"].startswith("Invoice_")
    assert told["fields"] == [
        "Card.expMonth", "Card.expYear", "Card.number", "Card.securityCode",
        "Invoice.amount", "Invoice.id",
    ]  # fmt: skip
    ((headers, body),) = company.got
    headers["webhook-timestamp"] = headers["webhook-timestamp"]
    _verified(company, headers, body)


def _verified(company: Company, headers: dict[str, str], body: bytes) -> None:
    """By the reference library, which wants a present time: the signature alone is compared."""
    from datetime import UTC, datetime

    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
    signed = Webhook(company.secret).sign(headers["webhook-id"], at, body.decode())  # type: ignore[attr-defined]
    assert signed == headers["webhook-signature"]


async def test_a_kept_card_pays_and_is_named_by_its_id(wallet: Wallet, company: Company) -> None:
    card = (await wallet.add())["card"]["id"]
    assert (await pay(wallet, cardId=card))["outcome"] == "ACCEPTED"
    data = orjson.loads(company.got[0][1])["data"]
    assert data["card"] == {"number": BARE, "expMonth": 3, "expYear": 2029, "card": card}


@pytest.mark.parametrize(("status", "outcome"), [(402, "DECLINED"), (503, "UNREACHABLE"), (302, "UNREACHABLE")])
async def test_what_is_not_accepted_leaves_the_invoice_open(
    wallet: Wallet, company: Company, status: int, outcome: str
) -> None:
    company.status = status
    done = await pay(wallet, oneTime=ONCE)
    assert done["outcome"] == outcome and done["invoice"]["paidAt"] is None


async def test_the_same_payment_carries_the_same_id(wallet: Wallet, company: Company) -> None:
    """Sent twice, the affiliate charges once."""
    company.status = 503
    await pay(wallet, oneTime=ONCE)
    await pay(wallet, oneTime=ONCE)
    first, second = (headers["webhook-id"] for headers, _ in company.got)
    assert first == second


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, "ONE_CARD"),
        ({"cardId": "x", "oneTime": ONCE}, "ONE_CARD"),
        ({"cardId": "x"}, "NOT_FOUND"),
        ({"oneTime": ONCE | {"number": "4539578763621487"}}, "INVALID_CARD_CHECKSUM"),
        ({"oneTime": ONCE | {"securityCode": "12"}}, "INVALID_SECURITY_CODE"),
        ({"oneTime": ONCE | {"expYear": 2020}}, "CARD_EXPIRED"),
        ({"oneTime": ONCE, "invoiceId": "x"}, "NOT_FOUND"),
    ],
)
async def test_what_cannot_pay_sends_nothing(wallet: Wallet, company: Company, given: Any, code: str) -> None:
    done = await pay(wallet, **given)
    assert [each["code"] for each in done["userErrors"]] == [code]
    assert company.got == [] and not any(
        each.recipient_name == "Example Acquirer" for each in await wallet.rows(disclosures)
    )


async def test_a_paid_invoice_is_paid_once(wallet: Wallet, company: Company) -> None:
    invoice = await bill(wallet)
    for expected in ("ACCEPTED", None):
        done = await wallet.ask(PAY, **{"in": {"invoiceId": invoice, "oneTime": ONCE}})
        assert done["outcome"] == expected
    assert [each["code"] for each in done["userErrors"]] == ["ALREADY_PAID"] and len(company.got) == 1


async def test_nobody_registered_takes_nothing(wallet: Wallet) -> None:
    assert [each["code"] for each in (await pay(wallet, oneTime=ONCE))["userErrors"]] == ["NO_AFFILIATE"]


# Forwarding


async def forward(wallet: Wallet, who: Any, **given: Any) -> Any:
    asked = {"affiliate": "Example Acquirer", "reference": "ORD-1"} | given
    return await wallet.gate.ask(FORWARD, who, variables={"in": asked})


TOOL = grant(Purpose.PAYMENT_EXECUTION, scopes=("cards:forward",), client="shop")


async def test_a_tool_forwards_and_sees_no_number(wallet: Wallet, company: Company) -> None:
    card = (await wallet.add())["card"]["id"]
    answer = await forward(wallet, TOOL, cardId=card)
    assert answer.data["forwardCard"] == {"outcome": "ACCEPTED", "userErrors": []}
    assert BARE.encode() not in answer.raw and orjson.loads(company.got[0][1])["data"]["card"]["number"] == BARE
    (entry,) = [each for each in await wallet.gate.entries() if "Card.number" in each.get("fields", [])]
    assert entry["client"] == "shop" and entry["purpose"] == "PAYMENT_EXECUTION"


async def test_what_is_recorded_is_what_was_sent(wallet: Wallet, company: Company) -> None:
    """R23: every leaf of the message stands in its disclosure, for each way in which a card leaves."""
    names = {"number": "Card.number", "expMonth": "Card.expMonth", "expYear": "Card.expYear", "card": "Card.id",
             "securityCode": "Card.securityCode", "amount": "Invoice.amount",
             "reference": "Invoice.id"}  # fmt: skip
    card = (await wallet.add())["card"]["id"]
    company.status = 402
    await pay(wallet, oneTime=ONCE)
    await pay(wallet, cardId=card)
    await forward(wallet, TOOL, cardId=card)
    rows = [each for each in await wallet.rows(disclosures) if each.recipient_name == "Example Acquirer"]
    assert len(rows) == len(company.got) == 3
    for row, (_, body) in zip(sorted(rows, key=lambda each: each.id), company.got, strict=True):
        message = orjson.loads(body)
        sent = {names[each] for each in (*message["data"], *message["data"]["card"]) if each != "card"}
        sent |= {"Card.id"} if "card" in message["data"]["card"] else set()
        if message["type"] == "card":  # The reference is the tool's own there, and names nothing here.
            sent.discard("Invoice.id")
        assert set(orjson.loads(row.fields)) == sent


async def test_without_scope_or_consent_nothing_is_forwarded(wallet: Wallet, company: Company) -> None:
    """R21: the consent is looked at when the card leaves."""
    card = (await wallet.add())["card"]["id"]
    bare = await forward(wallet, grant(Purpose.PAYMENT_EXECUTION), cardId=card)
    assert {each["reason"] for each in bare.errors} == {"SCOPE_MISSING"}
    assert (await forward(wallet, own(wallet.gate.ids[1]), cardId=card)).errors
    await wallet.ask("mutation { withdrawCardConsent(input: {}) { userErrors { code } } }")
    gone = await forward(wallet, TOOL, cardId=card)
    assert gone.data["forwardCard"]["userErrors"] == [{"code": "NOT_FOUND", "field": ["cardId"]}]
    unknown = await forward(wallet, TOOL, cardId=card, reference="has spaces")
    assert unknown.data["forwardCard"]["userErrors"][0]["code"] == "UNKNOWN_REFERENCE"
    assert company.got == []


async def test_withdrawing_tells_those_who_received_the_card_and_nobody_else(wallet: Wallet, company: Company) -> None:
    """R48; by the id of the card, which they got with it, and by nothing else of the customer (R23)."""
    await Affiliates(wallet.gate.store).register("Another Acquirer", "CARD", company.url, "CH", TODAY)
    await wallet.add()
    await pay(wallet, cardId=(await wallet.methods())[0]["id"])
    await wallet.ask("mutation { withdrawCardConsent(input: {}) { userErrors { code } } }")
    async with wallet.gate.store.write() as connection:
        (waiting,) = (await connection.execute(select(outbox))).all()
    assert waiting.event == "card.withdrawn"
    (key,) = await wallet.gate.store.keys.subjects([wallet.gate.ids[1]])
    assert key is not None
    told = orjson.loads(key.open(outbox.c.payload, waiting.id, waiting.payload))["data"]
    sent = orjson.loads(company.got[0][1])["data"]["card"]["card"]
    assert told == {"coordinates": [], "card": sent}


@pytest.mark.parametrize(
    ("name", "kind", "url", "country"),
    [
        ("", "CARD", "https://a.example", "CH"),
        ("A", "CASH", "https://a.example", "CH"),
        ("A", "CARD", "http://a.example", "CH"),
        ("A", "CARD", "https://u:p@a.example", "CH"),
        ("A", "CARD", "https://a.example", "Switzerland"),
    ],
)
async def test_who_may_not_be_registered(wallet: Wallet, name: str, kind: str, url: str, country: str) -> None:
    with pytest.raises(AffiliateError):
        await Affiliates(wallet.gate.store).register(name, kind, url, country, TODAY)


async def test_a_disabled_affiliate_takes_nothing(wallet: Wallet, company: Company) -> None:
    register = Affiliates(wallet.gate.store)
    await register.set_disabled("Example Acquirer", TODAY)
    assert (await pay(wallet, oneTime=ONCE))["userErrors"][0]["code"] == "NO_AFFILIATE"
    await register.set_disabled("Example Acquirer", None)
    assert (await pay(wallet, oneTime=ONCE))["outcome"] == "ACCEPTED"
    with pytest.raises(AffiliateError):
        await register.register("Example Acquirer", "CARD", company.url, "CH", TODAY)
    with pytest.raises(AffiliateError):
        await register.set_disabled("Nobody", None)


async def test_f10_a_payment_sent_again_is_told_what_became_of_the_first(wallet: Wallet, company: Company) -> None:
    """The card leaves between two transactions: it leaves once, and the disclosure is on the disk before it."""
    variables = {"in": {"invoiceId": await bill(wallet), "oneTime": ONCE}}
    who = own(wallet.gate.ids[wallet.place], authenticated_at=int(TODAY.timestamp()))

    before = len(await wallet.rows(disclosures))

    async def send(key: str) -> Any:
        answer = await wallet.gate.ask(PAY, who, variables=variables, idempotency_key=key)
        return answer.data["payWithCard"]

    first, *others = await asyncio.gather(*(send("k-1") for _ in range(4)))
    answers = [first, *others, await send("k-1")]
    told = [each for each in answers if not each["userErrors"]]
    assert told and all(each == told[0] for each in told) and told[0]["outcome"] == "ACCEPTED"
    assert {each["userErrors"][0]["code"] for each in answers if each["userErrors"]} <= {"IN_PROGRESS"}
    assert answers[-1] == told[0] and len(company.got) == 1
    assert len(await wallet.rows(disclosures)) == before + 1
    assert (await send("k-2"))["userErrors"][0]["code"] == "ALREADY_PAID"
