"""Reads the ledger's entries by pseudonym, newest first, in pages for many customers at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from store.accesses.posting_index import PostingIndex
from store.ledger.entries import ledger_entries
from store.ledger.tree_tables import ledger_leaves
from store.merkle.merkle_tree import Hash, leaf_hash
from store.sql.reading import Reader, any_of

BEGINNING = 2**63 - 1
"""An index above every entry, for the first page."""


@dataclass(frozen=True, slots=True)
class LedgerAccess:
    """One entry of the ledger, with its index in the tree; `entry` is the signed JSON text."""

    index: int
    entry: bytes

    @property
    def leaf(self) -> Hash:
        """The leaf hash, for a proof by `store.ledger.proofs.Prover.inclusions`."""
        return leaf_hash(self.entry)


class Accesses:
    """Finds entries by pseudonym (`SubjectKey.pseudonym`), with as few statements for many as for one.

    An entry is found once the sealer has added it to the tree, a second or two after it was appended.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader, self._index = reader, PostingIndex(reader)
        entries = select(ledger_leaves.c.leaf_index, ledger_entries.c.entry).join_from(
            ledger_leaves, ledger_entries, ledger_entries.c.sequence == ledger_leaves.c.sequence
        )
        self._entries = reader.prepare(entries.where(any_of(ledger_leaves.c.leaf_index, "leaves")))

    async def between(
        self, pseudonym: str, after: int, before: int, most: int, newest_first: bool
    ) -> list[LedgerAccess]:
        """Return up to `most` entries between two indexes, from the newest or from the oldest."""
        if newest_first:
            leaves = (await self._index.newest([pseudonym], before, most, after))[pseudonym]
        else:
            leaves = await self._index.oldest(pseudonym, after, before, most)
        found = await self._read(leaves)
        return [found[leaf] for leaf in leaves if leaf in found]

    async def pages(self, pseudonyms: Sequence[str], before: int | None, most: int) -> dict[str, list[LedgerAccess]]:
        """Return up to `most` entries for each pseudonym, below the index `before`; pseudonyms without any are left
        out."""
        if not pseudonyms:
            return {}
        leaves = await self._index.newest(pseudonyms, BEGINNING if before is None else before, most)
        found = await self._read({leaf for each in leaves.values() for leaf in each})
        pages = {name: [found[leaf] for leaf in each if leaf in found] for name, each in leaves.items()}
        return {name: page for name, page in pages.items() if page}

    async def _read(self, leaves: Collection[int]) -> dict[int, LedgerAccess]:
        """Return the entries of these leaves, with one statement; pruned ones are missing."""
        if not leaves:
            return {}
        rows = await self._reader.fetch(self._entries, {"leaves": list(leaves)})
        return {index: LedgerAccess(index, bytes(entry)) for index, entry in rows}
