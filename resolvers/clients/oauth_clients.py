"""Registered clients as the authorization server reads them: authentication, grants and redirect URIs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import bindparam, or_, select

from policy.purposes import Purpose
from policy.rules import Rule
from resolvers.clients.emergencies import emergencies, emergency_purposes
from resolvers.clients.processing_agreements import PARTNER, has_processing_agreement, keeps_the_rules
from resolvers.clients.scopes import for_customers
from store.registers.clients import clients
from store.registers.partners import partners
from store.sql.metadata import Instant, instant
from store.sql.reading import Reader
from store.tables.oauth import oauth_clients, oauth_secrets

MAX_CLIENT_ID = 64
CODE, REFRESH, OWN = "authorization_code", "refresh_token", "client_credentials"
GRANTS = (CODE, REFRESH, OWN)


@dataclass(frozen=True, slots=True)
class RegisteredClient:
    """A registered client that is not disabled."""

    client_id: str
    name: str
    purposes: frozenset[Purpose]
    actions: frozenset[str]
    authentication: str
    """NONE (a public client), SECRET or PRIVATE_KEY_JWT."""
    grants: frozenset[str]
    redirect_uris: tuple[str, ...]
    keys: str | None = field(repr=False)
    """Its public keys, as a JSON Web Key Set."""
    platform: str
    first_party: bool
    dpop: bool
    pushed: bool
    fapi2: bool = False
    """Held to the security profile FAPI 2.0: its refresh tokens are bound to its key, and do not rotate."""
    void_until: datetime | None = None
    """Tokens, codes and requests up to this time are void, because the client was disabled then."""

    @property
    def public(self) -> bool:
        """True for a client that cannot keep a secret (RFC 6749 §2.1)."""
        return self.authentication == "NONE"

    @property
    def for_customers(self) -> frozenset[str]:
        """The scopes that the client may have in a customer's token."""
        return for_customers(self.purposes, self.actions, self.first_party)

    def get_client_id(self) -> str:
        """The client id."""
        return self.client_id

    def get_default_redirect_uri(self) -> str | None:
        """None: requests must name the redirect URI, which is compared (O3)."""
        return None

    def get_allowed_scope(self, scope: str) -> str:
        """The scope as it is: the grants have checked it before."""
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """True if exactly this URI is registered, compared character by character (O3, RFC 9700 §4.1.3)."""
        return redirect_uri in self.redirect_uris

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """True: the method was checked when the client was authenticated."""
        return True

    def check_response_type(self, response_type: str) -> bool:
        """True for `code`, if the client is registered for the authorization code grant."""
        return response_type == "code" and CODE in self.grants

    def check_grant_type(self, grant_type: str) -> bool:
        """True if the client is registered for this grant."""
        return grant_type in self.grants


class Clients:
    """Reads clients without a cache: token requests are rare, and changes take effect at once."""

    def __init__(self, reader: Reader, rules: Mapping[str, Rule], address: str, clock: Callable[[], float]) -> None:
        """`address` is where this gateway is reached: a redirect URI that is only a path is below it.

        `rules` are the schema's, by coordinate: partners are judged by them.
        """
        self._rules = rules
        self._reader = reader
        self._address = address
        self._clock = clock
        self._one = reader.prepare(_one)
        self._hashes = reader.prepare(_hashes)

    async def find(self, client_id: str | None) -> RegisteredClient | None:
        """The client; None if it is unknown, disabled, not registered for OAuth, or breaks a hard rule (D11)."""
        # An id that cannot exist is not worth a read: anybody may send one.
        if not client_id or len(client_id) > MAX_CLIENT_ID:
            return None
        now = datetime.fromtimestamp(self._clock(), UTC)
        rows = await self._reader.fetch(self._one, {"client": client_id, "now": now})
        if not rows:
            return None
        client, partner = rows[0][: -len(PARTNER)], rows[0][-len(PARTNER) :]
        if not keeps_the_rules(client_id, frozenset(orjson.loads(client[2])), self._rules, *partner):
            return None
        return _client(self._address, *client)

    async def secret_hashes(self, client_id: str) -> list[bytes]:
        """The hashes of the valid secrets: one, or several while a rotated one is still accepted."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        return [row[0] for row in await self._reader.fetch(self._hashes, {"client": client_id, "now": now})]


def _client(
    address: str,
    client_id: str,
    name: str,
    purposes: str,
    scopes: str,
    authentication: str,
    grants: str,
    uris: str,
    *rest: Any,
) -> RegisteredClient:
    keys, platform, first_party, dpop, pushed, fapi2, void_until, emergency = rest
    return RegisteredClient(
        client_id,
        name,
        # A newer release may have registered purposes that this one does not know; they allow nothing.
        frozenset(Purpose[word] for word in orjson.loads(purposes) if word in Purpose.__members__)
        | emergency_purposes(emergency),
        frozenset(orjson.loads(scopes)),
        authentication,
        frozenset(orjson.loads(grants)),
        tuple(address + uri if uri.startswith("/") else uri for uri in orjson.loads(uris)),
        keys,
        platform,
        bool(first_party),
        bool(dpop),
        bool(pushed),
        bool(fapi2),
        None if void_until is None else instant(void_until),
    )


_one = (
    select(
        clients.c.id,
        clients.c.name,
        clients.c.purposes,
        clients.c.scopes,
        oauth_clients.c.authentication,
        oauth_clients.c.grants,
        oauth_clients.c.redirect_uris,
        oauth_clients.c["keys"],
        oauth_clients.c.platform,
        oauth_clients.c.first_party,
        oauth_clients.c.dpop,
        oauth_clients.c.pushed,
        oauth_clients.c.fapi2,
        clients.c.void_until,
        emergencies(clients.c.id),
        *PARTNER,
    )
    .join(oauth_clients, oauth_clients.c.client_id == clients.c.id)
    .join(partners, clients.c.partner_id == partners.c.id, isouter=True)
    .where(clients.c.id == bindparam("client"), clients.c.disabled_at.is_(None), has_processing_agreement())
)

_hashes = select(oauth_secrets.c.hash).where(
    oauth_secrets.c.client_id == bindparam("client"),
    or_(oauth_secrets.c.expires_at.is_(None), oauth_secrets.c.expires_at > bindparam("now", type_=Instant)),
)
