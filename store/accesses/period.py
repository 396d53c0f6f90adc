"""Reads the ledger's entries of a period, in pages, with their place in the tree."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, select

from store.ledger.entries import ledger_entries
from store.ledger.tree_tables import ledger_leaves
from store.sql.metadata import Id, Instant, instant
from store.sql.reading import Reader

PAGE = 2_000
"""Entries in one statement."""


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """One entry as it rests."""

    sequence: int
    entry: bytes
    index: int | None
    """Its index in the tree; None until the sealer has added it."""


class PeriodEntries:
    """The entries of a period: found by the index of their times, and read by the primary key."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        column = ledger_entries.c
        inside = (
            column.at >= bindparam("since", type_=Instant),
            column.at < bindparam("until", type_=Instant),
        )
        self._bounds = reader.prepare(select(func.min(column.sequence), func.max(column.sequence)).where(*inside))
        self._page = reader.prepare(
            select(column.sequence, column.entry, column.at, ledger_leaves.c.leaf_index)
            .join_from(ledger_entries, ledger_leaves, ledger_leaves.c.sequence == column.sequence, isouter=True)
            .where(column.sequence > bindparam("after", type_=Id), column.sequence <= bindparam("last", type_=Id))
            .order_by(column.sequence)
            .limit(PAGE)
        )

    async def pages(self, since: datetime, until: datetime) -> AsyncIterator[Sequence[RecordedEntry]]:
        """Yield the entries that were appended from `since` on and before `until`, in the order of their numbers.

        Numbers and times may disagree, as after a clock that was wrong: the first and the last number of the period
        are read from the index of times, and what lies between them and outside of the period is left out.
        """
        ((first, last),) = await self._reader.fetch(self._bounds, {"since": since, "until": until})
        if first is None:
            return
        after = int(first) - 1
        while rows := await self._reader.fetch(self._page, {"after": after, "last": int(last)}):
            yield [
                RecordedEntry(sequence, bytes(entry), index)
                for sequence, entry, at, index in rows
                if since <= instant(at) < until
            ]
            after = rows[-1][0]
