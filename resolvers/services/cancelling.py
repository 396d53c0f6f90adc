"""The command by which a customer ends a service, or is informed first what would follow (R31, R34, R45)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.dates import automatic_erasure, requested_erasure
from policy.erasing import WAITING, State
from resolvers.commands.context import CommandContext, Result
from resolvers.erasure.erasures import active_services, standing_erasure
from resolvers.events.changes import record
from resolvers.services.services import NO_SERVICE, end, locked
from store.tables.domains import domains
from store.tables.services import services


@dataclass(frozen=True, slots=True)
class Cancelled(Result):
    """The consequences of the end of the service; nothing of it has happened yet if it was a preview."""

    ends_domain: bool | None = None
    """True if a domain is registered for the service, whose name is free for others then."""
    last_service: bool | None = None
    """True if no other service of the customer runs."""
    erased_by: datetime | None = None
    """The day by which the customer is erased if nothing is ordered again; None while another service runs."""


async def cancel_service(context: CommandContext, given: Mapping[str, Any]) -> Cancelled:
    """End one's own service now, with the registration of its domain; with `preview` only say what would follow.

    Repeated, it changes nothing.
    """
    async with context.store.write() as connection:
        found = select(services.c.id, services.c.status).where(
            services.c.id == (given.get("serviceId") or 0), services.c.customer_id == context.subject
        )
        (key,) = await context.store.keys.subjects([context.subject])
        if key is None or not await locked(connection, context.subject):
            return Cancelled(problems=(NO_SERVICE,))
        # Read after the lock: another service may be ended at the same time.
        row = (await connection.execute(found)).one_or_none()
        if row is None:
            return Cancelled(problems=(NO_SERVICE,))
        affected = {"service": int(row.id), "customer": context.subject}
        last = not {*await active_services(connection, context.subject)} - {row.id}
        result = Cancelled(
            affected=affected,
            ends_domain=await _has_domain(connection, row.id),
            last_service=last,
            erased_by=await _erased_by(connection, context) if last else None,
        )
        if row.status != "TERMINATED" and not given.get("preview"):
            await end(connection, context, row.id, context.now)
            await record(connection, context, key, ["Service.state", "Service.terminatedAt"])
    return result


async def _has_domain(connection: AsyncConnection, service: int) -> bool:
    found = select(domains.c.id).where(domains.c.service_id == service, domains.c.released_at.is_(None)).limit(1)
    return await connection.scalar(found) is not None


async def _erased_by(connection: AsyncConnection, context: CommandContext) -> datetime:
    """The deadline of the customer's erasure if the last service ends now: earlier if they asked to be erased (R33)."""
    zone, standing = context.dependencies.site.zone, await standing_erasure(connection, context.subject)
    if standing is not None and standing.cause == "REQUEST" and State[standing.state] in WAITING:
        return requested_erasure(context.now, context.now, zone).due
    return automatic_erasure(context.now, zone).due
