"""Cached registrations of clients. Changes are announced with the revocations, so disabling takes effect at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import time

import orjson
from cachetools import LRUCache
from sqlalchemy import bindparam, select

from policy.grant import Over, Partner, Refusal
from policy.purposes import Purpose
from policy.rules import Rule
from resolvers.clients.emergencies import emergencies, emergency_purposes
from resolvers.clients.processing_agreements import PARTNER, has_processing_agreement, keeps_the_rules
from store.registers.clients import clients
from store.registers.partners import partners
from store.sql.metadata import instant
from store.sql.reading import Reader
from store.tables.oauth import oauth_clients

KEPT = 16 * 2**20
"""The most bytes of registrations in memory, by estimate (G15); client ids come from verified tokens only."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The upper bound of what one client may be granted."""

    client_id: str
    purposes: frozenset[Purpose]
    scopes: frozenset[str]
    refusal: Refusal
    documents_only: bool
    introspection: bool
    max_page: int
    customers_per_hour: int | None
    over: Over
    partner: Partner | None = None
    first_party: bool = False
    """True for our own clients; False for third parties, and for clients that are not registered for OAuth (O10)."""
    observed: bool = False
    """True if ad hoc documents of the client are counted."""
    void_until: int | None = None
    """Tokens issued at this Unix second or before are void, because the client was disabled then."""

    origins: frozenset[str] = frozenset()
    """The origins of pages whose scripts may read what the client gets (CORS)."""
    names_person: bool = False
    """True: each request names the member of staff who asks."""
    keys: str | None = field(default=None, repr=False)
    """The public keys of the client, as a JSON Web Key Set."""

    def voids(self, issued_at: int) -> bool:
        """True if a token issued at this Unix second is void because the client was disabled since."""
        # `<=`: a token of the very second in which the client was disabled is void, too.
        return self.void_until is not None and issued_at <= self.void_until


@dataclass(slots=True)
class _Kept:
    registration: Registration | None
    read_at: float


class ClientRegistry:
    """Registrations by client id, each cached for `seconds` before it is read again."""

    def __init__(
        self,
        reader: Reader,
        rules: Mapping[str, Rule],
        seconds: float,
        clock: Callable[[], float],
        customers_per_hour: int | None = None,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """`rules` are the schema's, by coordinate: partners are judged by them.

        `clock` is for the age of what is cached; `wall_clock`, in Unix seconds, for the end of emergencies.
        """
        self._wall_clock = wall_clock
        self._rules = rules
        self._reader = reader
        self._customers = customers_per_hour or None
        self._seconds = seconds
        self._clock = clock
        self._kept: LRUCache[str, _Kept] = LRUCache(KEPT, getsizeof=_weight)
        self._reading = asyncio.Lock()
        self._changes = 0
        self._prepared = reader.prepare(_registration)
        self._all_origins = reader.prepare(_all_origins)
        self._origins: frozenset[str] = frozenset()
        self._origins_at = float("-inf")

    async def find(self, client_id: str) -> Registration | None:
        """The registration, or None if there is none, it is disabled, or it breaks a hard rule (D11).

        The same object is returned until the row changes, so that callers can cache what they derive from it by
        identity. Raises StoreUnavailableError.
        """
        kept = self._kept.get(client_id)
        if kept is None or not self._is_fresh(kept):
            kept = await self._renew(client_id, kept)
        return kept.registration

    async def origins(self) -> frozenset[str]:
        """The origins of all clients that are enabled, read again like registrations; StoreUnavailableError."""
        if not 0 <= self._clock() - self._origins_at < self._seconds:
            before = self._changes
            rows = await self._reader.fetch(self._all_origins, {})
            self._origins = frozenset(each for row in rows for each in orjson.loads(row[0]))
            self._origins_at = self._clock() if before == self._changes else float("-inf")
        return self._origins

    def _is_fresh(self, kept: _Kept) -> bool:
        return 0 <= self._clock() - kept.read_at < self._seconds

    def forget(self, client_id: str) -> None:
        """Expire the cached registration of a client, because it has changed."""
        self._changes += 1
        self._origins_at = float("-inf")
        if (kept := self._kept.get(client_id)) is not None:
            kept.read_at = float("-inf")

    async def _renew(self, client_id: str, stale: _Kept | None) -> _Kept:
        async with self._reading:  # Requests that waited here find what the first of them has read.
            kept = self._kept.get(client_id)
            if kept is not None and kept is not stale and self._is_fresh(kept):
                return kept
            before = self._changes
            found = await self._read(client_id)
            # Callers compare by identity, so an unchanged registration must stay the same object.
            if stale is not None and stale.registration == found:
                found = stale.registration
            # A change that was announced during the read may be missing in it: then it serves this request only.
            read_at = self._clock() if before == self._changes else float("-inf")
            fresh = self._kept[client_id] = _Kept(found, read_at)
            return fresh

    async def _read(self, client_id: str) -> Registration | None:
        now = datetime.fromtimestamp(int(self._wall_clock()), UTC)
        rows = await self._reader.fetch(self._prepared, {"client": client_id, "now": now})
        if not rows:
            return None
        purposes, scopes, refusal, documents_only, introspection, max_page, customers, over, *more = rows[0]
        first_party, observed_at, void_until, origins, names_person, keys, emergency, *partner = more
        name, country, purpose, fields = partner
        if not keeps_the_rules(client_id, frozenset(orjson.loads(purposes)), self._rules, *partner):
            return None
        # Ended at the read, so that no worker has to.
        known = emergency_purposes(emergency) if name is None else frozenset()
        # A newer release may have registered purposes that this one does not know; they allow nothing.
        known |= {Purpose[each] for each in orjson.loads(purposes) if each in Purpose.__members__}
        return Registration(
            client_id,
            # A partner's client gets the partner's one purpose, whatever its own row says (D11).
            known if name is None else frozenset(each for each in known if each.name == purpose),
            frozenset(orjson.loads(scopes)),
            Refusal[refusal],
            bool(documents_only),
            bool(introspection),
            max_page,
            # NULL: the default of the settings; 0: no limit.
            self._customers if customers is None else customers or None,
            Over[over or "ALARM"],
            None if name is None else Partner(name, country, frozenset(orjson.loads(fields))),
            bool(first_party),
            observed_at is not None and not documents_only,
            None if void_until is None else int(instant(void_until).timestamp()),
            frozenset(orjson.loads(origins or "[]")),
            bool(names_person),
            keys,
        )


def _weight(kept: _Kept) -> int:
    """An estimate of the entry's size in bytes."""
    found = kept.registration
    if found is None:
        return 500
    fields = len(found.partner.fields) if found.partner else 0
    return 2_000 + len(found.keys or "") + 200 * (len(found.scopes) + len(found.purposes) + fields)


_all_origins = select(clients.c.origins).where(clients.c.origins.is_not(None), clients.c.disabled_at.is_(None))
_registration = (
    select(
        clients.c.purposes,
        clients.c.scopes,
        clients.c.refusal,
        clients.c.documents_only,
        clients.c.introspection,
        clients.c.max_page,
        clients.c.customers_per_hour,
        clients.c.beyond,
        oauth_clients.c.first_party,
        clients.c.documents_observed_at,
        clients.c.void_until,
        clients.c.origins,
        clients.c.names_person,
        oauth_clients.c["keys"],
        emergencies(clients.c.id),
        *PARTNER,
    )
    .join_from(clients, partners, clients.c.partner_id == partners.c.id, isouter=True)
    .join(oauth_clients, oauth_clients.c.client_id == clients.c.id, isouter=True)
    .where(clients.c.id == bindparam("client"), clients.c.disabled_at.is_(None), has_processing_agreement())
)
