"""The steps of an erasure; each is one transaction, or idempotent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import last_letter_until
from policy.erasing import Step
from store.accesses.readers import clients_that_read
from store.crypto.erasure_numbers import count_erasure
from store.crypto.subject_key import SubjectKey
from store.crypto.system_keys import insert_new
from store.database.store import Point, Store
from store.queue.lease import RowLease
from store.queue.logouts import note_ended_customer
from store.queue.messages import seal_for_nobody
from store.queue.revocations import end_customer
from store.records.declared import DETACHED, Fate
from store.records.holdings import holdings
from store.records.holds import visible_holds
from store.records.removal import remove_rows
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.erasures import erasure_count, erasure_letters, erasure_recipients, erasure_steps, erasures
from store.tables.outbox import outbox
from workers.certificates.certificates import (
    FILES,
    Signers,
    as_json,
    case_name,
    erased_entry,
    facts_of,
    last_letter,
    ledger_entry,
    said,
    signed,
)
from workers.certificates.statements import beyond_reach, files_facts
from workers.recipients.listing import holders, list_and_write

Compose = Callable[[AsyncConnection, SubjectKey, int, datetime], Awaitable[bytes | None]]
"""Composes the final notice for the erasure of this number; None when there is no address."""

MOST = 50
"""Certificates that get their statement about files in one round."""

Done = Callable[[AsyncConnection, int, datetime], Awaitable[None]]
"""Notifies internal systems of an erased customer, in the transaction that completes the erasure."""


LEASE = RowLease(erasures, timedelta(minutes=2))
"""How long a dead worker blocks its cases; renewed with every step."""


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt at one erasure."""

    id: int
    customer_id: int
    attempt: int


class ErasureLeaseLostError(Exception):
    """Another worker has taken over the lease; writes of this one are refused."""


class Steps:
    """Carries out one step of one case."""

    def __init__(
        self,
        store: Store,
        signers: Signers,
        compose: Compose,
        done: Done,
        clock: Callable[[], datetime],
        backup_days: int = 0,
    ) -> None:
        self._store, self._signers, self._compose, self._done = store, signers, compose, done
        self._clock, self._backup_days = clock, backup_days
        self._points: dict[int, Point] = {}

    async def do(self, case: Case, step: Step, now: datetime, until: datetime) -> None:
        """Do one step other than the last; ErasureLeaseLostError, StoreUnavailableError."""
        change: dict[str, Any] = {"step": step.name, "leased_until": until, "trouble": None}
        key = None
        if step is Step.FILES:
            change["files_at"] = now
        if step in (Step.RECIPIENTS, Step.FAREWELL):
            (key,) = await self._store.keys.subjects([case.customer_id])
        readers = await self._readers(key) if step is Step.RECIPIENTS else set[str]()
        if step is Step.KEY:
            # Before the key is destroyed: without it the ledger cannot be searched for readers any more.
            await self._list_latest(case, until)
            # Committed before the data records it: after a crash in between the key is gone, and destroying it again is
            # a no-op.
            change["fingerprint"] = await self._store.keys.destroy(case.customer_id, clean=False)
            change["number"] = await self._store.keys.erasure_number(case.customer_id)
        async with self._store.write() as connection:
            await self.hold(connection, case, change)
            if change.get("number") is not None:
                await count_erasure(connection, erasure_count, change["number"])
            match step:
                case Step.RECIPIENTS if key is not None:
                    await self._list(connection, case, key, readers)
                case Step.FAREWELL if key is not None:
                    await self._store_final_notice(connection, case, key, now)
                case Step.ROWS:
                    # Copied first: the holds are rows of the customer, too, and the certificate needs them.
                    stood = await visible_holds(connection, case.customer_id, self._clock(), standing=False)
                    await connection.execute(
                        update(erasures).where(erasures.c.id == case.id).values(holds=as_json(stood))
                    )
                    await detach_requests(connection, case)
                    await remove_rows(connection, [case.customer_id])
                case Step.TOKENS:
                    if key is not None:
                        await note_ended_customer(connection, self._store.keys.system, key, now)
                    await end_customer(connection, case.customer_id, now)
            await self._note(connection, case, step)

    async def _readers(self, key: SubjectKey | None) -> set[str]:
        """Return the clients that read, by the ledger; it can only be searched while the key exists."""
        return set() if key is None else await clients_that_read(self._store.ledger_reader, key.pseudonym)

    async def _list_latest(self, case: Case, until: datetime) -> None:
        """List recipients since the first listing; the last opportunity, since the ledger cannot be searched without
        the key."""
        (key,) = await self._store.keys.subjects([case.customer_id])
        if key is None:
            return
        readers = await self._readers(key)
        async with self._store.write() as connection:
            await self.hold(connection, case, {"leased_until": until})
            await self._list(connection, case, key, readers)

    async def _list(self, connection: AsyncConnection, case: Case, key: SubjectKey, readers: set[str]) -> None:
        found = await holders(connection, case.customer_id, readers)
        await list_and_write(connection, self._store.keys.system, case.id, key, found, self._clock())

    async def _note(self, connection: AsyncConnection, case: Case, step: Step) -> None:
        """Record that a step was observed to be done now; idempotent (D9)."""
        row = {"id": new_id(), "erasure_id": case.id, "step": step.name, "done_at": self._clock()}
        await connection.execute(insert_new(connection, erasure_steps), [row])

    async def hold(self, connection: AsyncConnection, case: Case, change: dict[str, Any]) -> None:
        """Update the case if this worker still has its lease; else ErasureLeaseLostError."""
        mine = LEASE.mine(case.id, case.attempt), erasures.c.state == "ERASING"
        if (await connection.execute(update(erasures).where(*mine).values(change))).rowcount != 1:
            raise ErasureLeaseLostError

    async def unseen(self, case: Case, max_wait: float) -> None:
        """Wait until no snapshot from before the deletion is left; StillVisibleError with its holders after `max_wait`
        seconds.

        The point is taken at the first call of this process, after the deletion, and stays the same: on a busy server
        there is always some snapshot, and a later point would never be passed.
        """
        point = self._points.get(case.id) or await self._store.point()
        self._points[case.id] = point
        await self._store.unseen(point, max_wait)

    async def clean(self) -> None:
        """Do the step FILES, for all customers whose rows were deleted before: it processes whole tables.

        StoreUnavailableError NOT_PERMITTED when the store's role may not clean them. Rows that a snapshot still sees
        stay: call `unseen` first.
        """
        await self._store.keys.clean(must=True)
        for each in holdings():
            await self._store.scrub(each.table, must=True)

    async def certify(self, case: Case, now: datetime) -> None:
        """Do the last step. The certificate is stored before the case is closed, and signed once: a worker that takes
        over finds it."""
        recipients, unobserved = await self._sign(case, now)
        done = {"state": "ERASED", "finished_at": self._clock(), "leased_until": None, "step": Step.CERTIFICATE.name}
        async with self._store.write() as connection:
            await self.hold(
                connection, case, done | {"trouble": None, "recipients_due_at": now if recipients else None}
            )
            await self._note(connection, case, Step.CERTIFICATE)
            # The final notice may leave now; it has waited without a customer and without a date.
            final_notice = (
                outbox.c.id == case.id,
                outbox.c.customer_id.is_(None),
                outbox.c.delivered_at.is_(None),
                outbox.c.dead_at.is_(None),
            )
            await connection.execute(update(outbox).where(*final_notice).values(next_attempt_at=now))
            await self._done(connection, case.customer_id, now)
        if not unobserved:
            self._points.pop(case.id, None)

    async def _sign(self, case: Case, now: datetime) -> tuple[bool, bool]:
        """Sign and record the certificate; returns whether there are recipients, and whether the files are not yet
        clean."""
        signers = await self._signers()
        async with self._store.write() as connection:
            row = (await connection.execute(select(erasures).where(erasures.c.id == case.id).with_for_update())).one()
            if row.redone:
                # Certified before a restore: a case has only one certificate, and its ledger entry exists (F8).
                return False, row.files_at is None
            listed = (
                select(erasure_recipients)
                .where(erasure_recipients.c.erasure_id == case.id)
                .order_by(erasure_recipients.c.kind, erasure_recipients.c.name)
            )
            recipients = (await connection.execute(listed)).all()
            steps = (await connection.execute(select(erasure_steps).where(erasure_steps.c.erasure_id == case.id))).all()
            name = case_name(self._store.keys.system, case.id)
            last = await self._last_letter(connection, case)
            facts = facts_of(name, row, steps, recipients, self._clock()) | self._files(row, now) | last
            certificate = row.certificate or signed(signers, facts)
            unobserved = row.unobserved if row.certificate else row.files_at is None
            await self.hold(connection, case, {"certificate": certificate, "unobserved": unobserved})
        recorded = self._clock()  # Not the time in the signed text, which is earlier (D9).
        await self._store.ledger.append(ledger_entry(certificate, recorded))
        if row.number is not None:
            await self._store.ledger.append(erased_entry(row.number, bytes(row.fingerprint or b""), recorded))
        return bool(recipients), unobserved

    async def _last_letter(self, connection: AsyncConnection, case: Case) -> dict[str, Any]:
        """Return the state of the final notice; with an outcome the certificate contains it, and no statement
        follows."""
        mine = erasure_letters.c.id == case.id
        letter = (await connection.execute(select(erasure_letters).where(mine))).one_or_none()
        if letter is not None and letter.outcome is not None:
            await connection.execute(update(erasure_letters).where(mine).values(stated=True))
        return last_letter(letter)

    def _files(self, row: Any, now: datetime) -> dict[str, Any]:
        """Return the facts about the files: when they were clean, null if not yet observed, and the places beyond
        reach."""
        beyond = beyond_reach(self._store.on_server, self._backup_days, now)
        return {"filesAt": said(row.files_at), "beyondReach": beyond}

    async def unobserved(self) -> list[Case]:
        """Return cases whose certificate was signed before their files were clean, the oldest first."""
        found = select(erasures.c.id, erasures.c.customer_id, erasures.c.attempts).where(
            erasures.c.unobserved, erasures.c.state == "ERASED"
        )
        async with self._store.write() as connection:
            rows = await connection.execute(found.order_by(erasures.c.id).limit(MOST))
            return [Case(*row) for row in rows]

    async def state_files(self, case: Case, now: datetime) -> None:
        """Sign the statement that the files are clean now (D9). It is stored before it is recorded, and signed once."""
        signers = await self._signers()
        async with self._store.write() as connection:
            row = (await connection.execute(select(erasures).where(erasures.c.id == case.id).with_for_update())).one()
            if not row.unobserved:
                return
            name = case_name(self._store.keys.system, case.id)
            statement = row.files_statement or signed(signers, files_facts(name, row.certificate, now), FILES)
            at = row.files_at or now
            kept = update(erasures).where(erasures.c.id == case.id).values(files_statement=statement, files_at=at)
            await connection.execute(kept)
            await self._note(connection, case, Step.FILES)
        await self._store.ledger.append(ledger_entry(statement, now))
        async with self._store.write() as connection:
            await connection.execute(update(erasures).where(erasures.c.id == case.id).values(unobserved=False))
        self._points.pop(case.id, None)

    async def _store_final_notice(
        self, connection: AsyncConnection, case: Case, key: SubjectKey, now: datetime
    ) -> None:
        """Store the final notice, to be sent after the erasure; it is encrypted under a system key, since the
        customer's key is destroyed before, and has no customer."""
        message = await self._compose(connection, key, case.id, now)
        due = await connection.scalar(select(erasures.c.due_at).where(erasures.c.id == case.id))
        letter = {"id": case.id, "erasure_id": case.id, "kind": "LAST", "written_at": now}
        missing = {"settled_at": now, "outcome": "NO_ADDRESS"} if message is None else {}
        await connection.execute(insert_new(connection, erasure_letters), [letter | missing])
        if message is None:
            return
        payload = await seal_for_nobody(self._store.keys.system, case.id, message)
        row = {"id": case.id, "customer_id": None, "topic": "email", "payload": payload, "created_at": now}
        row |= {"void_at": last_letter_until(due, now)}
        await connection.execute(insert_new(connection, outbox), [row | {"next_attempt_at": None, "attempts": 0}])


async def detach_requests(connection: AsyncConnection, case: Case) -> None:
    """Remove the customer from requests of authorities, which stay in the register; the certificate answers them (R53).

    An embargo ends here, since there is nobody left to inform.
    """
    for each in holdings():
        if each.declared.fate is Fate.DETACHED:
            left = dict.fromkeys(DETACHED) | {"erasure_id": case.id}
            await connection.execute(update(each.table).where(each.of(case.customer_id)).values(left))


async def is_there(connection: AsyncConnection, customer_id: int) -> bool:
    """Return whether the customer exists, and lock the row, so that no service can be added meanwhile."""
    found = select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    return await connection.scalar(found) is not None
