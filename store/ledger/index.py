"""Checks the index of subjects against verified entries: an access missing there would be hidden from its customer
(D14)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import bindparam, func, select

from store.ledger.sealer import subjects_of
from store.ledger.tree_tables import TREE, ledger_subjects, ledger_tree
from store.sql.metadata import Id
from store.sql.reading import Reader, any_of

PAGE = 1000
"""Entries in one comparison."""

SHOWN = 100
"""Maximum findings in a report; further ones are only counted."""

PREFIX = b'{"index":'


@dataclass(slots=True)
class IndexReport:
    """The result of the check; `findings` identify entries by their index, and no persons."""

    entries: int = 0
    rows: int = 0
    """The number of index rows that the entries should have."""
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


class IndexCheck:
    """Compares the stored index with entries, with one statement by primary key for each page."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        inside = (
            ledger_subjects.c.leaf_index >= bindparam("first", type_=Id),
            ledger_subjects.c.leaf_index <= bindparam("last", type_=Id),
        )
        self._some = reader.prepare(
            select(ledger_subjects.c.pseudonym, ledger_subjects.c.leaf_index).where(
                any_of(ledger_subjects.c.pseudonym, "pseudonyms"), *inside
            )
        )
        self._count = reader.prepare(select(func.count()).select_from(ledger_subjects).where(*inside))
        self._pruned = reader.prepare(select(ledger_tree.c.pruned_to).where(ledger_tree.c.id == TREE))

    async def run(self, entries: Iterable[tuple[int, bytes]]) -> IndexReport:
        """Find rows that the index lacks for these entries, and count rows that belong to none of them."""
        report, rows = IndexReport(), await self._reader.fetch(self._pruned, {})
        pruned_to = int(rows[0][0]) if rows else 0
        first, last, page = None, -1, dict[int, bytes]()
        for index, entry in entries:
            if index < pruned_to:
                continue
            first, last = index if first is None else first, index
            page[index] = entry
            if len(page) == PAGE:
                await self._compare(report, page)
                page = {}
        await self._compare(report, page)
        if first is not None and not report.found:
            # Rows of unknown pseudonyms cannot be found by pseudonym, but they make the count too large.
            ((there,),) = await self._reader.fetch(self._count, {"first": first, "last": last})
            if there != report.rows:
                report.find(f"The index has {there - report.rows} rows for entries that are about nobody named there.")
        return report

    async def _compare(self, report: IndexReport, page: Mapping[int, bytes]) -> None:
        wanted = {(name, index) for index, entry in page.items() for name in subjects_of(entry)}
        report.entries += len(page)
        report.rows += len(wanted)
        if not wanted:
            return
        values = {"pseudonyms": sorted({name for name, _ in wanted}), "first": min(page), "last": max(page)}
        there = {(name, int(index)) for name, index in await self._reader.fetch(self._some, values)}
        for index in sorted({index for _, index in wanted - there}):
            report.find(f"The index lacks a person that entry {index} is about: they are not told of it.")
        for index in sorted({index for _, index in there - wanted}):
            report.find(f"The index names somebody for entry {index} whom it is not about.")
