"""Makes requested exports: the worker with the lease reads the data, encrypts it in parts, and notifies the
customer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.periods import Period
from policy.retention import RetentionRule
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.queue.lease import RowLease
from store.sql.ids import new_id
from store.tables.exports import export_parts, exports, seal_part
from workers.exports.contents import Contents, Meanings
from workers.exports.forms import DocumentHeader, Form
from workers.exports.html_form import HtmlForm
from workers.exports.json_form import JsonForm
from workers.loop.periodic import run_periodically

log = logging.getLogger(__name__)


PIECE = 64 * 1024
"""Characters in one encrypted part; with a page of rows, this bounds the memory of an export."""

LEASE = RowLease(exports, timedelta(minutes=2))
"""Duration of a lease, after which another worker takes over; renewed with every part."""

MOST = 5
"""Maximum attempts before an export is given up."""

Notify = Callable[[AsyncConnection, SubjectKey, datetime, datetime], Awaitable[None]]
"""Writes to the customer, in the transaction that makes the export ready; parameters: now, and its expiry."""


async def notify_nobody(connection: AsyncConnection, key: SubjectKey, now: datetime, until: datetime) -> None:
    """Send no e-mail."""


@dataclass(frozen=True, slots=True)
class ExportController:
    """The controller, for the header of exports, and the callback that notifies customers."""

    name: str
    address: str
    notify: Notify = notify_nobody


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one export."""

    export_id: int
    customer_id: int
    language: str
    attempt: int


class ExportLeaseLostError(Exception):
    """Another worker has taken over the lease, or the export was deleted; writes of this one are refused."""


def expiry(ready_at: datetime) -> datetime:
    """Return until when an export can be fetched."""
    days = Period.parse(RetentionRule.EXPORTS.period or "").days
    return ready_at + timedelta(days=days)


def _now() -> datetime:
    return datetime.now(UTC)


class Exporter:
    """A worker; any number of them may run, in any number of processes."""

    def __init__(
        self,
        store: Store,
        meanings: Meanings,
        controller: ExportController,
        clock: Callable[[], datetime] = _now,
        pause: float = 2.0,
    ) -> None:
        self._store, self._meanings, self._controller = store, meanings, controller
        self._clock, self._pause = clock, pause

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`; an unfinished export is restarted by the next worker."""
        await run_periodically(self.step, stop, self._pause, "exports")

    async def step(self) -> bool:
        """Make one export if any waits; returns whether there was one."""
        job = await self._claim(self._clock())
        if job is None:
            return False
        (key,) = await self._store.keys.subjects([job.customer_id])
        if key is None:  # The customer was erased meanwhile: there is nothing to export, and nobody to notify.
            await self._give_up(job)
            return True
        with suppress(ExportLeaseLostError):
            await self._make(job, key)
        return True

    async def _claim(self, now: datetime) -> Job | None:
        """Claim the oldest waiting export under a lease; one with too many attempts is given up."""
        waiting = select(exports).where(exports.c.state == "REQUESTED", LEASE.free(now)).order_by(exports.c.id).limit(1)
        async with self._store.write() as connection:
            # Skip an export that another worker is claiming at the same time.
            row = (await connection.execute(waiting.with_for_update(skip_locked=True))).one_or_none()
            if row is None:
                return None
            failed = {"state": "FAILED", "expires_at": expiry(now), "leased_until": None}
            taken = LEASE.taken(now)
            given_up = row.attempts >= MOST
            await connection.execute(
                update(exports).where(exports.c.id == row.id).values(failed if given_up else taken)
            )
        if given_up:
            export = self._store.keys.system.ids("Export", row.customer_id, row.id)
            log.error("an export was given up", extra={"export": export})
            return await self._claim(now)
        return Job(row.id, row.customer_id, row.language, row.attempts + 1)

    async def _make(self, job: Job, key: SubjectKey) -> None:
        """Write every form from one read, section by section."""
        now = self._clock()
        contents = Contents(self._store, self._meanings, key, now)
        sections = contents.sections()
        customer = key.global_id("Customer", job.customer_id)
        controller, transfers = self._controller, await contents.transfers()
        head = DocumentHeader(controller.name, controller.address, customer, job.language, now, sections, transfers)
        forms: tuple[tuple[str, Form], ...] = (
            ("JSON", JsonForm()),
            ("HTML", HtmlForm()),
            ("PORTABLE", JsonForm(portable=True)),
        )
        # All forms are written during one pass over the data, so that they agree.
        written = [_Written(form, _Pieces(self, job, key, name)) for name, form in forms]
        for each in written:
            await each.add(each.form.begin(head))
        for section in sections:
            for each in written:
                await each.add(each.form.open(section))
            records = 0
            if section.row_by_row:
                async for record in contents.records(section):
                    records += 1
                    for each in written:
                        await each.add(each.form.record(section, record))
            count = records if section.row_by_row else await contents.count(section)
            for each in written:
                await each.add(each.form.close(section, count))
        for each in written:
            await each.add(each.form.end())
            await each.pieces.end()
        await self._finish(job, key)

    async def keep(self, job: Job, row: dict[str, object]) -> None:
        """Store one encrypted part and renew the lease; ExportLeaseLostError when it was taken over."""
        async with self._store.write() as connection:
            await self._hold(connection, job, LEASE.renewed(self._clock()))
            await connection.execute(insert(export_parts).values(row))

    async def _hold(self, connection: AsyncConnection, job: Job, change: dict[str, object]) -> None:
        mine = LEASE.mine(job.export_id, job.attempt), exports.c.state == "REQUESTED"
        if (await connection.execute(update(exports).where(*mine).values(change))).rowcount != 1:
            raise ExportLeaseLostError

    async def _finish(self, job: Job, key: SubjectKey) -> None:
        """In one transaction: mark the export as ready, notify the customer, and delete the parts of earlier
        attempts."""
        now = self._clock()
        until = expiry(now)
        ready = {"state": "READY", "ready_at": now, "expires_at": until, "leased_until": None}
        async with self._store.write() as connection:
            await self._hold(connection, job, ready)
            leftovers = delete(export_parts).where(
                export_parts.c.export_id == job.export_id, export_parts.c.attempt != job.attempt
            )
            await connection.execute(leftovers)
            await self._controller.notify(connection, key, now, until)

    async def _give_up(self, job: Job) -> None:
        async with self._store.write() as connection:
            await connection.execute(delete(export_parts).where(export_parts.c.export_id == job.export_id))
            await connection.execute(delete(exports).where(exports.c.id == job.export_id))


@dataclass(slots=True)
class _Pieces:
    """Collects text into parts. The last part is encrypted as the last one, so that a truncated export is detected."""

    exporter: Exporter
    job: Job
    key: SubjectKey
    form: str
    position: int = 0
    waiting: list[str] = field(default_factory=list)
    size: int = 0

    async def add(self, text: str) -> None:
        """Append text."""
        self.waiting.append(text)
        self.size += len(text)
        while self.size > PIECE:  # Not >=: some text must be left for the last part.
            whole = "".join(self.waiting)
            await self._seal(whole[:PIECE], last=False)
            self.waiting, self.size = [whole[PIECE:]], self.size - PIECE

    async def end(self) -> None:
        """Store the remaining text as the last part."""
        await self._seal("".join(self.waiting), last=True)

    async def _seal(self, text: str, last: bool) -> None:
        content = text.encode("utf-8", "replace")  # A lone surrogate in old data must not stop the export.
        place = (self.job.attempt, self.form, self.position)
        row = {
            "id": new_id(),
            "customer_id": self.job.customer_id,
            "export_id": self.job.export_id,
            "attempt": self.job.attempt,
            "form": self.form,
            "position": self.position,
            "length": len(content),
            "content": seal_part(self.key, self.job.export_id, place, last, content),
        }
        await self.exporter.keep(self.job, row)
        self.position += 1


@dataclass(frozen=True, slots=True)
class _Written:
    """A form and the parts to which it is written."""

    form: Form
    pieces: _Pieces

    async def add(self, text: str) -> None:
        if text:
            await self.pieces.add(text)


__all__: Sequence[str] = ["ExportController", "Exporter", "Meanings", "expiry"]
