"""Imports an incremental file: unknown customers are added, known ones are changed in what differs, in batches."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select

from policy.grant import internal_grant
from policy.imports import ImportAction
from policy.purposes import Purpose
from resolvers.account.email_changing import EmailLinks, Found
from resolvers.commands.context import CommandContext, Result
from resolvers.commands.dependencies import SignInDependencies
from resolvers.consents.preferences import switch_news
from resolvers.customers.new_customer import NewCustomer
from resolvers.customers.profile import update_profile
from resolvers.customers.registration import add, add_to
from resolvers.events.announcements import announce
from resolvers.events.changes import record as record_change
from resolvers.imports.columns import Renamed
from resolvers.imports.comparing import (
    IMPORT_CLIENT,
    Checksums,
    Compared,
    Difference,
    Row,
    compared,
    further_columns,
)
from resolvers.imports.duplicates import Duplicates
from resolvers.imports.erasures import with_erasure
from resolvers.imports.imports import Changes, ReportProgress
from resolvers.imports.inviting import invite
from resolvers.imports.rows import customer
from resolvers.imports.runs import Touched, begin_run, end_run, note_rows
from resolvers.imports.source import Format, ImportSource, SourceRecord
from resolvers.inputs.changes import ImportChange
from resolvers.inputs.report import MOST_PROBLEMS, FieldFault, ImportProblem, ImportReport, Progress
from resolvers.payments.invoices import settle_imported
from resolvers.services.services import locked, refresh_period, terminate_service
from store.database.store import Store
from store.lookups.reservations import LookupTakenError, reserving
from store.tables.customers import customers

BATCH = 500
"""Rows in memory, and in one transaction of new customers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpsertOptions:
    """The wishes about one run."""

    dry_run: bool = False
    """Compare and report; write nothing. So `--verify` does."""
    theirs: bool = False
    """Take the file's value of fields that were changed here since the last import."""
    hold_mail: bool = False
    invite: bool = False
    """Write to new customers without a password of the client area."""
    renamed: Renamed | None = None
    system: str | None = None
    zone: tzinfo = UTC


async def upsert_customers(
    store: Store,
    path: Path,
    format: Format,
    dependencies: SignInDependencies,
    progress: ReportProgress = lambda _: None,
    *,
    now: datetime | None = None,
    options: UpsertOptions | None = None,
) -> ImportReport:
    """Import the rows of a file by their ids in the former system; each batch is committed by itself.

    A second run of the same file changes nothing, so that one which was interrupted is repeated: what was committed
    stays, and the rest follows. Rows with problems are reported and left out. Raises ImportFileError if the file cannot
    be read, StoreUnavailableError. Neither these nor the report contain a value of the file.
    """
    run = _Upsert(
        store, ImportSource(path, format, (options or UpsertOptions()).renamed), dependencies,
        now or datetime.now(UTC), options or UpsertOptions(),
    )  # fmt: skip
    with Duplicates(store, run.now) as duplicates:
        await run.go(duplicates, progress)
    return run.report()


@dataclass(slots=True, repr=False)
class _Upsert:
    store: Store
    source: ImportSource
    dependencies: SignInDependencies
    now: datetime
    options: UpsertOptions
    run: int | None = None
    rows: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    invited: int = 0
    bad: set[int] = field(default_factory=set)
    problems: list[ImportProblem] = field(default_factory=list)
    problem_count: int = 0
    changes: Changes = field(default_factory=Changes)
    sums: Checksums = field(default_factory=Checksums)

    async def go(self, duplicates: Duplicates, progress: ReportProgress) -> None:
        """Compare and write, batch by batch."""
        phase = "COMPARING" if self.options.dry_run else "IMPORTING"
        records = self.source.records()
        if not self.options.dry_run:
            async with self.store.write() as connection:
                self.run = await begin_run(connection, self.options.system, self.options.hold_mail, self.now)
        while batch := list(islice(records, BATCH)):
            await self._batch(batch, duplicates)
            progress(Progress(phase, self.rows, self.source.bytes_done, self.source.bytes_total))
            await sleep(0)
        await self._end(done=True)

    async def _batch(self, batch: Sequence[SourceRecord], duplicates: Duplicates) -> None:
        fine: list[Row] = []
        for record in batch:
            self.rows += 1
            changes: list[ImportChange] = []
            found = customer(record, self.now, changes, self.options.system)
            self.changes.add(changes)
            if not isinstance(found, NewCustomer):
                self._note(found)
            elif found.external_id is None:
                self._note([ImportProblem(record.row, record.line, "external_id", FieldFault.MISSING)])
            else:
                fine.append((record, found))
        doubled = duplicates.repeated(fine)
        self._note(doubled)
        fine = [row for row in fine if row[0].row not in self.bad]
        async with self.store.write() as connection:
            now = self.now
            result = await compared(connection, self.store, fine, now, self.options.theirs, self.sums)
        # Their own values are registered; those of unknown customers must not be.
        self._note(await duplicates.among(result.unknown))
        unknown = [row for row in result.unknown if row[0].row not in self.bad]
        await self._write(Compared(unknown, result.known))

    async def _write(self, result: Compared) -> None:
        for each in result.known:
            problems = [(name, FieldFault.CHANGED_HERE) for name in each.conflicts]
            problems += [(name, FieldFault.ALREADY_REGISTERED) for name in each.foreign]
            self._note([ImportProblem(each.record.row, each.record.line, *fault) for fault in problems])
        differing = [each for each in result.known if each.differs]
        self.same += sum(not (each.differs or each.conflicts or each.foreign) for each in result.known)
        if self.run is None:
            self.added, self.changed = self.added + len(result.unknown), self.changed + len(differing)
            return
        fresh = [each for each in result.known if not each.noted and not each.differs and not each.conflicts]
        async with self.store.write() as connection:
            # From now on a change of the file is told from one that was made here.
            same = [Touched(each.key.customer_id, each.record.row, ImportAction.SAME, each.version) for each in fresh]
            await note_rows(connection, self.run, same, self.now)
        await self._add(result.unknown)
        for each in differing:
            await self._change(each)
        await self._end(done=False)

    async def _add(self, rows: Sequence[Row]) -> None:
        assert self.run is not None
        if not rows:
            return
        new = [with_erasure(each, self.now, self.options.zone) for _, each in rows]
        try:
            async with reserving(self.store) as reserved, self.store.write() as connection:
                ids = await add(connection, self.store, reserved, new, now=self.now)
                touched = [
                    Touched(id_, record.row, ImportAction.ADDED, 1) for id_, (record, _) in zip(ids, rows, strict=True)
                ]
                await note_rows(connection, self.run, touched, self.now)
                if self.options.invite:
                    site, held_by = self.dependencies.site, self.run if self.options.hold_mail else None
                    self.invited += await invite(connection, self.store, site, ids, self.now, held_by)
                await reserved.written(connection)
            self.added += len(rows)
        except LookupTakenError:
            # Registered by somebody else at this moment: the next run finds them.
            for record, _ in rows:
                self._note([ImportProblem(record.row, record.line, "the record", FieldFault.ALREADY_REGISTERED)])

    async def _change(self, found: Difference) -> None:
        """Change one customer by the commands of the API; each is a transaction of its own, and safe to repeat."""
        assert self.run is not None
        context = import_context(self.store, self.dependencies, found.key.customer_id, self.now)
        results: list[tuple[str, Result]] = []
        if found.profile:
            given = {name: _input(name, value) for name, value in found.profile.items()}
            results.append(("the record", await update_profile(further_columns(), context, given)))
        if found.email is not None and found.email_ref is not None:
            links = EmailLinks(self.store, self.dependencies)
            link = Found(None, found.key, found.email, bytes(found.email_ref), None)
            results.append(("email", await links.follow(link, context, self.run if self.options.hold_mail else None)))
        if found.news is not None:
            async with self.store.write() as connection:
                await switch_news(connection, context, found.key, found.news, "import")
        added = await self._add_to(found, context)
        results += [
            ("services", await terminate_service(context, {"serviceId": each.service_id, "at": each.at}))
            for each in found.ends
        ]
        results += [
            ("invoices", await settle_imported(context, each.invoice_id, each.invoice)) for each in found.settled
        ]
        refused = [name for name, result in results if result.problems]
        self._note([ImportProblem(found.record.row, found.record.line, name, FieldFault.NOT_TAKEN) for name in refused])
        if len(refused) == len(results) and found.news is None and not added:
            return  # All that differed was refused.
        self.changed += 1
        if found.conflicts:
            # The comparison goes on from the earlier note, so that a conflict stays one until it is settled.
            return
        async with self.store.write() as connection:
            query = select(customers.c.version).where(customers.c.id == found.key.customer_id)
            version = await connection.scalar(query)
            if version is not None:
                touched = Touched(found.key.customer_id, found.record.row, ImportAction.CHANGED, version)
                await note_rows(connection, self.run, [touched], self.now)

    async def _add_to(self, found: Difference, context: CommandContext) -> bool:
        """Add services and invoices; returns whether any were."""
        if not found.services and not found.invoices:
            return False
        owner, coordinates = found.key.customer_id, []
        try:
            async with reserving(self.store) as reserved, self.store.write() as connection:
                if not await locked(connection, owner):
                    return False
                added = replace(found.new, services=tuple(found.services), invoices=tuple(found.invoices))
                await add_to(connection, self.store, reserved, found.key, added, now=self.now)
                coordinates += ["Customer.services"] if found.services else []
                coordinates += ["Customer.invoices"] if found.invoices else []
                if found.services:
                    await refresh_period(connection, owner)
                await record_change(connection, context, found.key, coordinates)
                for service in found.services:
                    if service.status != "TERMINATED":
                        facts = {"kind": str(service.kind)}
                        await announce(connection, found.key, "service.subscribed", self.now, facts=facts)
                await reserved.written(connection)
            return True
        except LookupTakenError:
            row, line = found.record.row, found.record.line
            self._note([ImportProblem(row, line, "services", FieldFault.ALREADY_REGISTERED)])
            return False

    async def _end(self, done: bool) -> None:
        if self.run is not None:
            counts = {"read": self.rows, "added": self.added, "changed": self.changed}
            async with self.store.write() as connection:
                await end_run(connection, self.run, self.now, counts, done=done)

    def _note(self, problems: Sequence[ImportProblem]) -> None:
        self.problem_count += len(problems)
        self.problems += problems[: MOST_PROBLEMS - len(self.problems)]
        self.bad |= {each.row for each in problems}

    def report(self) -> ImportReport:
        """The final report."""
        return ImportReport(
            self.rows, len(self.bad), self.added, self.options.dry_run, tuple(self.problems), self.problem_count, 0,
            tuple(self.changes.first), self.changes.counts, self.run, self.invited, self.changed, self.same,
            self.sums.both,
        )  # fmt: skip


def _input(name: str, value: Any) -> Any:
    """A value in the shape of the API's input."""
    if name != "postalAddress":
        return value
    return dict(zip(("street", "street2", "postalCode", "city", "region", "country"), value, strict=True))


def import_context(store: Store, dependencies: SignInDependencies, owner: int, now: datetime) -> CommandContext:
    """The context of a command that an import runs for a customer: in records of changes its client is `import`."""
    grant = internal_grant(IMPORT_CLIENT, int(now.timestamp()), Purpose.SELF_SERVICE, subject=owner)
    return CommandContext(store, grant, Purpose.SELF_SERVICE, None, now, dependencies)
