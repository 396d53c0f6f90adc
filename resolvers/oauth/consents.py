"""Scopes that customers have allowed clients of others (O10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from resolvers.clients.oauth_clients import RegisteredClient
from resolvers.clients.scopes import spelt
from store.sql.ids import new_id
from store.sql.reading import Reader
from store.tables.oauth import oauth_consents


class Consents:
    """Reads what was allowed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._find = reader.prepare(_find)

    async def covers(self, client: RegisteredClient, scopes: frozenset[str], customer_id: int) -> bool:
        """Whether nobody has to be asked: the client is our own, or the customer has allowed all of this before."""
        if client.first_party:
            return True
        rows = await self._reader.fetch(self._find, {"customer": customer_id, "client": client.client_id})
        return bool(rows) and scopes <= frozenset(rows[0][0].split())


def give(
    connection: Connection, client: RegisteredClient, scopes: frozenset[str], customer_id: int, now: datetime
) -> None:
    """Note what a customer allows now; it takes the place of what they allowed the client before."""
    row = {
        "id": new_id(),
        "customer_id": customer_id,
        "client_id": client.client_id,
        "scope": spelt(scopes),
        "given_at": now,
        "client_name": client.name,
        "withdrawn_at": None,
    }
    change = {name: row[name] for name in ("scope", "given_at", "client_name", "withdrawn_at")}
    statement: Any = (
        postgresql.insert(oauth_consents) if connection.dialect.name == "postgresql" else sqlite.insert(oauth_consents)
    )
    keys = ["customer_id", "client_id"]
    connection.execute(statement.values(row).on_conflict_do_update(index_elements=keys, set_=change))


_find = select(oauth_consents.c.scope).where(
    oauth_consents.c.customer_id == bindparam("customer"),
    oauth_consents.c.client_id == bindparam("client"),
    oauth_consents.c.withdrawn_at.is_(None),
)
