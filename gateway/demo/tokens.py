"""Access tokens for the demo: only for a store with the demo's data, and not accepted by any other gateway."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, select

from gateway.demo import CLIENTS, FEATURED
from gateway.demo.demo_queries import CUSTOMER, QUERIES
from gateway.demo.marks import FIRST_ID
from gateway.tokens.tokens import Tokens
from policy.purposes import Purpose
from store.crypto.blind_index import Lookup
from store.database.store import Store
from store.tables.customers import customers

AREA = next(client for client in CLIENTS if Purpose.SELF_SERVICE in client.purposes)
"""The client through which customers read their own data."""
TOOLS = tuple(client for client in CLIENTS if client is not AREA)


class NoDemoError(Exception):
    """The store does not hold the demo; the text says what to do."""


class UnknownNameError(Exception):
    """No tool or customer of the demo has this name; the text lists those there are."""


class DemoTokens:
    """Issues tokens for the demo's tools and customers."""

    def __init__(self, store: Store, tokens: Tokens, seconds: int) -> None:
        """`seconds` is how long each token lives."""
        self._store, self._tokens, self._seconds = store, tokens, seconds
        reader = store.reader
        self._first = reader.prepare(select(customers.c.id).where(customers.c.id == FIRST_ID))
        self._by_email = reader.prepare(
            select(customers.c.id).where(customers.c.id == bindparam("id"), customers.c.email_ref == bindparam("ref"))
        )

    async def require_demo(self) -> None:
        """NoDemoError unless the demo's first customer exists, whose id no other store can have."""
        if not await self._store.reader.fetch(self._first, {}):
            raise NoDemoError("There is no demo in this data folder: make one with `gateway demo`.")

    async def mint(self, name: str) -> str:
        """A token for a tool by name, or a customer by e-mail address. NoDemoError, UnknownNameError."""
        await self.require_demo()
        tool = next((client for client in TOOLS if client.id == name), None)
        if tool is not None:
            scopes = [*(purpose.scope for purpose in tool.purposes), *tool.scopes]
            return await self._tokens.mint(tool.id, scopes, self._seconds)
        subject = await self._customer(name)
        return await self._tokens.mint(AREA.id, [Purpose.SELF_SERVICE.scope], self._seconds, subject)

    async def featured(self) -> str | None:
        """A token for the featured customer; None once they were erased or changed their address."""
        try:
            return await self.mint(FEATURED)
        except UnknownNameError:
            return None

    async def _customer(self, email: str) -> int:
        keys = self._store.keys
        # Found like a sign-in name: by blind index in the key store, then by id and number in the data.
        held = await keys.lookups.find(Lookup.EMAIL, keys.blind_index(Lookup.EMAIL, email))
        rows = await self._store.reader.fetch(self._by_email, {"id": held.row_id, "ref": held.ref})
        if not rows:
            tools = ", ".join(client.id for client in TOOLS)
            raise UnknownNameError(
                f"Nobody in the demo has this name: use {tools}, or a customer's address such as {FEATURED}."
            )
        identity: int = rows[0][0]
        return identity

    async def listed(self) -> list[dict[str, Any]]:
        """Every tool and the featured customer, with a token and the demo queries, for the GraphiQL page."""
        everyone = [(client.id, client.name, client.purposes) for client in TOOLS]
        if (featured := await self.featured()) is not None:
            everyone.append((CUSTOMER, f"Customer {FEATURED}", (Purpose.SELF_SERVICE,)))
        return [
            {
                "name": name,
                "label": label,
                "purposes": [purpose.name for purpose in purposes],
                "token": featured if name == CUSTOMER else await self.mint(name),
                "examples": [asdict(query) for query in QUERIES if query.who == name],
            }
            for name, label, purposes in everyone
        ]
