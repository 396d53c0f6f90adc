"""Making the exports that customers asked for: whoever has the lease reads, seals piece by piece, and tells."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.periods import Period
from policy.retention import RetentionRule
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.sql.ids import new_id
from store.tables.exports import export_parts, exports, seal_part
from workers.exports.contents import Contents, Meanings
from workers.exports.forms import DocumentHeader, Form
from workers.exports.html_form import HtmlForm
from workers.exports.json_form import JsonForm
from workers.loop.periodic import run_periodically

log = logging.getLogger(__name__)


PIECE = 64 * 1024
"""Characters that are gathered before they are sealed; with a page of rows, all the memory that an export takes."""

LEASE = timedelta(minutes=2)
"""How long a worker that died keeps the others waiting; renewed with every piece."""

MOST = 5
"""Attempts before an export is given up."""

Tell = Callable[[AsyncConnection, SubjectKey, datetime, datetime], Awaitable[None]]
"""Writes to the customer, in the transaction that makes the export ready: now, and until when it can be fetched."""


async def tell_nobody(connection: AsyncConnection, key: SubjectKey, now: datetime, until: datetime) -> None:
    """Write no letter."""


@dataclass(frozen=True, slots=True)
class ExportController:
    """Whose exports these are."""

    name: str
    address: str
    tell: Tell = tell_nobody


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt at one export."""

    export_id: int
    customer_id: int
    language: str
    attempt: int


class ExportLeaseLostError(Exception):
    """Another worker has taken over, or the export is gone: what this one still does counts for nothing."""


def expiry(ready_at: datetime) -> datetime:
    """Until when an export can be fetched."""
    days = Period.parse(RetentionRule.EXPORTS.period or "").days
    return ready_at + timedelta(days=days)


def _now() -> datetime:
    return datetime.now(UTC)


class Exporter:
    """One of any number, in any number of processes."""

    def __init__(
        self,
        store: Store,
        meanings: Meanings,
        house: ExportController,
        clock: Callable[[], datetime] = _now,
        pause: float = 2.0,
    ) -> None:
        self._store, self._meanings, self._house = store, meanings, house
        self._clock, self._pause = clock, pause

    async def run(self, stop: asyncio.Event) -> None:
        """Make exports until told to stop; what is half done is begun anew by whoever comes next."""
        await run_periodically(self.step, stop, self._pause, "exports")

    async def step(self) -> bool:
        """Make one export if any waits; whether there was one."""
        job = await self._claim(self._clock())
        if job is None:
            return False
        (key,) = await self._store.keys.subjects([job.customer_id])
        if key is None:  # Erased meanwhile: there is nothing to export, and nobody to tell.
            await self._give_up(job)
            return True
        with suppress(ExportLeaseLostError):
            await self._make(job, key)
        return True

    async def _claim(self, now: datetime) -> Job | None:
        """The oldest export that waits, under a lease; one that failed too often is given up."""
        free = or_(exports.c.leased_until.is_(None), exports.c.leased_until <= now)
        waiting = select(exports).where(exports.c.state == "REQUESTED", free).order_by(exports.c.id).limit(1)
        async with self._store.write() as connection:
            row = (await connection.execute(waiting.with_for_update(skip_locked=True))).one_or_none()
            if row is None:
                return None
            failed = {"state": "FAILED", "expires_at": expiry(now), "leased_until": None}
            taken = {"attempts": row.attempts + 1, "leased_until": now + LEASE}
            given_up = row.attempts >= MOST
            await connection.execute(
                update(exports).where(exports.c.id == row.id).values(failed if given_up else taken)
            )
        if given_up:
            export = self._store.keys.house.ids("Export", row.customer_id, row.id)
            log.error("an export was given up", extra={"export": export})
            return await self._claim(now)
        return Job(row.id, row.customer_id, row.language, row.attempts + 1)

    async def _make(self, job: Job, key: SubjectKey) -> None:
        """Every form from one reading, a section after the other."""
        now = self._clock()
        contents = Contents(self._store, self._meanings, key, now)
        sections = contents.sections()
        customer = key.global_id("Customer", job.customer_id)
        house, transfers = self._house, await contents.transfers()
        head = DocumentHeader(house.name, house.address, customer, job.language, now, sections, transfers)
        forms: tuple[tuple[str, Form], ...] = (
            ("JSON", JsonForm()),
            ("HTML", HtmlForm()),
            ("PORTABLE", JsonForm(portable=True)),
        )
        written = [_Written(form, _Pieces(self, job, key, name)) for name, form in forms]
        for each in written:
            await each.add(each.form.begin(head))
        for section in sections:
            for each in written:
                await each.add(each.form.open(section))
            told = 0
            if section.tells:
                async for record in contents.records(section):
                    told += 1
                    for each in written:
                        await each.add(each.form.record(section, record))
            count = told if section.tells else await contents.count(section)
            for each in written:
                await each.add(each.form.close(section, count))
        for each in written:
            await each.add(each.form.end())
            await each.pieces.end()
        await self._finish(job, key)

    async def keep(self, job: Job, row: dict[str, object]) -> None:
        """Store one sealed piece and renew the lease; LeaseLost when it was taken over."""
        async with self._store.write() as connection:
            await self._hold(connection, job, {"leased_until": self._clock() + LEASE})
            await connection.execute(insert(export_parts).values(row))

    async def _hold(self, connection: AsyncConnection, job: Job, change: dict[str, object]) -> None:
        mine = (exports.c.id == job.export_id, exports.c.state == "REQUESTED", exports.c.attempts == job.attempt)
        if (await connection.execute(update(exports).where(*mine).values(change))).rowcount != 1:
            raise ExportLeaseLostError

    async def _finish(self, job: Job, key: SubjectKey) -> None:
        """Ready, with a letter, and without what earlier attempts left behind; all of it or nothing."""
        now = self._clock()
        until = expiry(now)
        ready = {"state": "READY", "ready_at": now, "expires_at": until, "leased_until": None}
        async with self._store.write() as connection:
            await self._hold(connection, job, ready)
            leftovers = delete(export_parts).where(
                export_parts.c.export_id == job.export_id, export_parts.c.attempt != job.attempt
            )
            await connection.execute(leftovers)
            await self._house.tell(connection, key, now, until)

    async def _give_up(self, job: Job) -> None:
        async with self._store.write() as connection:
            await connection.execute(delete(export_parts).where(export_parts.c.export_id == job.export_id))
            await connection.execute(delete(exports).where(exports.c.id == job.export_id))


@dataclass(slots=True)
class _Pieces:
    """Gathers text until there is enough to seal. One piece is held back: the last one is sealed as the last."""

    exporter: Exporter
    job: Job
    key: SubjectKey
    form: str
    position: int = 0
    waiting: list[str] = field(default_factory=list)
    size: int = 0

    async def add(self, text: str) -> None:
        """Text at the end of what is there."""
        self.waiting.append(text)
        self.size += len(text)
        while self.size > PIECE:
            whole = "".join(self.waiting)
            await self._seal(whole[:PIECE], last=False)
            self.waiting, self.size = [whole[PIECE:]], self.size - PIECE

    async def end(self) -> None:
        """What is left is the last piece."""
        await self._seal("".join(self.waiting), last=True)

    async def _seal(self, text: str, last: bool) -> None:
        content = text.encode("utf-8", "replace")
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
    """A form, and where its text goes."""

    form: Form
    pieces: _Pieces

    async def add(self, text: str) -> None:
        if text:
            await self.pieces.add(text)


__all__: Sequence[str] = ["ExportController", "Exporter", "Meanings", "expiry"]
