"""What is remembered of documents, bounded in bytes: parsed, decided and planned once for all who send them (G15).

Documents that operators registered and those that anybody sends have memories of their own, so that strangers never
push out what was registered. What hangs on a document is forgotten with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from cachetools import LRUCache

from schema.documents.documents import Document

MOST = 64 * 2**20
"""Bytes in all, unless the settings say otherwise."""
TRUSTED_SHARE = 0.75

# Estimates in bytes, which the tests compare with what tracemalloc measures.
BASE, TOKEN, PROBLEM = 12_000, 600, 800
SETTLED, PLACE, PLAN = 3_000, 2_000, 8_000


def weight_of(text: str, document: Document) -> int:
    """The bytes that a document takes: its text, its tokens and tree, or its problems."""
    problems = len(document.faults) + len(document.hinting)
    return BASE + len(text) * 4 + TOKEN * document.tokens + PROBLEM * problems


@dataclass(slots=True, eq=False)
class RememberedDocument:
    """A document, and everything that was worked out for it."""

    text: str
    document: Document
    trusted: bool
    weight: int
    """Bytes, estimated."""
    settled: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    """What a request for it came to, by what the request and the grant say."""
    decisions: dict[tuple[Any, ...], Any] = field(default_factory=dict)
    plans: dict[tuple[Any, ...], Any] = field(default_factory=dict)


class DocumentMemory:
    """The documents that were asked for most recently; not for use by several threads at once."""

    def __init__(self, most: int = MOST) -> None:
        trusted = int(most * TRUSTED_SHARE)
        self._trusted: LRUCache[str, RememberedDocument] = LRUCache(trusted, getsizeof=_weight)
        self._ad_hoc: LRUCache[str, RememberedDocument] = LRUCache(most - trusted, getsizeof=_weight)

    @property
    def weight(self) -> int:
        """Bytes of all that is remembered, estimated."""
        return int(self._trusted.currsize + self._ad_hoc.currsize)

    def __len__(self) -> int:
        """How many documents are remembered."""
        return len(self._trusted) + len(self._ad_hoc)

    def get(self, text: str, trusted: bool) -> RememberedDocument | None:
        """What is known of this text, now the most recently used."""
        return self._of(trusted).get(text)

    def add(self, text: str, document: Document, trusted: bool) -> RememberedDocument:
        """Remember a document, and forget what was not asked for longest."""
        known = RememberedDocument(text, document, trusted, weight_of(text, document))
        self._keep(known)
        return known

    def grow(self, known: RememberedDocument, weight: int) -> None:
        """Something more hangs on a document: so many bytes."""
        known.weight += weight
        self._keep(known)

    def _keep(self, known: RememberedDocument) -> None:
        memory = self._of(known.trusted)
        if known.weight > memory.maxsize / 4:  # One document never fills the memory with its variants.
            for each in (known.settled, known.decisions, known.plans):
                each.clear()
            known.weight = weight_of(known.text, known.document)
        if known.weight <= memory.maxsize:
            memory[known.text] = known

    def _of(self, trusted: bool) -> LRUCache[str, RememberedDocument]:
        return self._trusted if trusted else self._ad_hoc


def _weight(known: RememberedDocument) -> int:
    return known.weight
