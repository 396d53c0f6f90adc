"""The demo's payment company at `/demo/acquirer`: it verifies signatures, charges nobody, and stores nothing."""

from __future__ import annotations

import hmac
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, select, update
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.config.settings import Settings
from gateway.http.bodies import ClientDisconnectedError, read_body
from resolvers.registers.affiliates import Affiliates
from store.database.store import Store
from store.registers.affiliates import affiliates, open_affiliate_secret
from store.registers.webhooks import webhooks

NAME = "Example Card Acquirer"
PATH = "/demo/acquirer"
DECLINES = "0002"
"""Cards with this ending are declined."""
LONGEST = 16_384
SECONDS = 10


async def open_for_business(store: Store, settings: Settings) -> None:
    """Register it as an affiliate at the demo's current address, whose port may have changed since the last run."""
    url = f"http://127.0.0.1:{settings.port}{PATH}"
    if any(row.name == NAME for row in await Affiliates(store).listed()):
        mine = select(affiliates.c.webhook_id).where(affiliates.c.name == NAME).scalar_subquery()
        async with store.write() as connection:
            await connection.execute(update(affiliates).where(affiliates.c.name == NAME).values(url=url))
            await connection.execute(update(webhooks).where(webhooks.c.id == mine).values(url=url))
        return
    await Affiliates(store).register(NAME, "CARD", url, "CH", datetime.now(UTC))


class Acquirer:
    """Answers like a payment company: 200 for a payment, 402 for a declined one, 401 for a wrong signature."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._find = store.reader.prepare(
            select(affiliates.c.id, affiliates.c.secret).where(affiliates.c.name == bindparam("name"))
        )

    async def __call__(self, request: Request) -> Response:
        """Answer one webhook message."""
        try:
            body = await read_body(request.receive, None, LONGEST, SECONDS)
        except ClientDisconnectedError:
            return Response(status_code=400)
        if not await self._genuine(request, body):
            return Response(status_code=401)
        return Response(status_code=402 if _declines(orjson.loads(body)) else 200)

    async def _genuine(self, request: Request, body: bytes) -> bool:
        rows = await self._store.reader.fetch(self._find, {"name": NAME})
        if not rows:
            return False
        secret = await open_affiliate_secret(self._store.keys.system, *rows[0])
        stamp = f"{request.headers.get('webhook-id')}.{request.headers.get('webhook-timestamp')}."
        wanted = b64encode(hmac.digest(secret, stamp.encode() + body, "sha256")).decode()
        given = request.headers.get("webhook-signature", "").encode()
        # Constant time, as every receiver of Standard Webhooks should compare.
        return hmac.compare_digest(given, f"v1,{wanted}".encode())


def _declines(content: Any) -> bool:
    """True for a payment with a card that ends in DECLINES; `card.withdrawn` needs no action, as nothing is stored."""
    if not isinstance(content, dict) or content.get("type") != "payment":
        return False
    return str(content["data"]["card"]["number"]).endswith(DECLINES)


def list_routes(store: Store) -> list[Route]:
    """The route."""
    return [Route(PATH, Acquirer(store).__call__, methods=["POST"])]
