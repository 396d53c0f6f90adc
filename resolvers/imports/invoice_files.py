"""Imports invoices of customers who are here, from a file of their own: what is new is added, what was paid settled."""

from __future__ import annotations

from asyncio import sleep
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SignInDependencies
from resolvers.customers.new_customer import NewInvoice, PersonName, PostalAddress
from resolvers.customers.registration import add_invoices
from resolvers.events.changes import record as record_change
from resolvers.imports.columns import INVOICES, Renamed
from resolvers.imports.comparing import opened_value, owners_by, present_invoices
from resolvers.imports.duplicates import INVOICE, Duplicates
from resolvers.imports.imports import Changes, ReportProgress
from resolvers.imports.invoices import invoice_of
from resolvers.imports.source import Format, ImportSource, SourceRecord
from resolvers.imports.upserting import import_context
from resolvers.inputs import values
from resolvers.inputs.changes import FieldChange, ImportChange
from resolvers.inputs.report import MOST_PROBLEMS, FieldFault, ImportProblem, ImportReport, Progress
from resolvers.inputs.values import FieldProblem, Fields
from resolvers.payments.invoices import settle_imported
from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.customers import customers
from values import external_id

BATCH = 500
"""Rows in memory, and in one transaction."""


@dataclass(frozen=True, slots=True, repr=False)
class _Row:
    record: SourceRecord
    invoice: NewInvoice
    external_id: str | None
    customer_number: str | None


@dataclass(slots=True, repr=False)
class _Stored:
    """The effect of one transaction, and the invoices that are open here and settled by the file, with their ids."""

    added: int = 0
    same: int = 0
    settled: list[tuple[_Row, int]] = field(default_factory=list)


async def import_invoices(
    store: Store,
    path: Path,
    format: Format,
    dependencies: SignInDependencies,
    progress: ReportProgress = lambda _: None,
    *,
    dry_run: bool = False,
    now: datetime | None = None,
    renamed: Renamed | None = None,
    system: str | None = None,
) -> ImportReport:
    """Import the invoices of a CSV or NDJSON file; each batch is committed by itself, and a second run changes nothing.

    Of the report `imported` are new invoices, `changed` those that are open here and settled in the file, `same` those
    that are here already. Raises ImportFileError if the file cannot be read, StoreUnavailableError.
    """
    source = ImportSource(path, format, renamed, INVOICES)
    run = _Run(store, dependencies, now or datetime.now(UTC), dry_run, system)
    records = source.records()
    with Duplicates(store, run.now) as duplicates:
        while batch := list(islice(records, BATCH)):
            await run.batch(batch, duplicates)
            progress(Progress("IMPORTING", run.rows, source.bytes_done, source.bytes_total))
            await sleep(0)
    return ImportReport(
        run.rows, len(run.bad), run.added, dry_run, tuple(run.problems), run.problem_count, 0,
        tuple(run.changes.first), run.changes.counts, changed=run.settled, same=run.same,
    )  # fmt: skip


@dataclass(slots=True, repr=False)
class _Run:
    store: Store
    dependencies: SignInDependencies
    now: datetime
    dry_run: bool
    system: str | None
    rows: int = 0
    added: int = 0
    settled: int = 0
    same: int = 0
    bad: set[int] = field(default_factory=set)
    problems: list[ImportProblem] = field(default_factory=list)
    problem_count: int = 0
    changes: Changes = field(default_factory=Changes)

    async def batch(self, batch: Sequence[SourceRecord], duplicates: Duplicates) -> None:
        """Read, compare and store some rows, with as many statements for many as for one but for those to settle."""
        self.rows += len(batch)
        read = [row for record in batch if (row := self._read(record)) is not None]
        numbers = [(row.record, row.invoice.number.encode()) for row in read]
        for problem in duplicates.repeated_values(numbers, INVOICE, "number"):
            self._note(problem)
        read = [row for row in read if row.record.row not in self.bad]
        by_id = {row.record.row: row.external_id for row in read if row.external_id is not None}
        by_number = {row.record.row: row.customer_number for row in read if row.customer_number and not row.external_id}
        owners = await owners_by(self.store, Lookup.EXTERNAL_ID, by_id, self.now)
        owners |= await owners_by(self.store, Lookup.CUSTOMER_NUMBER, by_number, self.now)
        for row in read:
            if row.record.row not in owners:
                self._fault(row, "external_id" if row.external_id else "customer_number", FieldFault.NO_CUSTOMER)
        ids = sorted(set(owners.values()))
        keys = {id_: key for id_, key in zip(ids, await self.store.keys.subjects(ids), strict=True) if key is not None}
        try:
            stored = await self._store([row for row in read if owners.get(row.record.row) in keys], owners, keys)
        except IntegrityError:
            # Recorded by somebody else at this moment: the next run finds them.
            for row in read:
                self._fault(row, "number", FieldFault.NOT_TAKEN)
            return
        # Counted once it is so: what was rolled back was neither added nor compared.
        self.added, self.same = self.added + stored.added, self.same + stored.same
        if self.dry_run:
            self.settled += len(stored.settled)
            return
        for row, id_ in stored.settled:
            context = import_context(self.store, self.dependencies, owners[row.record.row], self.now)
            if (await settle_imported(context, id_, row.invoice)).problems:
                self._fault(row, "number", FieldFault.NOT_TAKEN)
            else:
                self.settled += 1

    async def _store(self, rows: Sequence[_Row], owners: Mapping[int, int], keys: Mapping[int, SubjectKey]) -> _Stored:
        """Add what is new, in one transaction."""
        result = _Stored()
        async with self.store.write() as connection:
            billed = await _billed(connection, keys)
            here = await present_invoices(connection, [row.invoice.number for row in rows])
            new: list[tuple[SubjectKey, NewInvoice]] = []
            for row in rows:
                owner, found = owners[row.record.row], here.get(row.invoice.number)
                if found is None and owner in billed:
                    name, address = billed[owner]
                    new.append((keys[owner], replace(row.invoice, billed_name=name, billed_address=address)))
                elif found is None or found.customer_id != owner:
                    self._fault(row, "number", FieldFault.ALREADY_REGISTERED)
                elif (found.amount_minor, found.currency) != (row.invoice.amount_minor, row.invoice.currency):
                    self._fault(row, "total", FieldFault.CHANGED_HERE)
                elif found.status == "OPEN" and row.invoice.status != "OPEN":
                    result.settled.append((row, found.id))
                else:
                    result.same += 1
            result.added = len(new)
            if self.dry_run or not new:
                return result
            await add_invoices(connection, new, now=self.now)
            for owner in sorted({key.customer_id for key, _ in new}):
                context = import_context(self.store, self.dependencies, owner, self.now)
                await record_change(connection, context, keys[owner], ["Customer.invoices"])
        return result

    def _read(self, record: SourceRecord) -> _Row | None:
        if record.fault is not None:
            self._note(ImportProblem(record.row, record.line, "the record", record.fault))
            return None
        problems: list[FieldProblem] = []
        changed: list[tuple[str, FieldChange]] = []
        fields = Fields(record.fields, problems, changed, self.now)
        fields.only(INVOICES.columns, "the record")
        own = fields.text("external_id", values.external_id(self.system), external_id.LONGEST)
        number = fields.text("customer_number", values.number, 32)
        if own is None and number is None and not problems:
            fields.fault("external_id", FieldFault.MISSING)
        invoice = invoice_of(fields, None, None)
        columns = record.columns or {name: at for at, name in enumerate(record.fields, 1)}
        self.changes.add(
            [ImportChange(record.row, record.line, columns.get(name), name, each) for name, each in changed]
        )
        for problem in problems:
            self._note(ImportProblem(record.row, record.line, *problem))
        return None if problems else _Row(record, invoice, own, number)

    def _fault(self, row: _Row, name: str, fault: FieldFault) -> None:
        self._note(ImportProblem(row.record.row, row.record.line, name, fault))

    def _note(self, problem: ImportProblem) -> None:
        self.problem_count += 1
        self.bad.add(problem.row)
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)


async def _billed(
    connection: AsyncConnection, keys: Mapping[int, SubjectKey]
) -> dict[int, tuple[PersonName | None, PostalAddress | None]]:
    """The present names and addresses of these customers, whose rows are locked from now on."""
    columns = customers.c.id, customers.c.name, customers.c.postal_address
    query = select(*columns).where(customers.c.id.in_(keys)).order_by(customers.c.id)
    found: dict[int, tuple[PersonName | None, PostalAddress | None]] = {}
    for row in await connection.execute(query.with_for_update(key_share=True)):
        name: Any = opened_value(keys[row.id], customers.c.name, row.id, row.name)
        address: Any = opened_value(keys[row.id], customers.c.postal_address, row.id, row.postal_address)
        written = (
            None
            if not address
            else PostalAddress(
                street=address[0],
                street2=address[1],
                postal_code=address[2],
                city=address[3],
                region=address[4],
                country=address[5],
            )
        )
        found[row.id] = (PersonName(name[0] or "", name[1] or "") if name else None, written)
    return found
