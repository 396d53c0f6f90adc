"""Checks the index of subjects against verified entries: an access missing there would be hidden from its customer
(D14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select

from store.ledger.batches import subjects_of
from store.ledger.tree_tables import TREE, ledger_postings, ledger_runs, ledger_tree
from store.merkle.postings import PARTS, LogRow, mark, postings_in_run
from store.sql.metadata import Id
from store.sql.reading import Reader

SHOWN = 100
"""Maximum findings in a report; further ones are only counted."""

PREFIX = b'{"index":'


@dataclass(slots=True)
class IndexReport:
    """The result of the check; `findings` identify entries by their index, and no persons."""

    entries: int = 0
    rows: int = 0
    """The number of names that the index should have for them."""
    findings: list[str] = field(default_factory=list)
    found: int = 0

    def find(self, text: str) -> None:
        """Record a finding."""
        self.found += 1
        if len(self.findings) < SHOWN:
            self.findings.append(text)


def entries_of(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the entries of an export that were not pruned, with their index; verify the export first."""
    for line in lines:
        if not line.startswith(PREFIX):
            continue
        number, _, rest = line[len(PREFIX) :].partition(b",")
        entry = rest.partition(b'"entry":')[2].removesuffix(b"}\n")
        if number.isdigit() and entry not in (b"", b"null"):
            yield int(number), entry


@dataclass(slots=True)
class _Block:
    """A row of the log, or a run, with what its entries should have there."""

    beyond: int
    there: set[tuple[bytes, int]]
    wanted: set[tuple[bytes, int]] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)


class IndexCheck:
    """Compares the stored index with entries; one row of the log, or one run, is in memory at a time."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        log, runs = ledger_postings.c, ledger_runs.c
        leaf, here = bindparam("leaf", type_=Id), runs.part.in_(range(PARTS))
        of_log = select(log.first, log.counts, log.marks).where(log.first <= leaf)
        self._log = reader.prepare(of_log.order_by(log.first.desc()).limit(1))
        first = select(func.max(runs.first)).where(runs.part == 0, runs.first <= leaf).scalar_subquery()
        self._run = reader.prepare(select(runs.beyond, runs.postings).where(runs.first == first, here))
        next_log = select(func.min(log.first)).where(log.first > leaf).scalar_subquery()
        next_run = select(func.min(runs.first)).where(runs.part == 0, runs.first > leaf).scalar_subquery()
        self._next = reader.prepare(select(next_log.label("after_in_log"), next_run.label("after_in_runs")))
        self._pruned = reader.prepare(select(ledger_tree.c.pruned_to).where(ledger_tree.c.id == TREE))

    async def run(self, entries: Iterable[tuple[int, bytes]]) -> IndexReport:
        """Find names that the index lacks for these entries, and those that it has for none of them. The entries are in
        the order of the tree."""
        report, rows = IndexReport(), await self._reader.fetch(self._pruned, {})
        pruned_to = int(rows[0][0]) if rows else 0
        block: _Block | None = None
        for index, entry in entries:
            if index < pruned_to:
                continue
            if block is None or index >= block.beyond:
                _compare(report, block)
                block = await self._block(index)
            names = {(mark(name), index) for name in subjects_of(entry)}
            block.wanted |= names
            block.seen.add(index)
            report.entries += 1
            report.rows += len(names)
        _compare(report, block)
        return report

    async def _block(self, leaf: int) -> _Block:
        """Read the index from a leaf on: the run that it is in, or the row of the log, or neither."""
        run = await self._reader.fetch(self._run, {"leaf": leaf})
        if run and run[0][0] > leaf:
            return _Block(run[0][0], {each for _, content in run for each in postings_in_run(bytes(content))})
        rows = [
            LogRow(row[0], bytes(row[1]), bytes(row[2])) for row in await self._reader.fetch(self._log, {"leaf": leaf})
        ]
        if rows and rows[0].beyond > leaf:
            return _Block(rows[0].beyond, set(rows[0].postings()))
        ((log, later),) = await self._reader.fetch(self._next, {"leaf": leaf})
        return _Block(min((each for each in (log, later) if each is not None), default=2**63 - 1), set())


def _compare(report: IndexReport, block: _Block | None) -> None:
    if block is None:
        return
    there = {each for each in block.there if each[1] in block.seen}
    for index in sorted({index for _, index in block.wanted - there}):
        report.find(f"The index lacks a person that entry {index} is about: they are not told of it.")
    for index in sorted({index for _, index in there - block.wanted}):
        report.find(f"The index names somebody for entry {index} whom it is not about.")
