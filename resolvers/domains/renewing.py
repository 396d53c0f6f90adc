"""The command that renews the registration of a domain, for the registrar's tool (R45)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import literal, select, update

from policy.events import Event
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.domains.whois import CONFLICT, NO_DOMAIN
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from store.records.registrations import runs
from store.sql.metadata import Instant
from store.tables.domains import domains
from store.tables.services import services

OVER = UserProblem(
    "REGISTRATION_ENDED", "The registration has ended: register the domain anew, if its name is free.", ("domainId",)
)
EARLIER = UserProblem(
    "INVALID_TIME", "A renewed registration ends later than before, and later than now.", ("expiresAt",)
)


async def renew_domain(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Record that the registration of a domain was renewed until `expiresAt`, and its service with it.

    A domain in its redemption period is active again (RFC 3915). A registration that has ended cannot be renewed: its
    name may be another customer's by now.
    """
    ends: datetime = given["expiresAt"]
    async with context.store.write() as connection:
        live = runs(literal(context.now, Instant())).label("live")
        found = select(domains.c.customer_id, domains.c.service_id, domains.c.expires_at, domains.c.version, live)
        mine = found.where(domains.c.id == (given.get("domainId") or 0)).with_for_update(of=domains)
        row = (await connection.execute(mine)).one_or_none()
        (key,) = await context.store.keys.subjects([row.customer_id]) if row is not None else (None,)
        if row is None or key is None:
            return Result(problems=(NO_DOMAIN,))
        affected = {"domain": int(given["domainId"]), "customer": key.customer_id}
        if given.get("ifVersion") not in (None, row.version):
            return Result(affected=affected, problems=(CONFLICT,))
        if not row.live:
            return Result(problems=(OVER,))
        if ends == row.expires_at:  # A repeated call.
            return Result(affected=affected)
        if ends <= max(context.now, row.expires_at or context.now):
            return Result(problems=(EARLIER,))
        await connection.execute(update(domains).where(domains.c.id == given["domainId"]).values(expires_at=ends))
        renewed = update(services).where(services.c.id == row.service_id, services.c.status != "TERMINATED")
        await connection.execute(renewed.values(renews_at=ends, status="ACTIVE"))
        changed = ["Domain.expiresAt", "Service.renewsAt"]
        await record(connection, context, key, changed)
        facts: dict[str, Fact] = {"domain": Ref("Domain", int(given["domainId"]))}
        await announce(connection, key, Event.DOMAIN_RENEWED.wire, context.now, changed, facts)
    return Result(affected=affected)
