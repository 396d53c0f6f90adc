"""A cache of a fixed number of entries that evicts the least recently used one (LRU)."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Bounded(Generic[K, V]):
    """An LRU cache of at most `most` entries; not thread-safe."""

    __slots__ = ("_entries", "most")

    def __init__(self, most: int) -> None:
        self.most = most
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """The value, now the most recently used; None if it was evicted or never added."""
        value = self._entries.get(key)
        if value is not None:
            self._entries.move_to_end(key)
        return value

    def __setitem__(self, key: K, value: V) -> None:
        """Add or replace an entry, and evict the least recently used one beyond the bound."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        # Entries are added one at a time, so one eviction suffices.
        if len(self._entries) > self.most:
            self._entries.popitem(last=False)

    def __len__(self) -> int:
        """The number of entries."""
        return len(self._entries)
