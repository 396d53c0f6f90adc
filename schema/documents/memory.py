"""Caches documents with their decisions and plans; the cache is bounded in bytes (G15).

Trusted and ad hoc documents have separate caches, so that a client's ad hoc documents never evict registered ones.
Decisions and plans are evicted with their document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from schema.documents.documents import Document

MOST = 64 * 2**20
"""Default size of both caches in bytes."""
# Registered documents are the regular traffic, and few in number.
TRUSTED_SHARE = 0.75

# Estimates in bytes: measuring objects is too slow here. Tests compare them with tracemalloc.
BASE, TOKEN, PROBLEM = 12_000, 600, 800
AUTHORIZED, PLACE, PLAN = 3_000, 2_000, 8_000


def weight_of(text: str, document: Document) -> int:
    """The estimated bytes of a document: text, tokens and syntax tree, or errors."""
    problems = len(document.errors) + len(document.errors_with_hints)
    # Python stores up to four bytes per character.
    return BASE + len(text) * 4 + TOKEN * document.tokens + PROBLEM * problems


@dataclass(slots=True, eq=False)
class RememberedDocument:
    """A cached document with everything derived from it."""

    text: str
    document: Document
    trusted: bool
    weight: int
    """Bytes, estimated."""
    authorized: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """Results of steps 1 to 4, refusals included, by purpose, operation name and grant."""
    decisions: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    plans: dict[tuple[Any, ...], Any] = field(default_factory=dict)


class DocumentMemory:
    """The LRU caches of documents; not thread-safe."""

    def __init__(self, most: int = MOST) -> None:
        trusted = int(most * TRUSTED_SHARE)
        self._trusted: LRUCache[str, RememberedDocument] = LRUCache(trusted, getsizeof=_weight)
        self._ad_hoc: LRUCache[str, RememberedDocument] = LRUCache(most - trusted, getsizeof=_weight)

    @property
    def weight(self) -> int:
        """Estimated bytes of both caches."""
        return int(self._trusted.currsize + self._ad_hoc.currsize)

    def __len__(self) -> int:
        """The number of cached documents."""
        return len(self._trusted) + len(self._ad_hoc)

    def get(self, text: str, trusted: bool) -> RememberedDocument | None:
        """The cached document, now the most recently used; None if there is none."""
        return self._of(trusted).get(text)

    def add(self, text: str, document: Document, trusted: bool) -> RememberedDocument:
        """Cache a document; the least recently used ones are evicted."""
        known = RememberedDocument(text, document, trusted, weight_of(text, document))
        self._keep(known)
        return known

    def grow(self, known: RememberedDocument, weight: int) -> None:
        """Add to the weight of a document, in bytes, for a decision or plan that was attached to it."""
        known.weight += weight
        self._keep(known)

    def _keep(self, known: RememberedDocument) -> None:
        memory = self._of(known.trusted)
        if known.weight > memory.maxsize / 4:  # One document never fills the cache with its variants.
            for each in (known.authorized, known.decisions, known.plans):
                each.clear()
            known.weight = weight_of(known.text, known.document)
        # cachetools raises for an entry larger than the cache. Setting it again updates its size.
        if known.weight <= memory.maxsize:
            memory[known.text] = known

    def _of(self, trusted: bool) -> LRUCache[str, RememberedDocument]:
        return self._trusted if trusted else self._ad_hoc


def _weight(known: RememberedDocument) -> int:
    return known.weight
