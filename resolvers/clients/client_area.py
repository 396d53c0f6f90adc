"""The client area's own OAuth client, registered by the gateway at start with its page's trusted documents."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

import orjson
from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.purposes import Purpose
from store.database.store import Store
from store.queue.revocations import client_changed
from store.registers.clients import clients, document_releases, documents
from store.tables.oauth import oauth_clients

ID = "client-area"
KEPT = 2
"""Releases of the page whose documents may be sent: the present one, and the one before."""
_R = document_releases
MAX_PAGE = 50
"""Nodes a page of a connection, at most; the page's documents ask for no more."""


async def register_client_area(store: Store, documents_of_page: Iterable[str], now: datetime) -> None:
    """Make sure that it is there and may send what this release's page sends, and that of the release before.

    Pages that browsers have open, and replicas of the release before, go on while gateways are replaced; what only
    earlier releases sent is removed. A release is named by what its page sends. StoreUnavailableError.
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
        release = sha256("".join(sorted(texts)).encode()).hexdigest()[:12]
        # Locked, so that replicas that start at once take turns.
        await connection.execute(select(clients.c.id).where(clients.c.id == ID).with_for_update())
        known = set((await connection.scalars(select(documents.c.hash).where(documents.c.client_id == ID))).all())
        if known >= texts.keys() and await _is_newest(connection, release):
            return
        facts = {"client_id": ID, "purpose": Purpose.SELF_SERVICE.name, "registered_at": now}
        if new := [facts | {"hash": hash_, "text": text} for hash_, text in texts.items() if hash_ not in known]:
            await connection.execute(insert(documents), new)
        await connection.execute(delete(_R).where(_R.c.client_id == ID, _R.c.release == release))
        rows = [{"client_id": ID, "release": release, "hash": hash_, "registered_at": now} for hash_ in texts]
        await connection.execute(insert(_R), rows)
        await _remove_earlier(connection)
        await client_changed(connection, ID, now)


async def _is_newest(connection: AsyncConnection, release: str) -> bool:
    newest = select(_R.c.release).where(_R.c.client_id == ID).order_by(_R.c.registered_at.desc()).limit(1)
    return await connection.scalar(newest) == release


async def _remove_earlier(connection: AsyncConnection) -> None:
    """Remove the releases before the newest KEPT, and the documents of no other release."""
    since = func.max(_R.c.registered_at)
    mine = select(_R.c.release).where(_R.c.client_id == ID).group_by(_R.c.release).order_by(since.desc())
    kept = (await connection.scalars(mine.limit(KEPT))).all()
    await connection.execute(delete(_R).where(_R.c.client_id == ID, _R.c.release.not_in(kept)))
    released = select(_R.c.hash).where(_R.c.client_id == ID)
    await connection.execute(delete(documents).where(documents.c.client_id == ID, documents.c.hash.not_in(released)))


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
