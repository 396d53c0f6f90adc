"""Looks up the entries about a name: in the log of the newest ones, then in the runs before it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import bindparam, func, select

from store.ledger.tree_tables import ledger_postings, ledger_runs
from store.merkle.postings import LogRow, leaves_in_run, mark, part
from store.sql.metadata import Id
from store.sql.reading import Reader, Row, any_of

PAGE = 32
"""Rows of the log or of runs in one statement."""

Page = Callable[[int], Awaitable[Sequence[Row]]]
"""Reads the rows before a leaf, the newest first."""


class PostingIndex:
    """The index of subjects.

    The log is read before the runs, whichever has what is wanted: what a sealer moves from the log into a run in
    between is then found twice, and never missed.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        log, runs = ledger_postings.c, ledger_runs.c
        before, most = bindparam("before", type_=Id), bindparam("most", type_=Id)
        columns = log.first, log.counts, log.marks
        # From the row that has the leaf `after`: the rows before it have only older ones.
        begin = select(func.max(log.first)).where(log.first <= bindparam("after", type_=Id)).scalar_subquery()
        inside = log.first < before, log.first >= func.coalesce(begin, 0)
        self._log = reader.prepare(select(*columns).where(*inside).order_by(log.first.desc()).limit(most))
        # A run has a row of each part, empty ones too.
        earlier = runs.part == 0, runs.first <= bindparam("after", type_=Id)
        begin = select(func.max(runs.first)).where(*earlier).scalar_subquery()
        where = any_of(runs.part, "parts"), runs.first < before, runs.first >= func.coalesce(begin, 0)
        of_runs = select(runs.first, runs.part, runs.postings).where(*where)
        self._older = reader.prepare(of_runs.order_by(runs.first.desc(), runs.part).limit(most))
        after = runs.first > bindparam("first", type_=Id)
        newer = of_runs.where(after).order_by(runs.first, runs.part).limit(most)
        self._newer = reader.prepare(newer)

    async def newest(self, names: Sequence[str], before: int, most: int, after: int = -1) -> dict[str, list[int]]:
        """Return for each name the last `most` leaves between two indexes that name it, the newest first; the number of
        statements does not depend on the number of names."""
        found: dict[str, dict[int, None]] = {name: {} for name in names}
        wanted = {name: mark(name) for name in found}

        def note(name: str, leaves: Iterable[int]) -> None:
            found[name].update((leaf, None) for leaf in leaves if after < leaf < before)

        def enough() -> bool:
            return all(len(each) >= most for each in found.values())

        async for rows in _paged(self._log_page(after), before):
            for row in rows:
                for name, of_name in wanted.items():
                    note(name, reversed(LogRow(row[0], bytes(row[1]), bytes(row[2])).leaves(of_name)))
            if enough():
                return {name: list(leaves)[:most] for name, leaves in found.items()}
        parts = self._parts(wanted.values())
        async for rows in _paged(self._run_page(parts, after), before, _of_runs(parts)):
            for _, number, content in rows:
                for name, of_name in wanted.items():
                    if part(of_name) == number:
                        note(name, reversed(leaves_in_run(bytes(content), of_name)))
            if enough():
                break
        return {name: list(leaves)[:most] for name, leaves in found.items()}

    async def oldest(self, name: str, after: int, before: int, most: int) -> list[int]:
        """Return the first `most` leaves between two indexes that name it, the oldest first."""
        wanted, late = mark(name), list[int]()
        async for rows in _paged(self._log_page(after), before):
            for row in rows:
                late += LogRow(row[0], bytes(row[1]), bytes(row[2])).leaves(wanted)
        found: dict[int, None] = {}
        first = -1
        values: dict[str, Any] = {"parts": self._parts([wanted]), "before": before, "after": after, "most": PAGE}
        while len(found) < most and (rows := await self._reader.fetch(self._newer, values | {"first": first})):
            first = rows[-1][0]
            leaves = [leaf for _, _, content in rows for leaf in leaves_in_run(bytes(content), wanted)]
            found.update((leaf, None) for leaf in leaves if after < leaf < before)
        found.update((leaf, None) for leaf in sorted(late) if after < leaf < before)
        return list(found)[:most]

    def _parts(self, wanted: Iterable[bytes]) -> list[int]:
        return sorted({part(each) for each in wanted})

    def _log_page(self, after: int) -> Page:
        return lambda before: self._reader.fetch(self._log, {"before": before, "after": after, "most": PAGE})

    def _run_page(self, parts: Sequence[int], after: int) -> Page:
        values = {"parts": list(parts), "after": after, "most": _of_runs(parts)}
        return lambda before: self._reader.fetch(self._older, values | {"before": before})


def _of_runs(parts: Sequence[int]) -> int:
    """Rows of a page that are whole runs: the next page begins below the last one of this."""
    return max(PAGE // len(parts), 1) * len(parts)


async def _paged(page: Page, before: int, most: int = PAGE) -> AsyncIterator[Sequence[Row]]:
    """Yield pages of at most so many rows, the newest first, each below the last row of the one before."""
    while rows := await page(before):
        yield rows
        if len(rows) < most:
            return
        before = rows[-1][0]
