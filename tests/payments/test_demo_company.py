"""The demo's payment company hears what every affiliate hears, wherever the demo listens (R22, R48)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from sqlalchemy import select, update
from starlette.applications import Starlette

from gateway.config import settings
from gateway.demo.acquirer import NAME, PATH, list_routes, open_for_business
from store.registers.affiliates import affiliates
from store.registers.webhooks import webhooks
from store.tables.invoices import invoices
from store.tables.outbox import outbox
from tests.payments.conftest import GENUINE, Wallet
from workers.http.client import HttpClient
from workers.outbox.receivers import Receivers
from workers.outbox.worker import Deliverer

pytestmark = pytest.mark.anyio

PAY = "mutation ($in: PayWithCardInput!) { payWithCard(input: $in) { outcome userErrors { code } } }"


@asynccontextmanager
async def company(wallet: Wallet) -> AsyncIterator[int]:
    """The demo's company on a free port, as `gateway demo` opens it there."""
    store = wallet.gate.store
    app = Starlette(routes=list_routes(store))
    listening = socket.create_server(("127.0.0.1", 0))
    port: int = listening.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:  # noqa: ASYNC110  (uvicorn has no event for it)
        await asyncio.sleep(0.01)
    await open_for_business(store, settings.read({"PORT": str(port)}, demo=True))
    poster = HttpClient()

    async def post(url: str, headers: Any, body: bytes) -> int | None:
        return (await poster.post(url, headers, body)).status

    wallet.gate.api.dependencies = replace(wallet.gate.api.dependencies, post=post)
    try:
        yield port
    finally:
        server.should_exit = True
        await serving


async def outcome(wallet: Wallet, **given: Any) -> str:
    """Of paying an open invoice of the customer's."""
    first = (await wallet.ask("{ me { invoices { nodes { id } } } }"))["invoices"]["nodes"][0]["id"]
    async with wallet.gate.store.write() as connection:
        mine = invoices.c.customer_id == wallet.gate.ids[wallet.place]
        await connection.execute(update(invoices).where(mine).values(paid_at=None, paid_with=None, status="OPEN"))
    found: str = (await wallet.ask(PAY, **{"in": {"invoiceId": first} | given}))["outcome"]
    return found


async def test_it_hears_of_a_withdrawn_card_on_another_port_too(wallet: Wallet) -> None:
    """The first run registers it; the second one listens elsewhere, and what waits arrives there."""
    async with company(wallet):
        await wallet.add()
        assert await outcome(wallet, cardId=(await wallet.methods())[0]["id"]) == "ACCEPTED"
        declined = {"number": "4000 0000 0000 0002", "expMonth": 3, "expYear": 2029, "securityCode": "737"}
        assert await outcome(wallet, oneTime=declined) == "DECLINED"
        assert await outcome(wallet, oneTime=declined | {"number": GENUINE}) == "ACCEPTED"
    store = wallet.gate.store
    await wallet.ask("mutation { withdrawCardConsent(input: {}) { userErrors { code } } }")
    async with company(wallet) as port:
        async with store.write() as connection:
            hook = select(affiliates.c.webhook_id).where(affiliates.c.name == NAME).scalar_subquery()
            told = await connection.scalar(select(webhooks.c.url).where(webhooks.c.id == hook))
            sent = await connection.scalar(select(affiliates.c.url).where(affiliates.c.name == NAME))
        assert told == sent == f"http://127.0.0.1:{port}{PATH}"
        worker = Deliverer(store, Receivers(store, HttpClient(seconds=5)), wallet.gate.clock, rng=lambda: 0.5)
        await worker.look()
        await worker.settle_all()
    async with store.write() as connection:
        (message,) = (await connection.execute(select(outbox).where(outbox.c.event == "card.withdrawn"))).all()
    assert (message.trouble, message.attempts) == (None, 1) and message.delivered_at is not None
