"""Erasing customers when their time has come: any number of workers, any of which may die at any moment (R36, F1).

The database's own locking is the queue: a case is claimed under a lease, and its number of attempts is the fence.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import and_, bindparam, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import STEPS, ErasureEvent, State, Step, after
from store.database.store import Store
from store.ledger.signing_keys import LedgerKeyLostError, LedgerUnnamedError
from store.records.holds import holds_at
from store.sql.errors import StoreUnavailableError
from store.sql.horizon import StillVisibleError
from store.sql.metadata import Instant
from store.tables.erasures import STANDS, WARNED, erasure_letters, erasures, legal_holds
from store.tables.restrictions import restrictions
from store.tables.services import services
from workers.certificates.certificates import Signers, case_name
from workers.certificates.last_letter import LetterStatements
from workers.erasure.plans import Planner, Tell
from workers.erasure.redoing import Redoing
from workers.erasure.steps import Case, Compose, Done, ErasureLeaseLostError, Steps, is_there
from workers.loop.periodic import guarded, run_periodically
from workers.recipients.closing import Closing

log = logging.getLogger(__name__)


LEASE = timedelta(minutes=2)
"""How long a worker that died keeps the others waiting; renewed with every step."""

SOON = timedelta(seconds=10)
"""After which something that stood in the way is tried again."""

TOGETHER = 50
"""Cases that one worker takes at once, so that the files are gone over once for all of them."""

LOOK = timedelta(minutes=1)
"""How often everybody is looked at."""


PATIENCE = 5.0
"""Seconds for which short readings are waited for, before a case is put off."""

PRESSING = timedelta(days=2)
"""Before the deadline: what is still not clean in the files then is certified as not yet observed."""

WITHOUT_DATE = timedelta(days=30)
"""The deadline of an erasure that a restored backup made necessary again."""


def _reason(outage: StoreUnavailableError) -> str:
    """The sentence, and who it is that still sees something: sessions by their process, slots by their name."""
    return f"{outage.reason} ({outage.detail})" if isinstance(outage, StillVisibleError) else outage.reason


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Letters:
    """What is written to customers, and told to internal systems."""

    tell: Tell
    compose: Compose
    done: Done


class Eraser:
    """One of any number, in any number of processes."""

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
        """`backup_days`: after how many days the operator's archives and dumps end, which certificates name; 0: not
        said."""
        self._store, self._clock, self._pause = store, clock, pause
        self._steps = Steps(store, signers, letters.compose, letters.done, clock, backup_days)
        self._closing = Closing(store, signers)
        self._letters = LetterStatements(store, signers)
        self._planner = Planner(store, letters.tell, zone)
        self._redoing = Redoing(store)
        self._looked: datetime | None = None
        self._alarmed = 0

    async def run(self, stop: asyncio.Event) -> None:
        """Erase until told to stop; what is half done is taken up by whoever comes next."""
        await run_periodically(self.step, stop, self._pause, "erasures")

    async def step(self) -> bool:
        """Look at everybody if it is time to, then carry out what is due, whatever became of the look; whether anything
        was."""
        now = self._clock()
        if self._looked is None or not timedelta(0) <= now - self._looked < LOOK:
            self._looked = now
            await guarded("the alarm", self._alarm(now))  # First: whatever else fails, somebody learns of it (F9).
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
        """The step that is done for all of them together; for which of them it was done.

        First nobody may be able to see any more what was removed: as long as somebody can, PostgreSQL keeps it.
        """
        unseen, patience = list[Case](), PATIENCE
        for case in cases:
            try:
                await self._steps.unseen(case, patience)
                unseen.append(case)
            except StoreUnavailableError as outage:
                patience = 0.0  # Who keeps one of them waiting has been waited for.
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
        """Whether the deadline is so near that the certificate says what has been done, and that the files have not
        been seen clean yet: a forgotten replication slot delays nobody's erasure (D9)."""
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
        """Sign the second statement for certificates whose files are clean by now, all of them together."""
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
        """Cases that are due, and cases of workers that died, the earliest deadline first, each with its last step.

        Of those that nobody asked for only the ones whose warning has arrived, whatever their dates say, and of nobody
        who has processing restricted: the data may be needed for a claim (Art. 18(1)(b), (c)).
        A lease that ends later than a new one would was made by a clock that has been set back since, and counts for
        nothing (F3).
        """
        free = or_(
            erasures.c.leased_until.is_(None), erasures.c.leased_until <= now, erasures.c.leased_until > now + LEASE
        )
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
        ).where(or_(due, and_(erasures.c.state == "ERASING", free)))
        claimed = []
        async with self._store.write() as connection:
            rows = await connection.execute(
                found.order_by(erasures.c.due_at, erasures.c.id).limit(TOGETHER).with_for_update(skip_locked=True)
            )
            for id_, owner, state, attempts, step in rows.all():
                if state == "SCHEDULED":
                    await is_there(connection, owner)  # Nobody subscribes the customer to anything from here on.
                    if await self._stopped(connection, id_, owner, now):
                        continue
                    state = after(State[state], ErasureEvent.BEGUN).name
                taken = {"state": state, "attempts": attempts + 1, "leased_until": now + LEASE}
                await connection.execute(update(erasures).where(erasures.c.id == id_).values(taken))
                claimed.append((Case(id_, owner, attempts + 1), None if step is None else Step[step]))
        return claimed

    async def _stopped(self, connection: AsyncConnection, case: int, owner: int, now: datetime) -> bool:
        """Whether a service, a hold or a restriction came between the last look and now."""
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
                self._looked = None  # The planner says what becomes of it.
                return True
        return False

    async def _until_files(self, case: Case, done: Step | None) -> bool:
        """Every step before the one that is done for all cases together; whether this case got there."""
        begin = 0 if done is None else STEPS.index(done) + 1
        try:
            for step in STEPS[begin : STEPS.index(Step.FILES)]:
                now = self._clock()
                await self._steps.do(case, step, now, now + LEASE)
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
                await self._steps.do(case, Step.FILES, now, now + LEASE)
            await self._steps.certify(case, now)
        except ErasureLeaseLostError:
            return
        except StoreUnavailableError as outage:
            await self._note(case, outage.cause.name, outage.reason)
        except (LedgerKeyLostError, LedgerUnnamedError) as unsigned:
            await self._note(case, "NOTHING_SIGNS", str(unsigned))

    async def _note(self, case: Case, trouble: str, reason: str) -> None:
        """Say what stands in the way where the operator looks, if that can be written; it is tried again soon."""
        log.warning("an erasure was put off: %s", reason, extra={"case": case_name(self._store.keys.house, case.id)})
        with suppress(StoreUnavailableError, ErasureLeaseLostError):
            async with self._store.write() as connection:
                change = {"trouble": trouble, "leased_until": self._clock() + SOON}
                await self._steps.hold(connection, case, change)

    async def _alarm(self, now: datetime) -> None:
        """Tell the operator, well before a deadline passes, of what should have been done by now."""
        late = select(func.count()).where(STANDS, erasures.c.alarm_at <= bindparam("now", type_=Instant))
        ((count,),) = await self._store.reader.fetch(self._store.reader.prepare(late), {"now": now})
        if count != self._alarmed:
            self._alarmed = count
            if count:
                log.error("erasures are close to their deadline, or past it", extra={"cases": count})
