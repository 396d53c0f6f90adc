"""A front door over a real store, with a clock that the test turns."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
from sqlalchemy import insert, update

from gateway.access.authenticator import Authenticator
from gateway.access.dpop import DPoPNonces, DPoPVerifier
from gateway.tokens.signing_keys import SigningKeys
from gateway.tokens.tokens import Names, Tokens
from policy.purposes import Purpose
from resolvers.clients.registry import ClientRegistry
from schema.api.build import declared_rules
from store.crypto.system_keys import SystemKeys
from store.database.store import Store
from store.queue.revocation_list import Revocations
from store.queue.single_use import SingleUse
from store.registers.clients import clients
from store.sql.metadata import instant
from store.tables.oauth import oauth_clients

START = 1_800_000_000
LIFE = 600
NAMES = Names("https://issuer.example", "https://issuer.example/graphql")


@dataclass
class Clock:
    """Unix seconds that stand still until they are moved."""

    time: float = START

    def __call__(self) -> float:
        return self.time


@dataclass
class Desk:
    """One replica's door. Several may share a store."""

    store: Store
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.house: SystemKeys = self.store.keys.system
        self.house._clock = lambda: instant_of(self.clock())
        self.keys = SigningKeys(self.house, LIFE, self.clock)
        self.tokens = Tokens(self.keys, NAMES, 5, self.clock)
        self.clients = ClientRegistry(self.store.reader, declared_rules(), 2, self.clock)
        self.revocations = Revocations(self.store.reader, self.clock, self.clients.forget)
        nonces = DPoPNonces(self.house, self.clock)
        self.proofs = DPoPVerifier(nonces, SingleUse(self.store), frozenset({NAMES.issuer}), self.clock)
        self.authenticator = Authenticator(
            self.tokens, self.keys, self.clients, self.revocations, self.proofs, self.clock
        )

    async def register(self, client: str = "billing", **facts: object) -> None:
        """Register a client, for invoices unless the facts say otherwise; one that customers sign in to is ours."""
        purposes = facts.pop("purposes", (Purpose.INVOICING,))
        row = {
            "id": client, "name": client, "purposes": orjson.dumps([each.name for each in purposes]).decode(),
            "scopes": '["audit:read"]', "refusal": "REFUSE", "documents_only": False, "introspection": False,
            "max_page": 50, "created_at": instant_of(START),
        }  # fmt: skip
        terms = {
            "client_id": client, "authentication": "NONE", "grants": '["authorization_code"]', "redirect_uris": "[]",
            "platform": "CLIENT_AREA", "first_party": facts.pop("first_party", True), "dpop": False, "pushed": False,
        }  # fmt: skip
        async with self.store.write() as connection:
            await connection.execute(insert(clients).values(row | facts))
            if Purpose.SELF_SERVICE in purposes:
                await connection.execute(insert(oauth_clients).values(terms))

    async def change(self, client: str, **facts: object) -> None:
        """Change a registration."""
        async with self.store.write() as connection:
            await connection.execute(update(clients).where(clients.c.id == client).values(facts))

    async def token(
        self, client: str = "billing", scopes: tuple[str, ...] = ("purpose:invoicing",), **more: int
    ) -> bytes:
        """A good token."""
        return (await self.tokens.mint(client, scopes, LIFE, **more)).encode()


def instant_of(seconds: float) -> object:
    """A moment as the store has it."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(int(seconds), UTC)


__all__ = ["LIFE", "NAMES", "START", "Clock", "Desk", "instant"]
