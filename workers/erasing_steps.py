"""What an erasure does, step by step; each is one transaction or can be done again without harm."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import Step
from store.customers import customers
from store.database import Store
from store.erasures import erasure_recipients, erasure_steps, erasures
from store.holdings import holdings
from store.holds import told_holds
from store.housekeys import insert_new
from store.ids import new_id
from store.legal import legal_requests
from store.messages import seal_for_nobody
from store.outbox import outbox
from store.readers import clients_that_read
from store.revocations import end_customer
from store.subjectkey import SubjectKey
from workers.certificates import Signers, as_json, case_name, facts_of, ledger_entry, signed
from workers.recipients import holders, list_and_write

E, R, T, O, L = erasures.c, erasure_recipients.c, erasure_steps.c, outbox.c, legal_requests.c  # noqa: E741

Compose = Callable[[AsyncConnection, SubjectKey, int, datetime], Awaitable[bytes | None]]
"""The last message to a customer, for the erasure of this number; None when there is no address to send it to."""

Done = Callable[[AsyncConnection, int, datetime], Awaitable[None]]
"""Tells internal systems that a customer is erased, in the transaction that makes it so."""


@dataclass(frozen=True, slots=True)
class Case:
    """One attempt at one erasure."""

    id: int
    customer_id: int
    attempt: int


class LeaseLost(Exception):  # noqa: N818  (what happened to the lease)
    """Another worker has taken over: what this one still does counts for nothing."""


class Steps:
    """Carries out one step of one case."""

    def __init__(
        self, store: Store, signers: Signers, compose: Compose, done: Done, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._signers, self._compose, self._done = store, signers, compose, done
        self._clock = clock

    async def do(self, case: Case, step: Step, now: datetime, until: datetime) -> None:
        """One step but the last; LeaseLost, StoreUnavailable."""
        change: dict[str, Any] = {"step": step.name, "leased_until": until, "trouble": None}
        key = None
        if step in (Step.RECIPIENTS, Step.FAREWELL):
            (key,) = await self._store.keys.subjects([case.customer_id])
        readers = await self._readers(key) if step is Step.RECIPIENTS else set[str]()
        if step is Step.KEY:
            await self._list_latest(case, until)
            change["fingerprint"] = await self._store.keys.destroy(case.customer_id, clean=False)
        async with self._store.write() as connection:
            await self.hold(connection, case, change)
            match step:
                case Step.RECIPIENTS if key is not None:
                    await self._list(connection, case, key, readers)
                case Step.FAREWELL if key is not None:
                    await self._put_aside(connection, case, key, now)
                case Step.ROWS:
                    stood = await told_holds(connection, case.customer_id, self._clock(), standing=False)
                    await connection.execute(update(erasures).where(E.id == case.id).values(holds=as_json(stood)))
                    await detach_requests(connection, case)
                    await remove_rows(connection, case.customer_id)
                case Step.TOKENS:
                    await end_customer(connection, case.customer_id, now)
            await self._note(connection, case, step)

    async def _readers(self, key: SubjectKey | None) -> set[str]:
        """The programs that read, by the ledger; without the key nobody can tell any more."""
        return set() if key is None else await clients_that_read(self._store.ledger_reader, key.pseudonym)

    async def _list_latest(self, case: Case, until: datetime) -> None:
        """Whoever got or read something since the recipients were listed; the last moment at which it can be told."""
        (key,) = await self._store.keys.subjects([case.customer_id])
        if key is None:
            return
        readers = await self._readers(key)
        async with self._store.write() as connection:
            await self.hold(connection, case, {"leased_until": until})
            await self._list(connection, case, key, readers)

    async def _list(self, connection: AsyncConnection, case: Case, key: SubjectKey, readers: set[str]) -> None:
        found = await holders(connection, case.customer_id, readers)
        await list_and_write(connection, self._store.keys.house, case.id, key, found, self._clock())

    async def _note(self, connection: AsyncConnection, case: Case, step: Step) -> None:
        """That a step was seen to be done, at this moment; a second time changes nothing (D9)."""
        row = {"id": new_id(), "erasure_id": case.id, "step": step.name, "done_at": self._clock()}
        await connection.execute(insert_new(connection, erasure_steps), [row])

    async def hold(self, connection: AsyncConnection, case: Case, change: dict[str, Any]) -> None:
        """Write to the case, if it is still this worker's."""
        mine = E.id == case.id, E.state == "ERASING", E.attempts == case.attempt
        if (await connection.execute(update(erasures).where(*mine).values(change))).rowcount != 1:
            raise LeaseLost

    async def clean(self) -> None:
        """The step FILES, for all customers whose rows were removed before: it goes over whole tables.

        StoreUnavailable NOT_PERMITTED when nothing is cleaned because the store's role may not.
        """
        await self._store.keys.clean(must=True)
        for each in holdings():
            await self._store.scrub(each.table, must=True)

    async def certify(self, case: Case, now: datetime) -> None:
        """The last step. The certificate is written first and signed once: a worker that takes over finds it there."""
        signers = await self._signers()
        async with self._store.write() as connection:
            row = (await connection.execute(select(erasures).where(E.id == case.id).with_for_update())).one()
            listed = select(erasure_recipients).where(R.erasure_id == case.id).order_by(R.kind, R.name)
            told = (await connection.execute(listed)).all()
            steps = (await connection.execute(select(erasure_steps).where(T.erasure_id == case.id))).all()
            name = case_name(self._store.keys.house, case.id)
            certificate = row.certificate or signed(signers, facts_of(name, row, steps, told, self._clock()))
            await self.hold(connection, case, {"certificate": certificate})
        await self._store.ledger.append(ledger_entry(certificate, now))
        done = {"state": "ERASED", "finished_at": self._clock(), "leased_until": None, "step": Step.CERTIFICATE.name}
        async with self._store.write() as connection:
            await self.hold(connection, case, done | {"trouble": None, "recipients_due_at": now if told else None})
            await self._note(connection, case, Step.CERTIFICATE)
            farewell = O.id == case.id, O.customer_id.is_(None), O.delivered_at.is_(None)
            await connection.execute(update(outbox).where(*farewell).values(next_attempt_at=now))
            await self._done(connection, case.customer_id, now)

    async def _put_aside(self, connection: AsyncConnection, case: Case, key: SubjectKey, now: datetime) -> None:
        """It leaves when all is done, so it is sealed by the house and belongs to nobody meanwhile."""
        message = await self._compose(connection, key, case.id, now)
        if message is None:
            return
        payload = await seal_for_nobody(self._store.keys.house, case.id, message)
        row = {"id": case.id, "customer_id": None, "topic": "email", "payload": payload, "created_at": now}
        await connection.execute(insert_new(connection, outbox), [row | {"next_attempt_at": None, "attempts": 0}])


async def detach_requests(connection: AsyncConnection, case: Case) -> None:
    """What authorities asked for stays in the register without the customer; the answer is now the certificate (R53).

    An order to be silent ends here: nobody is left who could be told.
    """
    left = {"customer_id": None, "erasure_id": case.id, "embargoed_until": None}
    await connection.execute(update(legal_requests).where(L.customer_id == case.customer_id).values(left))


async def remove_rows(connection: AsyncConnection, customer_id: int) -> None:
    """Every row about a customer but the record of the erasure, those that refer to others first.

    The tables are found by what they declare. One that is forgotten fails here on its foreign key.
    """
    for each in reversed(holdings()):
        if each.table is not erasures:
            await connection.execute(delete(each.table).where(each.owner == customer_id))


async def is_there(connection: AsyncConnection, customer_id: int) -> bool:
    """Whether there is a row of this customer, locked against whoever would subscribe them to something."""
    found = select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    return await connection.scalar(found) is not None
