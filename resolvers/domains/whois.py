"""The command that hides or publishes details of a registrant, within the registry's rules (R26, R51, A6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.message import Message
from policy.events import Event
from policy.registries import FIELDS, Publishing, registry_of, rule_of
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.consents.consents import give, is_given, withdraw
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from resolvers.inputs.names import camel_case
from store.crypto.subject_key import SubjectKey
from store.records.registrations import runs
from store.sql.metadata import Instant
from store.tables.customers import customers
from store.tables.domains import domains

KIND, SOURCE = "WHOIS_PUBLICATION", "graphql/setWhoisVisibility"
SWITCHES = {f"hide{field.capitalize()}": field for field in FIELDS}
NO_DOMAIN = UserProblem("NOT_FOUND", "There is no such domain.", ("domainId",))
CONFLICT = UserProblem(
    "CONFLICT", "The domain was changed in the meantime. Read it again and repeat your change.", ("ifVersion",)
)


async def set_visibility(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """Hide or publish the given details; nothing changes if the registry forbids any of it.

    Publishing an optional detail is a consent to exactly that, and is recorded; hiding all of them withdraws it.
    """
    choices = {field: bool(given[name]) for name, field in SWITCHES.items() if given.get(name) is not None}
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        found = select(
            domains.c.id,
            domains.c.version,
            domains.c.tld,
            domains.c.registrant_kind,
            *(domains.c[f"hide_{field}"] for field in FIELDS),
        )
        own = found.where(
            domains.c.id == (given.get("domainId") or 0), domains.c.customer_id == context.subject
        ).with_for_update()
        row = (await connection.execute(own)).one_or_none()
        if key is None or row is None:
            return Result(problems=(NO_DOMAIN,))
        if given.get("ifVersion") not in (None, row.version):
            return Result(affected={"domain": row.id, "customer": context.subject}, problems=(CONFLICT,))
        # All or nothing: a partial change could publish what the customer wanted to hide.
        problems = tuple(filter(None, (refused(row.tld, row.registrant_kind, *each) for each in choices.items())))
        if problems:
            return Result(problems=problems)
        # Only real changes: an unchanged detail makes no event and no consent.
        changes = {f"hide_{field}": hide for field, hide in choices.items() if row._mapping[f"hide_{field}"] != hide}
        if changes:
            await connection.execute(update(domains).where(domains.c.id == row.id).values(changes))
            await _consent(connection, context, key)
            changed = [f"Domain.{camel_case(name)}" for name in changes]
            facts: dict[str, Fact] = {"domain": Ref("Domain", row.id)}
            await record(connection, context, key, changed)
            await announce(connection, key, Event.WHOIS_CHANGED.wire, context.now, changed, facts)
    return Result(affected={"domain": given["domainId"], "customer": context.subject})


def refused(tld: str, kind: str, field: str, hide: bool) -> UserProblem | None:
    """The problem if the registry's rule forbids the choice; None if it allows or equals it."""
    rule, registry = rule_of(tld, kind, field), registry_of(tld)
    name = registry.name if registry is not None else Message("the registry of .{ending}", ending=tld)
    where = (f"hide{field.capitalize()}",)
    if hide and rule is Publishing.ALWAYS:
        said = Message("{registry} requires this to be published; it cannot be hidden.", registry=name)
        return UserProblem("REGISTRY_REQUIRES", said, where)
    if not hide and rule is Publishing.NEVER:
        return UserProblem("REGISTRY_FORBIDS", Message("{registry} does not publish this.", registry=name), where)
    return None


async def _consent(connection: AsyncConnection, context: CommandContext, key: SubjectKey) -> None:
    """Record the consent while an optional detail of any registered domain is published, and its withdrawal
    otherwise."""
    columns = (domains.c.tld, domains.c.registrant_kind, *(domains.c[f"hide_{field}"] for field in FIELDS))
    mine = select(*columns).where(domains.c.customer_id == key.customer_id, runs(literal(context.now, Instant())))
    rows = (await connection.execute(mine)).all()
    published = any(
        rule_of(tld, kind, field).free and not hidden
        for tld, kind, *switches in rows
        for field, hidden in zip(FIELDS, switches, strict=True)
    )
    if published == await is_given(connection, key.customer_id, KIND):
        return
    language = await connection.scalar(select(customers.c.locale).where(customers.c.id == key.customer_id))
    await (give if published else withdraw)(connection, context, key, KIND, language or "en", SOURCE)
