"""The real gateway, over HTTP: a customer asks, the worker in the same process makes, a letter tells, they fetch."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
from sqlalchemy import select

from gateway.config.settings import Settings, read
from gateway.demo.marks import FIRST_ID
from gateway.run.serving import open_services
from gateway.tokens.tokens import Basis
from store.tables.outbox import outbox
from tests.gateway.servers import environment, running

ASK = "mutation { requestExport(input: {}) { export { id state } userErrors { code } } }"


def test_asked_for_made_told_and_fetched(tmp_path: Path) -> None:
    """Issue 6, item 4."""
    with running(["-m", "gateway", "demo"], tmp_path) as server:
        settings = read(environment(tmp_path, PORT=str(server.port)), demo=True)
        subject, token = asyncio.run(_fresh_token(settings))
        headers = {"authorization": f"Bearer {token}"}
        with httpx.Client(base_url=server.url, headers=headers, timeout=120) as http:
            answer = http.post("/graphql", json={"query": ASK}).json()
            id_ = answer["data"]["requestExport"]["export"]["id"]
            until = time.monotonic() + 120
            while (fetched := http.get(f"/exports/{id_}")).status_code == 404 and time.monotonic() < until:
                time.sleep(0.1)
            assert fetched.status_code == 200, fetched.text
            document = json.loads(fetched.content)
            assert document["customer"].startswith("Customer_") and str(subject) not in fetched.text
            page = http.get(f"/exports/{id_}?form=html")
            assert page.headers["cache-control"] == "no-store" and page.text.startswith("<!doctype html>")
            assert "style-src" in page.headers["content-security-policy"]
        profile = document["holdings"][0]["records"][0]
        assert profile["phone"] not in server.log() and profile["name"]["family"] not in server.log()
    assert asyncio.run(_letters(settings, subject)) == ["Vos données sont prêtes"], "in her language"


async def _fresh_token(settings: Settings) -> tuple[int, str]:
    """Of the demo's first customer, who signed in just now."""
    async with open_services(settings) as works:
        now = int(time.time())
        signer = await works.tokens.signer()
        basis = Basis(FIRST_ID, 1, 1, now, ("pwd",))
        return FIRST_ID, signer.sign("web", ("purpose:self_service",), 600, basis=basis)


async def _letters(settings: Settings, subject: int) -> list[str]:
    """The subjects of what was written to the customer."""
    async with open_services(settings) as works:
        (key,) = await works.store.keys.subjects([subject])
        assert key is not None
        async with works.store.write() as connection:
            query = select(outbox.c.id, outbox.c.payload).where(outbox.c.customer_id == subject)
            rows = (await connection.execute(query)).all()
        return [json.loads(key.open(outbox.c.payload, id_, payload))["subject"] for id_, payload in rows]
