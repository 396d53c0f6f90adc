"""Subscribing to services and ending them, for the tools that provide them (R31, R42-R45)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.erasing import WAITING, State
from policy.services import SERVICE_KINDS
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.erasure.erasures import active_services, last_end, standing_erasure
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.inputs.texts import InputReader
from resolvers.rights.requests import DataRights
from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.lookups.reservations import Reservations, own_request, reserving
from store.sql.ids import new_id
from store.tables.customers import customers
from store.tables.domains import domains
from store.tables.services import services

AHEAD = timedelta(minutes=1)
"""The maximum time that a tool's clock may be ahead."""

NOBODY = UserProblem("NOT_FOUND", "There is no such customer.", ("customerId",))
NO_SERVICE = UserProblem("NOT_FOUND", "There is no such service.", ("serviceId",))
PENDING = UserProblem(
    "ERASURE_PENDING",
    "The customer asked to be erased: subscribe with `withdrawErasure: true` if they want to stay.",
    ("withdrawErasure",),
)
TOO_LATE = UserProblem("ERASURE_BEGUN", "The customer is being erased.", ("customerId",))
FUTURE = UserProblem("INVALID_TIME", "A service cannot end in the future: end it when it does.", ("at",))
BEFORE = UserProblem("INVALID_TIME", "A service cannot end before it began.", ("at",))


async def subscribe_service(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Start a service. With a pending erasure request it needs the customer's decision, so that no request is dropped
    silently (R42)."""
    texts = InputReader(given)
    name = texts.name("name")
    if texts.problems:
        return Result(problems=tuple(texts.problems))
    (key,) = await context.store.keys.subjects([given["customerId"]])
    async with reserving(context.store) as reserved, context.store.write() as connection:
        if key is None or not await locked(connection, key.customer_id):
            return Result(problems=(NOBODY,))
        standing = await standing_erasure(connection, key.customer_id)
        if standing is not None:
            if State[standing.state] not in WAITING:
                return Result(problems=(TOO_LATE,))
            if standing.cause == "REQUEST":
                # A new service would silently undo a request that the customer made (R42).
                if not given.get("withdrawErasure"):
                    return Result(problems=(PENDING,))
                await DataRights(context).withdraw_erasure(connection, key, standing.id, standing.state)
        id_ = await _begin(connection, context, key, given, name, reserved)
        await reserved.written(connection)
    return Result(affected={"service": id_, "customer": key.customer_id})


async def _begin(
    connection: AsyncConnection,
    context: CommandContext,
    key: SubjectKey,
    given: Mapping[str, Any],
    name: str | None,
    reserved: Reservations,
) -> int:
    id_ = new_id()
    keys, owner = context.store.keys, key.customer_id
    wanted = [] if name is None else [own_request(keys, Lookup.SERVICE_NAME, name, owner, id_)]
    await reserved.take(connection, wanted, context.now)
    row = {
        "id": id_,
        "customer_id": owner,
        "name_ref": wanted[0].ref if wanted else None,
        "kind": word(given["kind"], SERVICE_KINDS),
        "name": None if name is None else key.seal(services.c.name, id_, services.c.name.info["sealing"].encode(name)),
        "status": "ACTIVE",
        "started_at": context.now,
        "renews_at": given.get("renewsAt"),
    }
    await connection.execute(insert(services).values(row))
    await _clock(connection, key.customer_id, None)
    facts: dict[str, Fact] = {"service": Ref("Service", id_), "kind": str(row["kind"])}
    await announce(connection, key, "service.subscribed", context.now, facts=facts)
    return id_


async def terminate_service(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """End a service and the registration of its domain: nothing is published any more, and the name is free again.

    After the last service the retention period before automatic erasure starts. Idempotent.
    """
    at: datetime = given.get("at") or context.now
    if at > context.now + AHEAD:
        return Result(problems=(FUTURE,))
    async with context.store.write() as connection:
        found = select(services.c.customer_id, services.c.status, services.c.started_at).where(
            services.c.id == (given.get("serviceId") or 0)
        )
        row = (await connection.execute(found)).one_or_none()
        if row is None or not await locked(connection, row.customer_id):
            return Result(problems=(NO_SERVICE,))
        if row.status != "TERMINATED":
            if at < row.started_at:
                return Result(problems=(BEFORE,))
            await end(connection, context, given["serviceId"], at)
        else:
            # After a repeated call, too, which repairs a missing start of the period.
            await _start_period(connection, row.customer_id)
    return Result(affected={"service": given["serviceId"], "customer": row.customer_id})


async def end(connection: AsyncConnection, context: CommandContext, service: int, at: datetime) -> None:
    """End a running service at `at`, with the registration of its domain, in the transaction that has locked the
    customer; with the last service the period of R34 starts."""
    ended = {"status": "TERMINATED", "terminated_at": at, "renews_at": None}
    change = update(services).where(services.c.id == service).values(ended).returning(services.c.customer_id)
    customer = (await connection.execute(change)).scalar_one()
    # The registration ends with its service, so the name is free again.
    mine = domains.c.service_id == service, domains.c.released_at.is_(None)
    await connection.execute(update(domains).where(*mine).values(released_at=at))
    (key,) = await context.store.keys.subjects([customer])
    if key is not None:
        facts: dict[str, Fact] = {"service": Ref("Service", service)}
        await announce(connection, key, "service.terminated", context.now, facts=facts)
    await _start_period(connection, customer)


async def _start_period(connection: AsyncConnection, customer: int) -> None:
    if not await active_services(connection, customer):
        await _clock(connection, customer, await last_end(connection, customer))


async def refresh_period(connection: AsyncConnection, customer: int) -> None:
    """Start the retention period of R34 if no service runs, and stop it otherwise, after services were added."""
    ended = None if await active_services(connection, customer) else await last_end(connection, customer)
    await _clock(connection, customer, ended)


async def locked(connection: AsyncConnection, customer_id: int) -> bool:
    """Lock the customer's row until the transaction ends; False if there is none."""
    found = select(customers.c.id).where(customers.c.id == customer_id).with_for_update()
    return await connection.scalar(found) is not None


async def _clock(connection: AsyncConnection, customer_id: int, ended: datetime | None) -> None:
    """Start the retention period of R34, or stop it with None."""
    await connection.execute(update(customers).where(customers.c.id == customer_id).values(last_service_ended_at=ended))


def word(choice: Any, known: tuple[str, ...]) -> str:
    """The stored name of an enum member, which GraphQL passes; ValueError for an unknown word."""
    found = str(getattr(choice, "value", choice))
    if found not in known:
        raise ValueError("no such choice")
    return found
