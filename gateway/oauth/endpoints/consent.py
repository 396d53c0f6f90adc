"""Consents of customers to third-party clients, and the ticket that binds a consent form to its session."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from gateway.oauth.endpoints.authorization_request import AuthorizationRequest
from gateway.oauth.identity import SignedInIdentity
from gateway.oauth.registry.scopes import spelt
from store.crypto.system_keys import SystemKeys
from store.sql.ids import new_id
from store.sql.reading import Reader
from store.tables.oauth import oauth_consents

KEY = "oauth-consent"
SECONDS = 600
"""Seconds to answer the consent form."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """The authorization request of a consent form, the session it was shown to, and its expiry in Unix seconds."""

    query: str
    session: int
    expires: int

    async def sealed(self, system_keys: SystemKeys) -> str:
        """The ticket with its MAC, for the form: no other site can make one, so none can submit the form (CSRF)."""
        text = urlsafe_b64encode(orjson.dumps([self.query, self.session, self.expires])).decode()
        return f"{text}.{await _mac(system_keys, text)}"

    @classmethod
    async def opened(cls, system_keys: SystemKeys, sealed: str, now: float) -> Ticket | None:
        """Verify MAC and expiry; None if either fails. The caller compares the session."""
        text, _, mac = sealed.partition(".")
        if not hmac.compare_digest(mac.encode(), (await _mac(system_keys, text)).encode()):
            return None
        # Only parsed once its MAC is verified, so the content is our own.
        ticket = cls(*orjson.loads(urlsafe_b64decode(text)))
        return ticket if now < ticket.expires else None


class Consents:
    """Reads consents."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._find = reader.prepare(_find)

    async def covers(self, requested: AuthorizationRequest, signed_in: SignedInIdentity) -> bool:
        """True if no consent is needed: a first-party client, or the customer has consented to all these scopes."""
        if requested.client.first_party:
            return True
        values = {"customer": signed_in.customer_id, "client": requested.client.client_id}
        rows = await self._reader.fetch(self._find, values)
        return bool(rows) and requested.scopes <= frozenset(rows[0][0].split())


def give(connection: Connection, requested: AuthorizationRequest, signed_in: SignedInIdentity, now: datetime) -> None:
    """Record a customer's consent; it replaces an earlier one to the same client."""
    row = {
        "id": new_id(),
        "customer_id": signed_in.customer_id,
        "client_id": requested.client.client_id,
        "scope": spelt(requested.scopes),
        "given_at": now,
        "client_name": requested.client.name,
        "withdrawn_at": None,
    }
    change = {name: row[name] for name in ("scope", "given_at", "client_name", "withdrawn_at")}
    statement: Any = (
        postgresql.insert(oauth_consents) if connection.dialect.name == "postgresql" else sqlite.insert(oauth_consents)
    )
    keys = ["customer_id", "client_id"]
    connection.execute(statement.values(row).on_conflict_do_update(index_elements=keys, set_=change))


async def _mac(system_keys: SystemKeys, text: str) -> str:
    mark = hmac.digest(await system_keys.system(KEY), text.encode(), "sha256")
    return urlsafe_b64encode(mark).decode()


_find = select(oauth_consents.c.scope).where(
    oauth_consents.c.customer_id == bindparam("customer"),
    oauth_consents.c.client_id == bindparam("client"),
    oauth_consents.c.withdrawn_at.is_(None),
)
