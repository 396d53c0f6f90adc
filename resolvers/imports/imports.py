"""Imports customers from a file: all rows are checked before the first is stored, and all are stored or none."""

from __future__ import annotations

import re
from asyncio import sleep
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path

from policy.imports import ImportAction
from resolvers.commands.dependencies import Site
from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.registration import add
from resolvers.imports.columns import Renamed
from resolvers.imports.duplicates import Duplicates
from resolvers.imports.erasures import is_over, with_erasure
from resolvers.imports.inviting import invite
from resolvers.imports.rows import customer
from resolvers.imports.runs import Touched, begin_run, end_run, note_rows
from resolvers.imports.source import Format, ImportSource, SourceRecord
from resolvers.inputs.changes import DEFAULTS, FieldChange, ImportChange
from resolvers.inputs.report import MOST_PROBLEMS, FileFault, ImportFileError, ImportProblem, ImportReport, Progress
from store.database.store import Store
from store.lookups.reservations import LookupTakenError, reserving

BATCH = 500
"""Rows in memory at a time."""

ReportProgress = Callable[[Progress], None]


def _ignore(_progress: Progress) -> None:
    """Ignore the progress."""


async def import_customers(
    store: Store,
    path: Path,
    format: Format,
    dry_run: bool = False,
    progress: ReportProgress = _ignore,
    *,
    skip_bad: bool = False,
    now: datetime | None = None,
    zone: tzinfo = UTC,
    renamed: Renamed | None = None,
    system: str | None = None,
    hold_mail: bool = False,
    invite_to: Site | None = None,
) -> ImportReport:
    """Import the customers of a CSV or NDJSON file, with their services.

    1. Read the whole file and check every row: its fields, and whether its e-mail address, customer number or domains
       occur in an earlier row or belong to a registered customer.
    2. If a row has problems nothing is imported, unless `skip_bad` asks for the others; a dry run ends here too.
    3. Read the file again and register the customers in one transaction, so that an interruption leaves none of them,
       and the command can be repeated.

    A customer whose last service has ended gets a scheduled erasure, with time for both warnings (R34); the report
    counts those whose six months are over. `zone` is the controller's time zone, in which deadlines end at midnight.
    `renamed` are the names that columns have in the file, `system` is the one that its external ids are from. With
    `hold_mail` the letters that the import causes wait for the release of its run; with `invite_to` customers without a
    password of the client area are written to, with a link to this site that sets their first one. The report has what
    was changed or assumed, too.

    Raises ImportFileError if the file cannot be imported, StoreUnavailableError if the store is unavailable. Neither
    these nor the report contain a value of the file.
    """
    run = _Run(store, ImportSource(path, format, renamed), now or datetime.now(UTC), progress, zone, system)
    with Duplicates(store, run.now) as duplicates:
        await run.check(duplicates)  # 1
    if dry_run or not run.good_rows or (run.bad_rows and not skip_bad):  # 2
        return run.report(0, dry_run)
    # A second pass instead of a copy in memory: files can be larger than memory.
    again = ImportSource(path, format, renamed)
    try:
        async with reserving(store) as reserved, store.write() as connection:  # 3
            id_ = await begin_run(connection, system, hold_mail, run.now)
            for batch in run.batches(again, "IMPORTING"):
                good = run.good(batch)
                added = await add(connection, store, reserved, [each for _, each in good], now=run.now)
                touched = [Touched(one, row, ImportAction.ADDED, 1) for one, (row, _) in zip(added, good, strict=True)]
                await note_rows(connection, id_, touched, run.now)
                if invite_to is not None:
                    run.invited += await invite(
                        connection, store, invite_to, added, run.now, id_ if hold_mail else None
                    )
                await sleep(0)
            # Otherwise unchecked rows could have been imported.
            if again.digest != run.source.digest:
                raise ImportFileError(FileFault.CHANGED)
            await end_run(connection, id_, run.now, {"read": run.rows, "added": run.good_rows})
            await reserved.written(connection)
    # `from None`: the original error names the look-up.
    except LookupTakenError:
        raise ImportFileError(FileFault.CONFLICT) from None
    return run.report(run.good_rows, dry_run, id_)


class Changes:
    """Collects changes: the first ones in full, all of them by field and kind."""

    def __init__(self) -> None:
        self.first: list[ImportChange] = []
        self.counts: Counter[tuple[str, FieldChange]] = Counter()
        self._listed: Counter[FieldChange] = Counter()

    def add(self, changes: list[ImportChange]) -> None:
        """Add the changes to one row."""
        for each in changes:
            # The indices of lists are left out, so that there are few keys.
            self.counts[re.sub(r"\[\d+\]", "", each.field), each.change] += 1
            if each.change not in DEFAULTS and self._listed[each.change] < MOST_PROBLEMS:
                self._listed[each.change] += 1
                self.first.append(each)


class _Run:
    """The state of one import: rows with problems, and the report."""

    def __init__(
        self,
        store: Store,
        source: ImportSource,
        now: datetime,
        progress: ReportProgress,
        zone: tzinfo,
        system: str | None,
    ) -> None:
        self.store, self.source, self.now, self._progress, self._zone = store, source, now, progress, zone
        self._system = system
        self._problems: list[ImportProblem] = []
        self._problem_count = 0
        self._changes = Changes()
        self._bad = bytearray()  # one bit a row: 125 kB for a million rows
        self.rows = self.bad_rows = self.due_at_once = self.invited = 0

    @property
    def good_rows(self) -> int:
        """The number of rows without problems."""
        return self.rows - self.bad_rows

    async def check(self, duplicates: Duplicates) -> None:
        """Read the whole file and collect the problems."""
        for batch in self.batches(self.source, "CHECKING"):
            fine: list[tuple[SourceRecord, NewCustomer]] = []
            for record in batch:
                self.rows += 1
                changes: list[ImportChange] = []
                found = customer(record, self.now, changes, self._system)
                self._changes.add(changes)
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
        """The records in batches; progress is reported after each batch."""
        records, rows = source.records(), 0
        while batch := list(islice(records, BATCH)):
            yield batch
            rows += len(batch)
            self._progress(Progress(phase, rows, source.bytes_done, source.bytes_total))

    def good(self, batch: list[SourceRecord]) -> list[tuple[int, NewCustomer]]:
        """The customers of rows without problems, by row; ImportFileError if one has a problem now, since the file
        changed."""
        good = []
        for record in batch:
            if self._is_bad(record.row):
                continue
            found = customer(record, self.now, system=self._system)
            if not isinstance(found, NewCustomer):
                raise ImportFileError(FileFault.CHANGED)
            good.append((record.row, with_erasure(found, self.now, self._zone)))
        return good

    def report(self, imported: int, dry_run: bool, run: int | None = None) -> ImportReport:
        """The final report."""
        return ImportReport(
            self.rows, self.bad_rows, imported, dry_run, tuple(self._problems), self._problem_count, self.due_at_once,
            tuple(self._changes.first), self._changes.counts, run, invited=self.invited,
        )  # fmt: skip

    def _note(self, problems: list[ImportProblem]) -> None:
        self._problem_count += len(problems)
        self._problems += problems[: MOST_PROBLEMS - len(self._problems)]
        row = problems[0].row
        if not self._is_bad(row):
            self.bad_rows += 1
            place = row >> 3
            # Grows on demand: the number of rows is unknown.
            self._bad += bytes(max(0, place + 1 - len(self._bad)))
            self._bad[place] |= 1 << (row & 7)

    def _is_bad(self, row: int) -> bool:
        place = row >> 3
        return place < len(self._bad) and bool(self._bad[place] >> (row & 7) & 1)
