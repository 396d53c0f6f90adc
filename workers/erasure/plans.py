"""Plans erasures: periodically computes which customers are to be erased, and when (R31-R36, R42-R47)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from functools import partial
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import (
    ARRIVAL,
    ErasureCause,
    ErasureDates,
    WarningLetter,
    as_announced,
    due_erasure,
    named_day,
    still_ahead,
    warned,
)
from policy.erasing import ErasureEvent, State, after
from policy.letters import WARNED
from store.crypto.subject_key import SubjectKey
from store.crypto.system_keys import insert_new
from store.database.store import Store
from store.records.holds import holds_at, may_be_shown
from store.sql.ids import new_id
from store.sql.metadata import Id
from store.sql.reading import PreparedStatement, any_of
from store.tables.access import sign_ins
from store.tables.customers import customers
from store.tables.erasures import STANDING_STATES, STANDS, WAITING_STATES, erasure_letters, erasures, legal_holds
from store.tables.restrictions import restrictions
from store.tables.services import services
from workers.loop.periodic import Walk, guarded

PAGE = 200
"""Erasures in one transaction."""

MANY = 2_000
"""Customers in one statement."""

UNWARNED = "NOT_WARNED"
"""The trouble code of an automatic erasure while no warning was delivered."""

Notify = Callable[
    [AsyncConnection, SubjectKey, str, int, ErasureDates | None, datetime, datetime | None], Awaitable[int | None]
]
"""Writes to the customer; parameters: kind of message, number of the erasure, its dates, now, and the time from which
the message is void. Returns the number of the message in the outbox; None when there is no address."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """The facts about one customer on which the plan depends."""

    running: bool
    ended: datetime | None
    held: bool
    """By a legal hold that the customer may know of. A secret one must not change the visible state; it is checked when
    the erasure would begin."""
    seen: datetime | None
    restricted: bool
    """By the customer, who may need the data that would be erased automatically (Art. 18(1)(b), (c)); an erasure on
    request continues."""


class Planner:
    """Reviews all customers and erasures, some pages in each round. `zone` is the time zone of deadlines."""

    def __init__(self, store: Store, notify: Notify, zone: tzinfo) -> None:
        self._store, self._notify, self._zone = store, notify, zone
        self._everybody, self._standing = Walk("customers without services"), Walk("erasures that wait")
        prepare, after_last = store.reader.prepare, bindparam("last", type_=Id)
        self._next_customers = prepare(
            select(customers.c.id).where(customers.c.id > after_last).order_by(customers.c.id).limit(MANY)
        )
        dormant = (_without_services_any_more(), _without_any_service_ever())
        self._dormant = [prepare(each.where(any_of(customers.c.id, "ids"))) for each in dormant]
        standing = select(erasures.c.customer_id).where(STANDS, erasures.c.customer_id > after_last)
        self._next_standing = prepare(standing.order_by(erasures.c.customer_id).limit(PAGE))

    async def run(self, now: datetime) -> None:
        """Run one round: first customers that may need an automatic erasure, then erasures that wait."""

        async def arm(ids: Sequence[int]) -> None:
            await self._arm(ids, now)

        async def review(owners: Sequence[int]) -> None:
            await self._review(owners, now)

        await guarded("customers without services", self._everybody.go(partial(self._next, self._next_customers), arm))
        await guarded("erasures that wait", self._standing.go(partial(self._next, self._next_standing), review))

    async def _next(self, page: PreparedStatement, last: int) -> Sequence[int]:
        return [id_ for (id_,) in await self._store.reader.fetch(page, {"last": last})]

    async def _arm(self, ids: Sequence[int], now: datetime) -> None:
        """Schedule the automatic erasure of those of these customers who have no service."""
        found = list[int]()
        for dormant in self._dormant:
            found += [row[0] for row in await self._store.reader.fetch(dormant, {"ids": list(ids)})]
        if not found:  # Nearly always: then no write transaction is needed, which would block others on SQLite.
            return
        async with self._store.write() as connection:
            for some in (_without_services_any_more(), _without_any_service_ever()):
                rows = [
                    {
                        "id": new_id(), "customer_id": id_, "state": "SCHEDULED", "cause": "RETENTION",
                        "requested_at": min(since, now), "when_services_end": False, "warnings": 0, "attempts": 0,
                    }
                    for id_, since in await connection.execute(some.where(customers.c.id.in_(found)))
                ]  # fmt: skip
                if rows:
                    await connection.execute(insert_new(connection, erasures), rows)

    async def _review(self, owners: Sequence[int], now: datetime) -> None:
        page = (
            select(erasures)
            .where(erasures.c.state.in_(WAITING_STATES), erasures.c.customer_id.in_(owners))
            .order_by(erasures.c.id)
        )
        async with self._store.write() as connection:
            # Skip cases that another worker or a request has locked: the next round reviews them.
            rows = (await connection.execute(page.with_for_update(skip_locked=True))).all()
            if not rows:
                return
            owners = [row.customer_id for row in rows]
            facts = await _facts(connection, owners, now)
            keys = dict(zip(owners, await self._store.keys.subjects(owners), strict=True))
            letters = await _warnings(connection, [row.id for row in rows if row.cause == ErasureCause.RETENTION.name])
            for row in rows:
                customer = facts[row.customer_id], keys[row.customer_id]
                await self._move(connection, row, *customer, letters[row.id], now)

    async def _move(
        self,
        connection: AsyncConnection,
        row: Any,
        facts: _Facts,
        key: SubjectKey | None,
        letters: Sequence[WarningLetter],
        now: datetime,
    ) -> None:
        state, asked = State[row.state], row.cause == ErasureCause.REQUEST.name
        values: dict[str, Any] = {}
        clock = self._clock_of(row, facts)
        message = ""
        if clock is None:
            if state in (State.SCHEDULED, State.HELD):
                state = after(state, ErasureEvent.SERVICE_BEGAN if asked else ErasureEvent.OVERTAKEN)
                values = {"not_before": None, "alarm_at": None, "due_at": None, "trouble": None}
                values |= {} if asked else {"cancelled_at": now}
                message = "BLOCKED" if asked else ""
        else:
            if state in (State.ARMED, State.BLOCKED):
                state, message = after(state, ErasureEvent.SERVICES_ENDED), "ACCEPTED"
            held = facts.held or (facts.restricted and not asked)
            if state is State.SCHEDULED and held:
                state, message = after(state, ErasureEvent.HOLD_PLACED), "HELD"
            elif state is State.HELD and not held:
                state = after(state, ErasureEvent.HOLD_LIFTED)
            if asked:
                clock = still_ahead(clock, now, self._zone) if message and message != "HELD" else clock
                values = _dated(row, clock)
            else:
                values = await self._warn(connection, row, state, clock, key, letters, now)
        # Only changed columns: nearly every review changes nothing, and then writes nothing.
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        if state.name != row.state or changed:
            await connection.execute(
                update(erasures).where(erasures.c.id == row.id).values(changed | {"state": state.name})
            )
        if message and key is not None:
            await self._notify(connection, key, message, row.id, clock and as_announced(clock, self._zone), now, None)

    def _clock_of(self, row: Any, facts: _Facts) -> ErasureDates | None:
        """Return the dates of a case; those of a request never get later than they were, even if the time zone changes
        (F3)."""
        asked = row.cause == ErasureCause.REQUEST.name
        clock = due_erasure(
            requests=[row.requested_at] if asked else [],
            services_active=facts.running,
            last_service_ended=facts.ended,
            last_sign_in=facts.seen,
            zone=self._zone,
            not_due_before=row.not_due_before,
        )
        if clock is not None and asked and row.due_at is not None and row.due_at < clock.due:
            return replace(clock, due=row.due_at, alarm_at=min(clock.alarm_at, row.due_at))
        return clock

    async def _warn(
        self,
        connection: AsyncConnection,
        row: Any,
        state: State,
        clock: ErasureDates,
        key: SubjectKey | None,
        letters: Sequence[WarningLetter],
        now: datetime,
    ) -> dict[str, Any]:
        """Write a due warning, unless a hold suspends the erasure; returns the values to store."""
        plan = warned(clock, letters, now, self._zone)
        alarm = clock.alarm_at if plan.alarm_at is None else min(clock.alarm_at, plan.alarm_at)
        unwarned = plan.begins is None and (plan.alarm_at is not None or now >= clock.due)
        values = {
            "due_at": clock.due,
            "alarm_at": alarm,
            "not_before": plan.begins,
            "trouble": UNWARNED if unwarned else None,
        }
        if plan.write is None or state is not State.SCHEDULED or key is None:
            return values
        named = replace(clock, due=plan.write)
        # A first warning must arrive some days before the date that it announces; a second one only before that day.
        void = plan.write - (ARRIVAL if plan.begins is None else LAST_DAY)
        message = await self._notify(connection, key, "WARNING", row.id, named, now, void)
        letter = {"id": message or new_id(), "erasure_id": row.id, "kind": "WARNING", "names": plan.write}
        missing = {} if message else {"settled_at": now, "outcome": "NO_ADDRESS"}
        await connection.execute(insert(erasure_letters).values(letter | {"written_at": now} | missing))
        return values | {"warnings": row.warnings + 1}


LAST_DAY = timedelta(days=1)
"""A second warning is void from the beginning of the day that it announces."""


async def _warnings(connection: AsyncConnection, cases: Sequence[int]) -> defaultdict[int, list[WarningLetter]]:
    """Read the warnings of these cases."""
    found = defaultdict[int, list[WarningLetter]](list)
    if cases:
        columns = (
            erasure_letters.c.erasure_id,
            erasure_letters.c.names,
            erasure_letters.c.written_at,
            erasure_letters.c.failed_at,
            erasure_letters.c.settled_at,
            erasure_letters.c.outcome,
        )
        query = select(*columns).where(erasure_letters.c.erasure_id.in_(cases), erasure_letters.c.kind == "WARNING")
        for case_, names, written, failed, settled, outcome in await connection.execute(query):
            found[case_].append(WarningLetter(names, written, failed, settled, outcome in WARNED))
    return found


async def record_warning(
    connection: AsyncConnection, case_: int, at: datetime, now: datetime, zone: tzinfo, refused: bool = False
) -> datetime | None:
    """Record an operator's act: a warning sent by post at a time, or that none can be delivered.

    Returns the day on which the erasure may begin, which a letter announces far enough ahead; None if no such case
    waits for a warning.
    """
    query = select(erasures.c.due_at).where(
        erasures.c.id == case_, erasures.c.state == "SCHEDULED", erasures.c.cause == ErasureCause.RETENTION.name
    )
    due: datetime | None = await connection.scalar(query.with_for_update())
    if due is None:
        return None
    names = max(due, now) if refused else named_day(due, at, zone)
    letter = {"id": new_id(), "erasure_id": case_, "kind": "WARNING", "names": names, "written_at": at}
    outcome = {"settled_at": now, "outcome": "REFUSED" if refused else "POSTED"}
    await connection.execute(insert(erasure_letters).values(letter | outcome))
    return names


def _dated(row: Any, clock: ErasureDates) -> dict[str, Any]:
    """Return the dates to store for an erasure on request."""
    values: dict[str, Any] = {"due_at": clock.due, "alarm_at": clock.alarm_at}
    # An unchanged deadline keeps its earlier begin, which may have been postponed for the customer's sake.
    if row.not_before is None or row.due_at != clock.due:
        values["not_before"] = clock.not_before
    return values


def _without_services_any_more() -> Select[Any]:
    """Select customers whose last service has ended, with the time (R34)."""
    return select(customers.c.id, customers.c.last_service_ended_at).where(
        customers.c.last_service_ended_at.is_not(None), ~_standing()
    )


def _without_any_service_ever() -> Select[Any]:
    """Select customers who never had a service, with the time of their registration (A12)."""
    never = ~exists().where(services.c.customer_id == customers.c.id)
    return select(customers.c.id, customers.c.created_at).where(
        customers.c.last_service_ended_at.is_(None), never, ~_standing()
    )


def _standing() -> Any:
    return exists().where(erasures.c.customer_id == customers.c.id, erasures.c.state.in_(STANDING_STATES))


async def _facts(connection: AsyncConnection, owners: Sequence[int], now: datetime) -> dict[int, _Facts]:
    """Read the facts of all these customers at once."""
    counted = select(
        services.c.customer_id,
        func.sum(case((services.c.status != "TERMINATED", 1), else_=0)),
        func.max(services.c.terminated_at),
    )
    of = {id_: (int(running), ended) for id_, running, ended in await connection.execute(
        counted.where(services.c.customer_id.in_(owners)).group_by(services.c.customer_id)
    )}  # fmt: skip
    holding = select(legal_holds.c.customer_id).where(
        legal_holds.c.customer_id.in_(owners), holds_at(now), may_be_shown(now)
    )
    held = set((await connection.execute(holding)).scalars())
    restricting = select(restrictions.c.customer_id).where(restrictions.c.customer_id.in_(owners))
    restricted = set((await connection.execute(restricting)).scalars())
    without = [owner for owner in owners if owner not in of]
    seen: dict[int, datetime] = {}
    if without:
        entered = select(sign_ins.c.customer_id, func.max(sign_ins.c.at)).where(
            sign_ins.c.customer_id.in_(without), sign_ins.c.outcome == "SUCCEEDED"
        )
        seen = dict(
            (
                await connection.execute(
                    select(customers.c.id, customers.c.created_at).where(customers.c.id.in_(without))
                )
            ).all()
        )
        latest = (await connection.execute(entered.group_by(sign_ins.c.customer_id))).all()
        seen |= {id_: max(at, seen[id_]) for id_, at in latest if id_ in seen}
    return {
        owner: _Facts(
            bool(of.get(owner, (0, None))[0]),
            of.get(owner, (0, None))[1],
            owner in held,
            seen.get(owner),
            owner in restricted,
        )
        for owner in owners
    }
