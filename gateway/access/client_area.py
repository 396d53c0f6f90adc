"""The client area as a client: registered by the house itself, with the documents that its page sends."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

import orjson
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.http.pages import STATIC
from policy.purposes import Purpose
from schema.declare.commands import editable_columns
from schema.types.customers import Customer
from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients, documents
from store.tables.oauth import oauth_clients

ID = "client-area"
DOCUMENTS = STATIC / "area" / "documents"
PROFILE = "Profile"
"""The document that asks for every field which the customer may edit: the schema says which, the file where."""
EDITABLE = "# editable"
MAX_PAGE = 50


async def register_client_area(store: Store, now: datetime) -> None:
    """Make sure that it is there and may send what this release's page sends, and nothing else.
    StoreUnavailableError."""
    texts = {sha256(text.encode()).hexdigest(): text for text in sorted(page_documents().values())}
    async with store.write() as connection:
        if await connection.scalar(select(clients.c.id).where(clients.c.id == ID)) is None:
            try:
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


def page_documents() -> dict[str, str]:
    """The text of each document of the page, by the name of its operation."""
    texts = {path.stem: path.read_text(encoding="utf-8") for path in sorted(DOCUMENTS.glob("*.graphql"))}
    return texts | {PROFILE: texts[PROFILE].replace(EDITABLE, " ".join(editable_columns(Customer)))}


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
