"""What customers have allowed clients that are not ours, and the ticket that ties a form to who was shown it."""

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


@dataclass(frozen=True, slots=True)
class Ticket:
    """The request that a form is the answer to, the session it was shown to, and until when, in Unix seconds."""

    query: str
    session: int
    expires: int

    async def sealed(self, house: SystemKeys) -> str:
        """For the form: nobody can make one for another session, so no other site can send the form (CSRF)."""
        text = urlsafe_b64encode(orjson.dumps([self.query, self.session, self.expires])).decode()
        return f"{text}.{await _mac(house, text)}"

    @classmethod
    async def opened(cls, house: SystemKeys, sealed: str, now: float) -> Ticket | None:
        """What was sealed here, as long as it is good; None for anything else. Whose it is is for the caller to see."""
        text, _, mac = sealed.partition(".")
        if not hmac.compare_digest(mac.encode(), (await _mac(house, text)).encode()):
            return None
        ticket = cls(*orjson.loads(urlsafe_b64decode(text)))
        return ticket if now < ticket.expires else None


class Consents:
    """Knows what was allowed."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._find = reader.prepare(_find)

    async def covers(self, wanted: AuthorizationRequest, signed_in: SignedInIdentity) -> bool:
        """Whether nobody has to be asked: the client is our own, or the customer has allowed all of this before."""
        if wanted.client.first_party:
            return True
        values = {"customer": signed_in.customer_id, "client": wanted.client.client_id}
        rows = await self._reader.fetch(self._find, values)
        return bool(rows) and wanted.scopes <= frozenset(rows[0][0].split())


def give(connection: Connection, wanted: AuthorizationRequest, signed_in: SignedInIdentity, now: datetime) -> None:
    """Note what a customer allows now; it takes the place of what they allowed the client before."""
    row = {
        "id": new_id(),
        "customer_id": signed_in.customer_id,
        "client_id": wanted.client.client_id,
        "scope": spelt(wanted.scopes),
        "given_at": now,
        "client_name": wanted.client.name,
        "withdrawn_at": None,
    }
    change = {name: row[name] for name in ("scope", "given_at", "client_name", "withdrawn_at")}
    statement: Any = (
        postgresql.insert(oauth_consents) if connection.dialect.name == "postgresql" else sqlite.insert(oauth_consents)
    )
    keys = ["customer_id", "client_id"]
    connection.execute(statement.values(row).on_conflict_do_update(index_elements=keys, set_=change))


async def _mac(house: SystemKeys, text: str) -> str:
    mark = hmac.digest(await house.named(KEY), text.encode(), "sha256")
    return urlsafe_b64encode(mark).decode()


_find = select(oauth_consents.c.scope).where(
    oauth_consents.c.customer_id == bindparam("customer"),
    oauth_consents.c.client_id == bindparam("client"),
    oauth_consents.c.withdrawn_at.is_(None),
)
