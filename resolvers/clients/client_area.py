"""The client area's own OAuth client, registered by the gateway at start with its page's trusted documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

import orjson
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.purposes import Purpose
from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients, documents
from store.tables.oauth import oauth_clients

ID = "client-area"
MAX_PAGE = 50
"""Nodes a page of a connection, at most; the page's documents ask for no more."""


async def register_client_area(store: Store, documents_of_page: Iterable[str], now: datetime) -> None:
    """Make sure that it is there and may send what this release's page sends, and nothing else.

    StoreUnavailableError.
    """
    texts = {sha256(text.encode()).hexdigest(): text for text in sorted(documents_of_page)}
    async with store.write() as connection:
        if await connection.scalar(select(clients.c.id).where(clients.c.id == ID)) is None:
            try:
                # A savepoint: on PostgreSQL a failed INSERT would end the whole transaction.
                async with connection.begin_nested():
                    await _add(connection, now)
            except IntegrityError:  # Another replica has just done it.
                pass
        known = set((await connection.scalars(select(documents.c.hash).where(documents.c.client_id == ID))).all())
        if known == texts.keys():
            return
        await connection.execute(delete(documents).where(documents.c.client_id == ID))
        facts = {"client_id": ID, "purpose": Purpose.SELF_SERVICE.name, "registered_at": now}
        await connection.execute(
            insert(documents), [facts | {"hash": hash_, "text": text} for hash_, text in texts.items()]
        )
        await client_changed(connection, ID, now)


async def _add(connection: AsyncConnection, now: datetime) -> None:
    common = {
        "id": ID,
        "name": "Client area",
        "purposes": orjson.dumps([Purpose.SELF_SERVICE.name]).decode(),
        "scopes": "[]",
        "refusal": "REFUSE",
        "documents_only": True,
        "introspection": False,
        "max_page": MAX_PAGE,
        "created_at": now,
    }
    terms = {
        "client_id": ID,
        "authentication": "NONE",
        "grants": '["authorization_code"]',
        "redirect_uris": '["/"]',
        "keys": None,
        "platform": "CLIENT_AREA",
        "first_party": True,
        "dpop": True,
        "pushed": False,
    }
    await connection.execute(insert(clients).values(common))
    await connection.execute(insert(oauth_clients).values(terms))
