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


def _size(entry: tuple[float, Trusted | None]) -> int:
    trusted = entry[1]
    return ENTRY + (0 if trusted is None else len(trusted.text))
