"""Finds trusted documents: the registered texts of clients, by hash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from cachetools import LRUCache
from sqlalchemy import bindparam, select

from policy.purposes import Purpose
from store.registers.clients import documents
from store.sql.reading import Reader

MAX_AGE = 2.0
"""Seconds that a registration is cached; a withdrawn document can be used for as long."""
MOST_TOOLS = 200
"""The most published documents of a client that are read at once, the newest: no model chooses of more."""
MOST = 2_000_000
"""Estimated bytes of the cache; most texts are shared with `schema.documents.memory`."""
ENTRY = 400


@dataclass(frozen=True, slots=True)
class Trusted:
    """A document's text with the purpose it is registered for, if any."""

    text: str
    purpose: Purpose | None
    registered: bool = True
    """False for an ad hoc document."""


class TrustedDocuments:
    """Finds registered documents, with a short-lived cache of found and missing ones."""

    def __init__(self, reader: Reader, clock: Callable[[], float] = monotonic) -> None:
        self._reader = reader
        self._clock = clock
        found = select(documents.c.text, documents.c.purpose).where(
            documents.c.client_id == bindparam("client"), documents.c.hash == bindparam("hash")
        )
        self._find = reader.prepare(found)
        self._known: LRUCache[tuple[str, str], tuple[float, Trusted | None]] = LRUCache(MOST, getsizeof=_size)

    async def find(self, client_id: str, hash_: str) -> Trusted | None:
        """The client's document with this SHA-256 (hexadecimal); None if it is not registered."""
        now, name = self._clock(), (client_id, hash_)
        known = self._known.get(name)
        # Missing ones are cached, too: a wrong hash must not cost a statement each time.
        if known is not None and known[0] > now:
            return known[1]
        rows = await self._reader.fetch(self._find, {"client": client_id, "hash": hash_})
        trusted = None
        if rows:
            text, purpose = rows[0]
            trusted = Trusted(text, Purpose[purpose] if purpose else None)
        # cachetools raises for an entry larger than the cache.
        if trusted is None or len(trusted.text) < MOST - ENTRY:
            self._known[name] = (now + MAX_AGE, trusted)
        return trusted


@dataclass(frozen=True, slots=True)
class PublishedText:
    """One published document of a client."""

    hash: str
    text: str
    purpose: Purpose | None
    acting: bool
    """True if an agent may change something by it."""


class PublishedDocuments:
    """All published documents of a client, cached as briefly as each of them (`TrustedDocuments`)."""

    def __init__(self, reader: Reader, clock: Callable[[], float] = monotonic) -> None:
        self._reader, self._clock = reader, clock
        there = documents.c
        newest = (
            select(there.hash, there.text, there.purpose, there.acting)
            .where(there.client_id == bindparam("client"))
            .order_by(there.registered_at.desc(), there.hash)
            .limit(MOST_TOOLS)
        )
        self._newest = reader.prepare(newest)
        self._known: LRUCache[str, tuple[float, tuple[PublishedText, ...]]] = LRUCache(MOST, getsizeof=_sizes)

    async def of(self, client_id: str) -> tuple[PublishedText, ...]:
        """The client's newest documents, newest first, without those for a purpose that this release does not know."""
        now, known = self._clock(), self._known.get(client_id)
        if known is not None and known[0] > now:
            return known[1]
        rows = await self._reader.fetch(self._newest, {"client": client_id})
        found = tuple(
            PublishedText(hash_, text, Purpose[purpose] if purpose else None, bool(acting))
            for hash_, text, purpose, acting in rows
            if purpose is None or purpose in Purpose.__members__
        )
        if _sizes((now, found)) < MOST:
            self._known[client_id] = (now + MAX_AGE, found)
        return found


def _sizes(entry: tuple[float, tuple[PublishedText, ...]]) -> int:
    return ENTRY + sum(ENTRY + len(each.text) for each in entry[1])


def _size(entry: tuple[float, Trusted | None]) -> int:
    trusted = entry[1]
    return ENTRY + (0 if trusted is None else len(trusted.text))
