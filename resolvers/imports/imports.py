"""Importing customers from a file: every row is checked before the first is stored, and all are stored or none."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path

from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.registration import add
from resolvers.imports.duplicates import Duplicates
from resolvers.imports.erasures import is_over, with_erasure
from resolvers.imports.rows import customer
from resolvers.imports.source import Format, ImportSource, SourceRecord
from resolvers.inputs.report import MOST_PROBLEMS, FileFault, ImportFileError, ImportProblem, ImportReport, Progress
from store.database.store import Store
from store.lookups.reservations import LookupTakenError, reserving

BATCH = 500
"""Rows that are in memory at a time."""

Told = Callable[[Progress], None]


def _untold(_progress: Progress) -> None:
    """Nobody wants to know."""


async def import_customers(
    store: Store,
    path: Path,
    format: Format,
    dry_run: bool = False,
    progress: Told = _untold,
    *,
    skip_bad: bool = False,
    now: datetime | None = None,
    zone: tzinfo = UTC,
) -> ImportReport:
    """Import the customers of a CSV or NDJSON file, with their services.

    1. The whole file is read and every row checked: its fields, and whether its e-mail address, customer number or
       domains stand in an earlier row or belong to a registered customer.
    2. If a row is bad nothing is imported, unless `skip_bad` asks for the good ones; a dry run ends here too.
    3. The file is read again and the customers registered in one transaction, so that an interruption at any moment
       leaves none of them, and the same command starts clean.

    A customer whose last service has ended comes with the date of their erasure, which leaves time for both warnings
    (R34); the report counts those whose six months are over. `zone` is the controller's, whose days deadlines end with.

    Raises ImportFileError when the file cannot be imported at all, StoreUnavailableError when the store is. Neither
    these nor the report hold a value of the file.
    """
    run = _Run(store, ImportSource(path, format), now or datetime.now(UTC), progress, zone)
    with Duplicates(store, run.now) as duplicates:
        await run.check(duplicates)  # 1
    if dry_run or not run.good_rows or (run.bad_rows and not skip_bad):  # 2
        return run.report(0, dry_run)
    again = ImportSource(path, format)
    try:
        async with reserving(store) as reserved, store.write() as connection:  # 3
            for batch in run.batches(again, "IMPORTING"):
                await add(connection, store, reserved, run.good(batch), now=run.now)
                await sleep(0)
            if again.digest != run.source.digest:
                raise ImportFileError(FileFault.CHANGED)
            await reserved.written(connection)
    except LookupTakenError:
        raise ImportFileError(FileFault.CONFLICT) from None
    return run.report(run.good_rows, dry_run)


class _Run:
    """One import: the rows that were found bad, and what is told about them."""

    def __init__(self, store: Store, source: ImportSource, now: datetime, progress: Told, zone: tzinfo) -> None:
        self.store, self.source, self.now, self._progress, self._zone = store, source, now, progress, zone
        self._problems: list[ImportProblem] = []
        self._problem_count = 0
        self._bad = bytearray()  # a bit a row: an eighth of a megabyte for a million of them
        self.rows = self.bad_rows = self.due_at_once = 0

    @property
    def good_rows(self) -> int:
        """How many rows have no problem."""
        return self.rows - self.bad_rows

    async def check(self, duplicates: Duplicates) -> None:
        """Read the whole file and note every problem."""
        for batch in self.batches(self.source, "CHECKING"):
            fine: list[tuple[SourceRecord, NewCustomer]] = []
            for record in batch:
                self.rows += 1
                found = customer(record, self.now)
                if isinstance(found, NewCustomer):
                    fine.append((record, found))
                else:
                    self._note(found)
            for problem in await duplicates.among(fine):
                self._note([problem])
            self.due_at_once += sum(
                is_over(found, self.now, self._zone) for record, found in fine if not self._is_bad(record.row)
            )
            await sleep(0)

    def batches(self, source: ImportSource, phase: str) -> Iterator[list[SourceRecord]]:
        """The records in batches; each batch is told when it comes back for the next one."""
        records, rows = source.records(), 0
        while batch := list(islice(records, BATCH)):
            yield batch
            rows += len(batch)
            self._progress(Progress(phase, rows, source.bytes_done, source.bytes_total))

    def good(self, batch: list[SourceRecord]) -> list[NewCustomer]:
        """The customers of the rows that were found good; one that is not any more means that the file changed."""
        found = [customer(record, self.now) for record in batch if not self._is_bad(record.row)]
        good = [each for each in found if isinstance(each, NewCustomer)]
        if len(good) < len(found):
            raise ImportFileError(FileFault.CHANGED)
        return [with_erasure(each, self.now, self._zone) for each in good]

    def report(self, imported: int, dry_run: bool) -> ImportReport:
        """What is told at the end."""
        return ImportReport(
            self.rows, self.bad_rows, imported, dry_run, tuple(self._problems), self._problem_count, self.due_at_once
        )

    def _note(self, problems: list[ImportProblem]) -> None:
        self._problem_count += len(problems)
        self._problems += problems[: MOST_PROBLEMS - len(self._problems)]
        row = problems[0].row
        if not self._is_bad(row):
            self.bad_rows += 1
            place = row >> 3
            self._bad += bytes(max(0, place + 1 - len(self._bad)))
            self._bad[place] |= 1 << (row & 7)

    def _is_bad(self, row: int) -> bool:
        place = row >> 3
        return place < len(self._bad) and bool(self._bad[place] >> (row & 7) & 1)
