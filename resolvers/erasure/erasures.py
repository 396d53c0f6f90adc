"""Being erased, and calling it off until it begins: the steps of `resolvers.rights.requests` (R31-R33, R42-R47)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import as_announced, due_erasure
from policy.erasing import WAITING, ErasureEvent, State, after
from policy.requests import RequestKind, RequestState
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.commands.language import language_of
from resolvers.emails.emails import reader_of, send_to, write
from resolvers.emails.erasure import ErasureEmail
from resolvers.erasure.consents import erase_consented, scrub, stays
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.requests import settle_request, withdraw_requests
from store.crypto.subject_key import SubjectKey
from store.links.receipts import receipt_of
from store.lookups.reservations import reserving
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.erasures import STANDING_STATES, erasures
from store.tables.services import services

CODE = 16
"""The most characters of a staff code."""
SAME = timedelta(days=1)
"""The time within which a repeated refused request, which erases nothing more, counts as the same one."""

GONE = UserProblem("NOT_FOUND", "There is no such customer any more.")
NO_ERASURE = UserProblem("NOT_FOUND", "There is no such erasure.", ("erasureId",))
ACTIVE = UserProblem(
    "SERVICES_ACTIVE",
    "Services are still running: end them first, or ask with `whenServicesEnd: true`. `blockedBy` lists them.",
    ("whenServicesEnd",),
)
BEGUN = UserProblem("ERASURE_BEGUN", "The erasure has begun and cannot be called off any more.", ("erasureId",))
OVER = UserProblem("ERASURE_OVER", "This erasure is over.", ("erasureId",))
BY_ITSELF = UserProblem(
    "NOT_ASKED_FOR",
    "Nobody asked for this erasure: it comes six months after the last service. A new service ends it.",
    ("erasureId",),
)


@dataclass(frozen=True, slots=True)
class Requested(Result):
    """The present erasure, and its receipt."""

    receipt: str | None = None
    blocked_by: tuple[int, ...] = ()
    """The keys of the running services."""
    erased_now: tuple[str, ...] = ()
    """The coordinates of the data that was erased at once."""
    stays: tuple[str, ...] = ()
    """Texts about the data that stays and why, with the remedies (GDPR Art. 12(4))."""


async def request_erasure(context: CommandContext, given: Mapping[str, Any]) -> Requested:
    """Request the erasure of all data. It is refused while a service runs, unless it may wait for the end of the last.

    Data based on consent is erased at once in either case (A10). A refused request is recorded, too.

    Two requests are one erasure with the earlier deadline (R47). An erasure due by retention becomes a requested one,
    and can only become earlier (R46).
    """
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Requested(problems=(GONE,))
    async with reserving(context.store) as reserved, context.store.write() as connection:
        if (
            await connection.scalar(select(customers.c.id).where(customers.c.id == context.subject).with_for_update())
            is None
        ):
            return Requested(problems=(GONE,))
        # Under the lock of the customer's row: services that decide about the request cannot change meanwhile.
        running = await active_services(connection, context.subject)
        waits = bool(given.get("whenServicesEnd"))
        erased = await erase_consented(connection, context, key, reserved) if running else ()
        standing = await standing_erasure(connection, context.subject)
        refused = bool(running) and not waits
        if refused:
            id_ = await _refuse(connection, context, key, erased)
            await note_request(connection, context, RequestKind.ERASURE, RequestState.REFUSED, id_)
        elif standing is not None and (standing.cause == "REQUEST" or standing.state == "ERASING"):
            id_ = standing.id
            if context.behalf is not None and context.behalf.request is not None:
                await note_request(connection, context, RequestKind.ERASURE, RequestState.ACCEPTED, id_)
        else:
            id_ = await _accept(connection, context, key, standing, waits=bool(running))
            await note_request(connection, context, RequestKind.ERASURE, RequestState.ACCEPTED, id_)
        if erased:
            await _note_erased(connection, id_, erased)
        await reserved.written(connection)
    # After the commit: deleted values are in free pages from then on.
    await scrub(context, erased)
    return Requested(
        affected={"erasure": id_, "customer": context.subject},
        problems=(ACTIVE,) if refused else (),
        receipt=await receipt_of(context.store.keys.system, id_),
        blocked_by=running,
        erased_now=erased,
        stays=stays(await language_of(context)) if running else (),
    )


async def _note_erased(connection: AsyncConnection, id_: int, erased: tuple[str, ...]) -> None:
    """Store with the request what it erased at once, for its status; a repeated request adds to it."""
    before: str | None = await connection.scalar(select(erasures.c.erased_now).where(erasures.c.id == id_))
    known = [] if before is None else orjson.loads(before)
    all_erased = orjson.dumps([*known, *(each for each in erased if each not in known)]).decode()
    await connection.execute(update(erasures).where(erasures.c.id == id_).values(erased_now=all_erased))


async def _refuse(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, erased: tuple[str, ...]
) -> int:
    """Record a refused request, and notify the customer of the reasons; a repetition within a day is not a new one."""
    query = select(erasures.c.id).where(
        erasures.c.customer_id == context.subject, erasures.c.state == State.REFUSED.name
    )
    # Not in the future: a clock that was set back must not swallow requests (F3).
    recent = (
        query.where(erasures.c.requested_at > context.now - SAME, erasures.c.requested_at <= context.now)
        .order_by(erasures.c.id.desc())
        .limit(1)
    )
    known: int | None = await connection.scalar(recent)
    # Repeating a refused request must not fill a mailbox.
    if known is not None and not erased:
        return known
    id_, words = new_id(), {"cause": "REQUEST", "state": State.REFUSED.name, "when_services_end": False}
    row = {"id": id_, "customer_id": context.subject, "requested_at": context.now} | words
    row |= acted(context, key, erasures, id_, "requested")
    await connection.execute(insert(erasures).values(row))
    reader = await reader_of(connection, key)
    if reader is not None:
        why = "\n\n".join(stays(reader.language))
        await send_to(connection, reader, context.dependencies.site, ErasureEmail.REFUSED, context.now, stays=why)
    return id_


async def _accept(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, standing: Any, waits: bool
) -> int:
    now, clock = context.now, None
    values: dict[str, Any] = {"cause": "REQUEST", "requested_at": now, "when_services_end": waits, "state": "ARMED"}
    if not waits:
        ended = await last_end(connection, context.subject)
        clock = due_erasure(
            requests=[now],
            services_active=False,
            last_service_ended=ended,
            last_sign_in=None,
            zone=context.dependencies.site.zone,
            not_due_before=None if standing is None else standing.not_due_before,
        )
        assert clock is not None  # Without running services a request always has dates.
        dates = {"not_before": clock.not_before, "alarm_at": clock.alarm_at, "due_at": clock.due}
        held = standing is not None and standing.state == "HELD"
        values |= dates | {"state": "HELD" if held else "SCHEDULED"}
    id_ = new_id() if standing is None else standing.id
    values |= acted(context, key, erasures, id_, "requested")
    if standing is None:
        await connection.execute(insert(erasures).values(id=id_, customer_id=context.subject, **values))
    else:
        await connection.execute(update(erasures).where(erasures.c.id == id_).values(values))
    site = context.dependencies.site
    link = f"{site.address}/erasures/{await receipt_of(context.store.keys.system, id_)}"
    facts: dict[str, Fact] = {"erasure": Ref("Erasure", id_), "state": str(values["state"])}
    await announce(connection, key, "erasure.requested", now, facts=facts)
    if waits:
        reader = await reader_of(connection, key)
        if reader is not None:
            why = "\n\n".join(stays(reader.language))
            await send_to(connection, reader, site, ErasureEmail.ARMED, now, link=link, stays=why)
    else:
        assert clock is not None  # A request that does not wait has dates.
        communicated = as_announced(clock, site.zone)
        begin, due = communicated.not_before, communicated.due
        await write(connection, key, site, ErasureEmail.ACCEPTED, now, link=link, begin=begin, due=due)
    return id_


async def cancel_erasure(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Cancel an erasure that has not begun."""
    (key,) = await context.store.keys.subjects([context.subject])
    if key is None:
        return Result(problems=(GONE,))
    async with context.store.write() as connection:
        own = erasures.c.id == (given.get("erasureId") or 0), erasures.c.customer_id == context.subject
        row = (
            await connection.execute(select(erasures.c.state, erasures.c.cause).where(*own).with_for_update())
        ).one_or_none()
        if row is None:
            return Result(problems=(NO_ERASURE,))
        # An erasure by retention is a duty of the controller: only a new service ends it (R34).
        if row.cause != "REQUEST":
            return Result(problems=(BY_ITSELF,))
        # Data keys may be destroyed already, and destroying is final.
        if State[row.state] not in WAITING:
            return Result(problems=(BEGUN if row.state == "ERASING" else OVER,))
        await withdraw(connection, context, key, given["erasureId"], row.state)
    return Result(affected={"erasure": given["erasureId"], "customer": context.subject})


async def withdraw(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, erasure_id: int, state: str
) -> None:
    """Cancel an erasure, in the caller's transaction. The worker schedules one due by retention again."""
    cancelled = after(State[state], ErasureEvent.CANCELLED).name
    values: dict[str, Any] = {"state": cancelled, "cancelled_at": context.now, "not_before": None, "alarm_at": None}
    values |= acted(context, key, erasures, erasure_id, "cancelled")
    await connection.execute(update(erasures).where(erasures.c.id == erasure_id).values(values))
    await withdraw_requests(connection, key.customer_id, RequestKind.ERASURE, context.now, result=erasure_id)
    await announce(connection, key, "erasure.cancelled", context.now, facts={"erasure": Ref("Erasure", erasure_id)})
    await write(connection, key, context.dependencies.site, ErasureEmail.CANCELLED, context.now)


def acted(context: CommandContext, key: SubjectKey, table: Table, row_id: int, verb: str) -> dict[str, Any]:
    """Columns of the operator who acted for the customer, with the encrypted reason; NULL if the customer acted."""
    if context.behalf is None:
        return {f"{verb}_by": None, f"{verb}_because": None}
    reason = key.seal(table.c[f"{verb}_because"], row_id, context.behalf.because.encode())
    return {f"{verb}_by": context.behalf.by, f"{verb}_because": reason}


async def note_request(
    connection: AsyncConnection, context: CommandContext, kind: RequestKind, state: RequestState, result: int | None
) -> None:
    """Settle the request in the register, or record a new one, in the transaction of the command."""
    behalf = context.behalf
    await settle_request(
        connection,
        context.subject,
        kind,
        state,
        context.now,
        context.dependencies.site.zone,
        request=None if behalf is None else behalf.request,
        by_staff=behalf is not None,
        # Without a code the operator is a pseudonym of 22 letters, which the erasure or the export itself has.
        staff=behalf.by if behalf is not None and len(behalf.by) <= CODE else None,
        result=result,
    )


async def active_services(connection: AsyncConnection, customer_id: int) -> tuple[int, ...]:
    """The keys of running services; one in its redemption period counts (R45)."""
    running = (
        select(services.c.id)
        .where(services.c.customer_id == customer_id, services.c.status != "TERMINATED")
        .order_by(services.c.id)
    )
    return tuple((await connection.execute(running)).scalars())


async def standing_erasure(connection: AsyncConnection, customer_id: int) -> Any:
    """The erasure that is not finished, locked; None if there is none."""
    found = select(erasures.c.id, erasures.c.state, erasures.c.cause, erasures.c.not_due_before).where(
        erasures.c.customer_id == customer_id, erasures.c.state.in_(STANDING_STATES)
    )
    return (await connection.execute(found.with_for_update())).one_or_none()


async def last_end(connection: AsyncConnection, customer_id: int) -> datetime | None:
    """The end of the customer's last service; None if there was none."""
    ended: datetime | None = await connection.scalar(
        select(func.max(services.c.terminated_at)).where(services.c.customer_id == customer_id)
    )
    return ended
