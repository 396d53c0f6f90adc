"""Restrictions and objections in the hands of staff: asked by letter, decided, lifted (GDPR Art. 18, 21)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import end_of_day, start_of_day
from policy.grant import Grant, Refusal
from policy.purposes import Purpose
from policy.restricting import Ground, ObjectionOutcome, ObjectionState, RightsEvent, instead, objection_to
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies, Site
from resolvers.consents.processing_stops import ActingParty, grounds_of, locked, record_event
from resolvers.legal.orders import is_order_number
from resolvers.restriction.restrictions import announce_lift, decide, object_, restrict
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.lookups.customer_numbers import key_with_number
from store.sql.metadata import instant
from store.tables.customers import customers
from store.tables.restrictions import objections, restrictions

MOST = 1_000
LONGEST = 500
"""Characters of a reason, which is written to the customer."""
PENDING = ObjectionState.PENDING.name


class RightsError(Exception):
    """The change is refused; the text says why, and how to go on. It repeats no value of a person."""


class Rights:
    """One workflow with the customers' own: only who asked differs, and stands in the events."""

    def __init__(self, store: Store, site: Site, staff: str | None = None) -> None:
        self._store, self._site, self._staff = store, site, staff

    async def restrict(self, number: str, ground: Ground, reference: str, now: datetime) -> bool:
        """Restrict processing for whoever asked by letter or by telephone; False if it was restricted already."""
        key, by = await self._key(number), self._by(reference)
        async with self._store.write() as connection:
            if not await locked(connection, key.customer_id):
                raise RightsError(NOBODY)
            return await restrict(connection, self._site, key, ground, by, now)

    async def lift(self, number: str, because: str, now: datetime, every: bool = False) -> None:
        """Write to the customer that the restriction will be lifted; it is, three days after the letter arrived.

        There is one restriction, so its end ends it on all of its grounds: refused where it has several, unless
        `every` says that the reason is about each.
        """
        reason, key = checked(because), await self._key(number)
        async with self._store.write() as connection:
            there = await locked(connection, key.customer_id)
            grounds = await grounds_of(connection, key.customer_id)
            if len(grounds) > 1 and not every:
                raise RightsError(f"It stands on {', '.join(grounds)}, and would end on each: say --every-ground.")
            if not there or not await announce_lift(connection, self._site, key, reason, self._by(None), now):
                raise RightsError("This customer has no restriction: `gateway restrictions list` shows them.")

    async def announced(self, number: str, on: date, now: datetime) -> None:
        """Record that the letter went by post on a day of the controller's zone, where no e-mail arrives.

        Of a day the hour is not known: the three days of Art. 18(3) count from its end, which is never before the
        letter was written. RightsError for a day to come, and where no letter of that day waits.
        """
        key, zone = await self._key(number), self._site.zone
        if start_of_day(on, zone) > now:
            raise RightsError("A letter was posted today, or before.")
        announced, by = end_of_day(on, zone), self._by(None)
        async with self._store.write() as connection:
            if not await locked(connection, key.customer_id):
                raise RightsError(NOBODY)
            purposes = await _announced(connection, key, announced)
            for purpose in purposes:
                await record_event(connection, key, RightsEvent.TOLD, by, now, purpose=purpose)
        if not purposes:
            raise RightsError("No letter to this customer waits to be posted, or it was written after that day.")

    async def object(self, number: str, purpose: Purpose, reference: str, now: datetime) -> bool:
        """Record an objection that came by letter or by telephone; False if there was one already."""
        if objection_to(purpose) is ObjectionOutcome.NONE:
            raise RightsError(f"There is no objection to {purpose.name}. {instead(purpose)}")
        key, by = await self._key(number), self._by(reference)
        async with self._store.write() as connection:
            if not await locked(connection, key.customer_id):
                raise RightsError(NOBODY)
            return await object_(connection, self._context(now), key, purpose, by)

    async def decide(self, number: str, purpose: Purpose, upheld: bool, because: str, now: datetime) -> None:
        """Decide an objection, and write why."""
        reason, key = checked(because), await self._key(number)
        async with self._store.write() as connection:
            there = await locked(connection, key.customer_id)
            args = key, purpose, upheld, reason, self._by(None), now
            if not there or not await decide(connection, self._site, *args):
                raise RightsError("No objection of this customer to this purpose waits: `gateway objections list`.")

    async def restrictions(self) -> Sequence[Any]:
        """Those that stand, the longest first; nobody is named but by number."""
        async with self._store.write() as connection:
            query = select(restrictions, customers.c.customer_number).join(
                customers, customers.c.id == restrictions.c.customer_id
            )
            rows = (await connection.execute(query.order_by(restrictions.c.since, restrictions.c.id).limit(MOST))).all()
        return await self._numbered(rows)

    async def objections(self, every: bool) -> Sequence[Any]:
        """Those that wait, the earliest answer first; with `every`, those decided, too."""
        query = select(objections, customers.c.customer_number).join(
            customers, customers.c.id == objections.c.customer_id
        )
        query = query if every else query.where(objections.c.state == PENDING)
        async with self._store.write() as connection:
            rows = (await connection.execute(query.order_by(objections.c.answer_by, objections.c.id).limit(MOST))).all()
        return await self._numbered(rows)

    async def _numbered(self, rows: Sequence[Any]) -> list[tuple[str, Any]]:
        keys = await self._store.keys.subjects([row.customer_id for row in rows])
        return [
            (key.open(customers.c.customer_number, row.customer_id, row.customer_number).decode(), row)
            for key, row in zip(keys, rows, strict=True)
            if key is not None
        ]

    async def _key(self, number: str) -> SubjectKey:
        key = await key_with_number(self._store, number)
        if key is None:
            raise RightsError(NOBODY)
        return key

    def _by(self, reference: str | None) -> ActingParty:
        if reference is not None and (not is_order_number(reference)):
            raise RightsError("A reference is the number of the case, such as REQ-12, and names nobody.")
        return ActingParty("STAFF", self._staff, reference)

    def _context(self, now: datetime) -> CommandContext:
        nobody = Grant("", "gateway", None, frozenset(), frozenset(), 0, Refusal.REFUSE, True, False, 1)
        return CommandContext(self._store, nobody, None, None, now, SignInDependencies(self._site))


NOBODY = "There is no customer with this number."


async def _announced(connection: AsyncConnection, key: SubjectKey, at: datetime) -> list[Purpose | None]:
    """Note when the customer was told, in every letter that was written before; about what each is, None: a lifting."""
    mine = (
        restrictions.c.customer_id == key.customer_id,
        restrictions.c.told_at.is_(None),
        restrictions.c.lift_announced_at <= at,
    )
    lifting = await connection.execute(update(restrictions).where(*mine).values(told_at=at))
    overridden = objections.c.customer_id == key.customer_id, objections.c.state == ObjectionState.OVERRIDDEN.name
    over = *overridden, objections.c.told_at.is_(None), objections.c.decided_at <= at
    purposes = [Purpose[each] for each in await connection.scalars(select(objections.c.purpose).where(*over))]
    await connection.execute(update(objections).where(*over).values(told_at=at))
    return [None] * lifting.rowcount + purposes


def checked(because: str) -> str:
    """A reason as it is written to the customer; RightsError for none."""
    if not because.strip() or not because.isprintable() or len(because) > LONGEST:
        raise RightsError(f"The reason is a sentence to the customer, in 1 to {LONGEST} characters on one line.")
    return because


async def backlog(store: Store, now: datetime) -> tuple[int, int]:
    """The objections that wait for a decision, and those past the month of Art. 12(3)."""
    waits: Any = select(func.count(), func.min(objections.c.answer_by)).where(objections.c.state == PENDING)
    query = store.reader.prepare(waits)
    ((waiting, first),) = await store.reader.fetch(query, {})
    if first is None or instant(first) >= now:
        return int(waiting), 0
    late = select(func.count()).where(objections.c.state == PENDING, objections.c.answer_by < now)
    async with store.write() as connection:
        return int(waiting), int(await connection.scalar(late) or 0)
