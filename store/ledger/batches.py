"""What becomes of a batch of entries in the tree: leaves, hashes, and the names for the index of subjects."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import orjson

from store.ledger.entries import EVENT_ACT, EVENT_ERASED, PAPER_RELEASED, RELEASED
from store.ledger.postings import PSEUDONYM, LogRow
from store.ledger.proofs import mark_of
from store.merkle.merkle_tree import Hash, leaf_hash
from store.merkle.tiles import grown

BATCH = 500
"""Maximum entries in one step of a sealer."""

SUBJECTS = 4000
"""Number of subjects after which a transaction takes no further entry."""


class SealerLeaseLostError(Exception):
    """Another sealer has taken over the lease; nothing was written."""


@dataclass(frozen=True, slots=True)
class FoundEntry:
    """An entry that is not in the tree yet."""

    sequence: int
    leaf: Hash
    names: list[str]
    """Its keys in the index."""

    @classmethod
    def of(cls, sequence: int, entry: bytes) -> FoundEntry:
        """Hash an entry, and read the names in it."""
        return cls(sequence, leaf_hash(entry), subjects_of(entry))

    @property
    def mark(self) -> int:
        """The number by which its leaf is found."""
        return mark_of(self.leaf)


def bounded(found: Sequence[FoundEntry]) -> Iterator[list[FoundEntry]]:
    """Split entries into non-empty parts of a size for one transaction."""
    some: list[FoundEntry] = []
    total = 0
    for each in found:
        some.append(each)
        total += len(each.names)
        if total >= SUBJECTS:
            yield some
            some, total = [], 0
    if some:
        yield some


def grown_by(tiles: Mapping[int, bytes], size: int, found: Sequence[FoundEntry]) -> dict[int, bytes]:
    """Return the tiles that change; TileMissingError."""
    return grown(tiles, size, [each.leaf for each in found])


def log_row_of(size: int, found: Sequence[FoundEntry]) -> LogRow | None:
    """Return the row of the index for a batch; None if nobody is named in it."""
    if not any(each.names for each in found):
        return None
    return LogRow.of(size, [each.names for each in found])


def subjects_of(entry: bytes) -> list[str]:
    """Return the keys of an entry in the index: its pseudonyms, or the event of an act or an erasure; empty if none."""
    try:
        content = orjson.loads(entry)
    except orjson.JSONDecodeError:
        return []
    if isinstance(content, dict) and content.get("event") in (EVENT_ACT, EVENT_ERASED):
        released = content["event"] == EVENT_ACT and content.get("state") == RELEASED
        return [content["event"], PAPER_RELEASED] if released else [content["event"]]
    named = content.get("subjects") if isinstance(content, dict) else None
    if not isinstance(named, list):
        return []
    with suppress(TypeError):  # Of what has no length, and of what cannot be in a set.
        if set(map(len, named)) == {PSEUDONYM} and len(set(named)) == len(named):
            return named  # As all are, without a look at each.
    return [each for each in dict.fromkeys(map(str, named)) if len(each) == PSEUDONYM]
