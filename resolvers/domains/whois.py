"""What the customer has published of a domain's owner, as far as the registry leaves it to them (R26, R51, A6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from messages.message import Message
from policy.events import Event
from policy.registries import FIELDS, Publishing, registry_of, rule_of
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.consents.consents import give, standing, withdraw
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from store.crypto.subject_key import SubjectKey
from store.records.registrations import runs
from store.sql.metadata import Instant
from store.tables.customers import customers
from store.tables.domains import domains

D = domains.c
KIND, SOURCE = "WHOIS_PUBLICATION", "graphql/setWhoisVisibility"
SWITCHES = {f"hide{field.capitalize()}": field for field in FIELDS}
NO_DOMAIN = UserProblem("NOT_FOUND", "There is no such domain.", ("domain",))


async def set_visibility(desk: CommandContext, given: Mapping[str, Any]) -> Result:
    """Hide or publish what is given and leave the rest; nothing changes when a registry forbids any of it.

    To publish what need not be is consent to exactly that, and is recorded; to hide all of it again withdraws it.
    """
    wished = {field: bool(given[name]) for name, field in SWITCHES.items() if given.get(name) is not None}
    (key,) = await desk.store.keys.subjects([desk.subject])
    async with desk.store.write() as connection:
        found = select(D.id, D.tld, D.registrant_kind, *(D[f"hide_{field}"] for field in FIELDS))
        own = found.where(D.id == (given.get("domain") or 0), D.customer_id == desk.subject).with_for_update()
        row = (await connection.execute(own)).one_or_none()
        if key is None or row is None:
            return Result(problems=(NO_DOMAIN,))
        problems = tuple(filter(None, (refused(row.tld, row.registrant_kind, *each) for each in wished.items())))
        if problems:
            return Result(problems=problems)
        changes = {f"hide_{field}": hide for field, hide in wished.items() if row._mapping[f"hide_{field}"] != hide}
        if changes:
            await connection.execute(update(domains).where(D.id == row.id).values(changes))
            await _consent(connection, desk, key)
            changed = [f"Domain.{_camel(name)}" for name in changes]
            facts: dict[str, Fact] = {"domain": Ref("Domain", row.id)}
            await record(connection, desk, key, changed)
            await announce(connection, key, Event.WHOIS_CHANGED.wire, desk.now, changed, facts)
    return Result(affected={"domain": given["domain"], "customer": desk.subject})


def refused(tld: str, kind: str, field: str, hide: bool) -> UserProblem | None:
    """Why the registry does not leave this wish to the customer; None when it does, or wants the same."""
    rule, registry = rule_of(tld, kind, field), registry_of(tld)
    name = registry.name if registry is not None else Message("the registry of .{ending}", ending=tld)
    where = (f"hide{field.capitalize()}",)
    if hide and rule is Publishing.ALWAYS:
        said = Message("{registry} requires this to be published; it cannot be hidden.", registry=name)
        return UserProblem("REGISTRY_REQUIRES", said, where)
    if not hide and rule is Publishing.NEVER:
        return UserProblem("REGISTRY_FORBIDS", Message("{registry} does not publish this.", registry=name), where)
    return None


async def _consent(connection: AsyncConnection, desk: CommandContext, key: SubjectKey) -> None:
    """Given while anything that need not be is published, for any of the customer's domains that are registered."""
    columns = (D.tld, D.registrant_kind, *(D[f"hide_{field}"] for field in FIELDS))
    mine = select(*columns).where(D.customer_id == key.customer_id, runs(literal(desk.now, Instant())))
    rows = (await connection.execute(mine)).all()
    published = any(
        rule_of(tld, kind, field).free and not hidden
        for tld, kind, *switches in rows
        for field, hidden in zip(FIELDS, switches, strict=True)
    )
    if published == await standing(connection, key.customer_id, KIND):
        return
    spoken = await connection.scalar(select(customers.c.locale).where(customers.c.id == key.customer_id))
    await (give if published else withdraw)(connection, desk, key, KIND, spoken or "en", SOURCE)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(each.capitalize() for each in rest)
