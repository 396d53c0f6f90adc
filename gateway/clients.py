"""The registered clients: what each may ask for, re-read often enough that disabling one takes effect at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import orjson
from sqlalchemy import bindparam, select

from gateway.undertakings import bound
from policy.grant import Over, Partner, Refusal
from policy.purposes import Purpose
from store.clients import clients
from store.metadata import instant
from store.oauth import oauth_clients
from store.partners import partners
from store.reading import Reader

KEPT = 10_000
"""The most registrations in memory; client ids come from our own tokens only, so this is a belt beside the braces."""


@dataclass(frozen=True, slots=True)
class Registration:
    """What one client may ask for, at most."""

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
    """Whether it is our own; what is not registered for OAuth is not (O10)."""
    void_until: int | None = None
    """Tokens that were issued at this moment or before, in Unix seconds, are void: it was disabled then."""

    def voids(self, issued_at: int) -> bool:
        """Whether a token of its was issued too early to be good."""
        return self.void_until is not None and issued_at <= self.void_until


@dataclass(slots=True)
class _Kept:
    registration: Registration | None
    read_at: float


class ClientRegistry:
    """Registrations by client id, each kept for `seconds` before it is read again."""

    def __init__(
        self, reader: Reader, seconds: float, clock: Callable[[], float], customers_per_hour: int | None = None
    ) -> None:
        self._reader = reader
        self._customers = customers_per_hour or None
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._reading = asyncio.Lock()
        self._changes = 0
        self._prepared = reader.prepare(_registration)

    async def find(self, client_id: str) -> Registration | None:
        """The registration, or None when there is none or it is disabled.

        The same object comes back while nothing has changed, so that what was derived from it can be kept with it.
        """
        kept = self._kept.get(client_id)
        if kept is None or not self._is_fresh(kept):
            kept = await self._renew(client_id, kept)
        return kept.registration

    def _is_fresh(self, kept: _Kept) -> bool:
        return 0 <= self._clock() - kept.read_at < self._seconds

    def forget(self, client_id: str) -> None:
        """Read a registration again before it is used next: it has changed."""
        self._changes += 1
        if (kept := self._kept.get(client_id)) is not None:
            kept.read_at = float("-inf")

    async def _renew(self, client_id: str, stale: _Kept | None) -> _Kept:
        async with self._reading:  # those who waited find what the first one read
            kept = self._kept.get(client_id)
            if kept is not None and kept is not stale and self._is_fresh(kept):
                return kept
            before = self._changes
            found = await self._read(client_id)
            if stale is not None and stale.registration == found:
                found = stale.registration
            # What changed while it was read may have been missed: then it is good for this request only.
            read_at = self._clock() if before == self._changes else float("-inf")
            fresh = self._kept[client_id] = _Kept(found, read_at)
            self._kept.move_to_end(client_id)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return fresh

    async def _read(self, client_id: str) -> Registration | None:
        rows = await self._reader.fetch(self._prepared, {"client": client_id})
        if not rows:
            return None
        purposes, scopes, refusal, documents_only, introspection, max_page, customers, over, *more = rows[0]
        first_party, void_until, name, country, purpose, fields = more
        # A purpose that this release does not know allows nothing.
        known = frozenset(Purpose[name] for name in orjson.loads(purposes) if name in Purpose.__members__)
        return Registration(
            client_id,
            known if name is None else frozenset(each for each in known if each.name == purpose),
            frozenset(orjson.loads(scopes)),
            Refusal[refusal],
            bool(documents_only),
            bool(introspection),
            max_page,
            self._customers if customers is None else customers or None,
            Over[over or "ALARM"],
            None if name is None else Partner(name, country, frozenset(orjson.loads(fields))),
            bool(first_party),
            None if void_until is None else int(instant(void_until).timestamp()),
        )


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
        clients.c.void_until,
        partners.c.name,
        partners.c.country,
        partners.c.purpose,
        partners.c.fields,
    )
    .join_from(clients, partners, clients.c.partner_id == partners.c.id, isouter=True)
    .join(oauth_clients, oauth_clients.c.client_id == clients.c.id, isouter=True)
    .where(clients.c.id == bindparam("client"), clients.c.disabled_at.is_(None), bound())
)
