"""Reads the ledger's entries by pseudonym, newest first, in pages for many customers at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, select

from store.ledger.entries import ledger_entries
from store.ledger.tree_tables import ledger_leaves, ledger_subjects
from store.merkle.merkle_tree import Hash, leaf_hash
from store.sql.metadata import Id
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
    """Finds entries by pseudonym (`SubjectKey.pseudonym`), with one statement for any number of pseudonyms.

    An entry is found once the sealer has added it to the tree, a second or two after it was appended.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        older = ledger_subjects.c.leaf_index < bindparam("before", type_=Id)
        place = (
            func.row_number()
            .over(partition_by=ledger_subjects.c.pseudonym, order_by=ledger_subjects.c.leaf_index.desc())
            .label("place")
        )
        many = (
            select(ledger_subjects.c.pseudonym, ledger_subjects.c.leaf_index, place)
            .where(any_of(ledger_subjects.c.pseudonym, "pseudonyms"), older)
            .subquery()
        )
        limit = bindparam("most", type_=Id)
        one = (
            select(ledger_subjects.c.pseudonym, ledger_subjects.c.leaf_index)
            .where(ledger_subjects.c.pseudonym == bindparam("pseudonym"), older)
            .order_by(ledger_subjects.c.leaf_index.desc())
            .limit(limit)
            .subquery()
        )

        def entries_of(found: Any) -> Select[Any]:
            entries = select(found.c.pseudonym, found.c.leaf_index, ledger_entries.c.entry)
            leaves = entries.join_from(found, ledger_leaves, ledger_leaves.c.leaf_index == found.c.leaf_index)
            return leaves.join(ledger_entries, ledger_entries.c.sequence == ledger_leaves.c.sequence)

        self._one = reader.prepare(entries_of(one).order_by(one.c.leaf_index.desc()))
        self._many = reader.prepare(
            entries_of(many).where(many.c.place <= limit).order_by(many.c.pseudonym, many.c.leaf_index.desc())
        )
        newer = ledger_subjects.c.leaf_index > bindparam("after", type_=Id)
        stretch = (
            select(ledger_subjects.c.pseudonym, ledger_subjects.c.leaf_index)
            .where(ledger_subjects.c.pseudonym == bindparam("pseudonym"), older, newer)
            .limit(limit)
        )
        self._stretch = {}
        for newest_first in (True, False):
            index = ledger_subjects.c.leaf_index
            found = stretch.order_by(index.desc() if newest_first else index).subquery()
            order = found.c.leaf_index.desc() if newest_first else found.c.leaf_index
            self._stretch[newest_first] = reader.prepare(entries_of(found).order_by(order))

    async def between(
        self, pseudonym: str, after: int, before: int, most: int, newest_first: bool
    ) -> list[LedgerAccess]:
        """Return up to `most` entries between two indexes, from the newest or from the oldest."""
        values = {"pseudonym": pseudonym, "after": after, "before": before, "most": most}
        rows = await self._reader.fetch(self._stretch[newest_first], values)
        return [LedgerAccess(index, bytes(entry)) for _, index, entry in rows]

    async def pages(self, pseudonyms: Sequence[str], before: int | None, most: int) -> dict[str, list[LedgerAccess]]:
        """Return up to `most` entries for each pseudonym, below the index `before`; pseudonyms without any are left
        out."""
        values: dict[str, Any] = {"before": BEGINNING if before is None else before, "most": most}
        if not pseudonyms:
            return {}
        if len(pseudonyms) == 1:
            # Without the window function, the database stops after `most` rows of the index.
            rows = await self._reader.fetch(self._one, values | {"pseudonym": pseudonyms[0]})
        else:
            rows = await self._reader.fetch(self._many, values | {"pseudonyms": list(pseudonyms)})
        pages: dict[str, list[LedgerAccess]] = {}
        for pseudonym, index, entry in rows:
            pages.setdefault(pseudonym, []).append(LedgerAccess(index, bytes(entry)))
        return pages
