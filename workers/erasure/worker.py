"""Carries out due erasures, on any number of workers, each of which may crash at any point (R36, F1).

The table itself is the queue: a case is claimed under a lease, and its number of attempts is the fencing number.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol

from sqlalchemy import and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import STEPS, ErasureEvent, State, Step, after
from policy.letters import WARNED
from store.database.store import Store
from store.ledger.signing_keys import LedgerKeyLostError, LedgerUnnamedError
from store.records.holds import holds_at
from store.sql.errors import StoreUnavailableError
from store.sql.horizon import StillVisibleError
from store.sql.metadata import Instant
from store.tables.erasures import STANDS, erasure_letters, erasures, legal_holds
from store.tables.restrictions import restrictions
from store.tables.services import services
from workers.certificates.certificates import Signers, case_name
from workers.certificates.last_letter import LetterStatements
from workers.erasure.plans import Notify, Planner
from workers.erasure.redoing import Redoing
from workers.erasure.steps import LEASE, Case, Compose, Done, ErasureLeaseLostError, Steps, is_there
from workers.loop.periodic import guarded, run_periodically
from workers.recipients.closing import Closing

log = logging.getLogger(__name__)


SOON = timedelta(seconds=10)
"""Delay before a retry."""

TOGETHER = 50
"""Cases that one worker claims at once, since cleaning the files processes whole tables, once for all of them."""

LOOK = timedelta(minutes=1)
"""Interval between two rounds of planning."""


TIMEOUT = 5.0
"""Maximum wait for short reads to end before a case is postponed, in seconds."""

PRESSING = timedelta(days=2)
"""Time before the deadline from which the certificate is signed even if the files were not yet observed to be clean."""

WITHOUT_DATE = timedelta(days=30)
"""The deadline of an erasure that is repeated after a restore."""


def _reason(outage: StoreUnavailableError) -> str:
    """Return the sentence of an outage, with the holders of snapshots: sessions by process id, slots by name."""
    return f"{outage.reason} ({outage.detail})" if isinstance(outage, StillVisibleError) else outage.reason


def _now() -> datetime:
    return datetime.now(UTC)


class Letters(Protocol):
    """Writes to customers and notifies internal systems, within the transactions of this worker."""

    @property
    def notify(self) -> Notify:
        """Writes an e-mail before the data is erased."""

    @property
    def compose(self) -> Compose:
        """Composes the final notice."""

    @property
    def done(self) -> Done:
        """Announces that the erasure is done."""


class Eraser:
    """A worker; any number of them may run, in any number of processes."""

    def __init__(
        self,
        store: Store,
        signers: Signers,
        letters: Letters,
        zone: tzinfo = UTC,
        clock: Callable[[], datetime] = _now,
        pause: float = 2.0,
        backup_days: int = 0,
    ) -> None:
        """`backup_days`: the days after which the operator's archives and dumps expire, for certificates; 0:
        unknown."""
        self._store, self._clock, self._pause = store, clock, pause
        self._steps = Steps(store, signers, letters.compose, letters.done, clock, backup_days)
        self._closing = Closing(store, signers)
        self._letters = LetterStatements(store, signers)
        self._planner = Planner(store, letters.notify, zone)
        self._redoing = Redoing(store)
        self._looked: datetime | None = None
        self._alarmed = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop`; unfinished cases are continued by the next worker."""
        await run_periodically(self.step, stop, self._pause, "erasures")

    async def step(self) -> bool:
        """Plan if it is time to, then carry out due erasures, even if planning failed; returns whether any was due."""
        now = self._clock()
        if self._looked is None or not timedelta(0) <= now - self._looked < LOOK:
            self._looked = now
            await guarded("the alarm", self._alarm(now))  # First, so that it is raised even if the rest fails (F9).
            await guarded("second statements", self._follow(now))
            await guarded("plans", self._planner.run(now))
            await guarded("erasures from before a restore", self._redoing.run(now))
        cases = await self.claim(now)
        ready = [case for case, done in cases if await self._until_files(case, done)]
        clean = await self._clean(ready)
        for case in ready:
            if case in clean or await self._is_pressing(case):
                await self._finish(case, case in clean)
        await guarded("statements on recipients", self._closing.run(self._clock()))
        await guarded("statements on last letters", self._letters.run(self._clock()))
        return bool(cases)

    async def _clean(self, cases: Sequence[Case]) -> list[Case]:
        """Do the step FILES for all cases together; returns the cases for which it was done.

        It waits until no snapshot sees the deleted rows: before that, PostgreSQL keeps them.
        """
        unseen, max_wait = list[Case](), TIMEOUT
        for case in cases:
            try:
                await self._steps.unseen(case, max_wait)
                unseen.append(case)
            except StoreUnavailableError as outage:
                max_wait = 0.0  # The same snapshot blocks the other cases, and has been waited for already.
                await self._note(case, outage.cause.name, _reason(outage))
        try:
            if unseen:
                await self._steps.clean()
        except StoreUnavailableError as outage:
            for case in unseen:
                await self._note(case, outage.cause.name, _reason(outage))
            return []
        return unseen

    async def _is_pressing(self, case: Case) -> bool:
        """Return whether the deadline is so near that the case is certified although the files were not yet observed to
        be clean, so that a forgotten replication slot delays no erasure (D9)."""
        now = self._clock()
        try:
            async with self._store.write() as connection:
                found = select(erasures.c.due_at, erasures.c.requested_at).where(
                    erasures.c.id == case.id, erasures.c.state == "ERASING"
                )
                row = (await connection.execute(found)).one_or_none()
        except StoreUnavailableError:
            return False
        return row is not None and now >= (row.due_at or row.requested_at + WITHOUT_DATE) - PRESSING

    async def _follow(self, now: datetime) -> None:
        """Sign the statements about files of all certificates whose files are clean by now."""
        unseen = list[Case]()
        for case in await self._steps.unobserved():
            try:
                await self._steps.unseen(case, 0.0)
            except StillVisibleError as seen:
                log.warning("a certificate waits for its second statement: %s", _reason(seen))
                continue
            unseen.append(case)
        if unseen:
            await self._steps.clean()
        for case in unseen:
            await self._steps.state_files(case, now)

    async def claim(self, now: datetime) -> list[tuple[Case, Step | None]]:
        """Claim due cases, and those of crashed workers, the earliest deadline first; returns each with its last step.

        An automatic erasure is due only if a warning was delivered, whatever its dates, and never while the customer
        has processing restricted: the data may be needed for a claim (Art. 18(1)(b), (c)).
        """
        held = exists().where(legal_holds.c.customer_id == erasures.c.customer_id, holds_at(now))
        warned = (
            select(erasure_letters.c.id)
            .where(
                erasure_letters.c.erasure_id == erasures.c.id,
                erasure_letters.c.kind == "WARNING",
                erasure_letters.c.outcome.in_(WARNED),
            )
            .exists()
        )
        ready = or_(
            erasures.c.cause == "REQUEST",
            warned & ~exists().where(restrictions.c.customer_id == erasures.c.customer_id),
        )
        due = and_(erasures.c.state == "SCHEDULED", erasures.c.not_before <= now, ready, ~held)
        found = select(
            erasures.c.id, erasures.c.customer_id, erasures.c.state, erasures.c.attempts, erasures.c.step
        ).where(or_(due, and_(erasures.c.state == "ERASING", LEASE.free(now))))
        claimed = []
        async with self._store.write() as connection:
            rows = await connection.execute(
                # Skip cases that another worker is claiming at the same time.
                found.order_by(erasures.c.due_at, erasures.c.id).limit(TOGETHER).with_for_update(skip_locked=True)
            )
            for id_, owner, state, attempts, step in rows.all():
                if state == "SCHEDULED":
                    await is_there(connection, owner)  # Locks the customer: no service can be added from here on.
                    if await self._stopped(connection, id_, owner, now):
                        continue
                    state = after(State[state], ErasureEvent.BEGUN).name
                taken = {"state": state} | LEASE.taken(now)
                await connection.execute(update(erasures).where(erasures.c.id == id_).values(taken))
                claimed.append((Case(id_, owner, attempts + 1), None if step is None else Step[step]))
        return claimed

    async def _stopped(self, connection: AsyncConnection, case: int, owner: int, now: datetime) -> bool:
        """Return whether a service, a hold or a restriction was added since the last planning."""
        running = select(func.count()).where(services.c.customer_id == owner, services.c.status != "TERMINATED")
        held = select(func.count()).where(legal_holds.c.customer_id == owner, holds_at(now))
        by_itself = (
            select(func.count())
            .select_from(restrictions)
            .join(erasures, restrictions.c.customer_id == erasures.c.customer_id)
        )
        restricted = by_itself.where(erasures.c.id == case, erasures.c.cause == "RETENTION")
        for each in (running, held, restricted):
            if await connection.scalar(each):
                self._looked = None  # Plan again in the next step, which changes the state of the case.
                return True
        return False

    async def _until_files(self, case: Case, done: Step | None) -> bool:
        """Do every step before FILES, which is done for all cases together; returns whether this case got there."""
        begin = 0 if done is None else STEPS.index(done) + 1
        try:
            for step in STEPS[begin : STEPS.index(Step.FILES)]:
                now = self._clock()
                await self._steps.do(case, step, now, now + LEASE.length)
        except ErasureLeaseLostError:
            return False
        except StoreUnavailableError as outage:
            await self._note(case, outage.cause.name, outage.reason)
            return False
        return True

    async def _finish(self, case: Case, clean: bool) -> None:
        try:
            now = self._clock()
            if clean:
                await self._steps.do(case, Step.FILES, now, now + LEASE.length)
            await self._steps.certify(case, now)
        except ErasureLeaseLostError:
            return
        except StoreUnavailableError as outage:
            await self._note(case, outage.cause.name, outage.reason)
        except (LedgerKeyLostError, LedgerUnnamedError) as unsigned:
            await self._note(case, "NOTHING_SIGNS", str(unsigned))

    async def _note(self, case: Case, trouble: str, reason: str) -> None:
        """Record the trouble for the operator, if the store accepts it; the case is retried soon."""
        log.warning("an erasure was put off: %s", reason, extra={"case": case_name(self._store.keys.system, case.id)})
        with suppress(StoreUnavailableError, ErasureLeaseLostError):
            async with self._store.write() as connection:
                change = {"trouble": trouble, "leased_until": self._clock() + SOON}
                await self._steps.hold(connection, case, change)

    async def _alarm(self, now: datetime) -> None:
        """Alarm the operator, well before the deadline, of erasures that should be done by now."""
        late = select(func.count()).where(STANDS, erasures.c.alarm_at <= bindparam("now", type_=Instant))
        ((count,),) = await self._store.reader.fetch(self._store.reader.prepare(late), {"now": now})
        if count != self._alarmed:
            self._alarmed = count
            if count:
                log.error("erasures are close to their deadline, or past it", extra={"cases": count})
