"""Loads the demo's customers and clients into an empty store, in one transaction and once only."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count

import orjson
from sqlalchemy import exists, insert, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gateway.demo.clients import CLIENTS, DemoClient
from gateway.demo.marks import FIRST_ID, NotADemoStoreError
from gateway.demo.population import SEED, SIZE, population
from resolvers.clients.client_area import ID as AREA
from resolvers.customers.registration import add
from store.database.store import Store
from store.lookups.reservations import LookupTakenError, reserving
from store.registers.clients import clients
from store.tables.customers import customers
from store.tables.oauth import oauth_clients


async def load(store: Store, *, now: datetime | None = None, size: int = SIZE, seed: int = SEED) -> bool:
    """Load the demo; True if it was loaded now, False if it was there already and is kept, with new clients added.

    The clients mark a loaded demo: they are written in the same transaction as the customers, so that an interruption
    leaves neither. Raises NotADemoStoreError or StoreUnavailableError.
    """
    moment = now or datetime.now(UTC)
    if await _loaded(store):
        await _register_new_clients(store, moment)
        return False
    people = population(moment, size, seed)
    try:
        async with reserving(store) as reserved, store.write() as connection:
            of_somebody = exists().where(customers.c.id.is_not(None)), exists().where(clients.c.id != AREA)
            if await connection.scalar(select(or_(*of_somebody))):
                raise NotADemoStoreError
            await _register(connection, CLIENTS, moment)
            await add(connection, store, reserved, people, make_id=count(FIRST_ID).__next__, now=moment)
            await reserved.written(connection)
    except (IntegrityError, LookupTakenError, NotADemoStoreError):
        # Another process may have loaded it between the check and the transaction.
        if await _loaded(store):
            return False
        raise
    return True


async def _loaded(store: Store) -> bool:
    found = store.reader.prepare(select(clients.c.id).where(clients.c.id == CLIENTS[0].id))
    return bool(await store.reader.fetch(found, {}))


async def _register_new_clients(store: Store, now: datetime) -> None:
    """Register clients that later releases added to the demo."""
    found = await store.reader.fetch(store.reader.prepare(select(clients.c.id)), {})
    known = {id_ for (id_,) in found}
    missing = [client for client in CLIENTS if client.id not in known]
    if missing:
        with suppress(IntegrityError):  # Another process was quicker.
            async with store.write() as connection:
                await _register(connection, missing, now)


async def _register(connection: AsyncConnection, missing: Sequence[DemoClient], now: datetime) -> None:
    rows = [
        {
            "id": client.id,
            "name": client.name,
            "purposes": orjson.dumps([purpose.name for purpose in client.purposes]).decode(),
            "scopes": orjson.dumps(client.scopes).decode(),
            "refusal": "REFUSE",
            "documents_only": False,
            "introspection": client.introspection,
            "max_page": client.max_page,
            "created_at": now,
        }
        for client in missing
    ]
    await connection.execute(insert(clients), rows)
    await connection.execute(insert(oauth_clients), [_terms(client) for client in missing])


def _terms(client: DemoClient) -> dict[str, object]:
    people = bool(client.redirect_uris)
    return {
        "client_id": client.id,
        "authentication": "NONE" if people else "SECRET",
        "grants": '["authorization_code","refresh_token"]' if people else '["client_credentials"]',
        "redirect_uris": orjson.dumps(client.redirect_uris).decode(),
        "keys": None,
        "platform": "CLIENT_AREA",
        "first_party": people,
        "dpop": False,
        "pushed": False,
    }
