"""The rights of registrants without an account: a link to their data, and erasure (R52; GDPR Art. 15, 17)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from policy.registries import FIELDS, rule_of
from resolvers.commands.context import CommandContext
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.registrants import RegistrantEmail
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from resolvers.registrants.confirmation import ask_owner, email_context_of
from resolvers.registrants.registrants import COORDINATES, DETAILS, EmailContext, Owned, notify_owner, opened, owned
from resolvers.signin.attempts import AttemptBucket, AttemptLimiter, AttemptPace
from resolvers.signin.authentication import no_sooner
from resolvers.signin.buckets import by_network
from resolvers.signin.verdicts import Rejected
from resolvers.signins.signins import Visitor
from store.crypto.blind_index import Lookup
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.links.registrant_links import CONFIRMATION_KEY, KEY, RegistrantLink, link_secret
from store.records.registrations import runs
from store.sql.metadata import Id, Instant
from store.sql.reading import Row, any_of
from store.tables.domains import domains

LIFE = timedelta(hours=1)
MOST = 500
"""Maximum registrants erased in one round."""


OWNERS = 10
"""Maximum number of registrations of one name that are considered: the running one and ended ones."""


@dataclass(frozen=True, slots=True, repr=False)
class LinkHolder:
    """The holder of a valid link: the registrant of this domain of this customer."""

    domain: int
    customer: int
    email: bytes
    """The encrypted address."""
    name: bytes
    """The encrypted domain name."""


class RegistrantLinks:
    """Sends links, and finds their holders."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._attempts = AttemptLimiter(store)
        columns = select(domains.c.id, domains.c.customer_id, domains.c.registrant_email, domains.c.name)
        self._by_name = store.reader.prepare(columns.add_columns(domains.c.name_ref).where(any_of(domains.c.id, "ids")))
        self._by_id = store.reader.prepare(columns.where(domains.c.id == bindparam("id", type_=Id)))

    async def send(self, name: str, visitor: Visitor, now: datetime) -> Rejected | None:
        """Send links to present and former registrants of a domain; the answer is the same if there are none (G7).

        Too many requests from one network are refused. Too many for one domain get the same answer and send nothing, so
        that nobody can flood a mailbox.
        """

        async def work() -> Rejected | None:
            if wait := await self._attempts.consume([by_network(visitor)], now):
                return Rejected(wait)
            # The limit counts for any name, registered here or not (G7).
            mark = self._store.keys.blind_index(Lookup.DOMAIN, name)
            too_many = await self._attempts.consume([AttemptBucket(AttemptPace.RESET, b"registrant" + mark)], now)
            held = (await self._store.keys.lookups.find_all(Lookup.DOMAIN, mark))[:OWNERS]
            refs = {each.row_id: each.ref for each in held}
            rows = await self._store.reader.fetch(self._by_name, {"ids": list(refs)})
            for row in sorted(
                rows, key=itemgetter(0), reverse=True
            ):  # Whose domain has ended is kept here for a while, and has rights as long as that.
                if row[2] is not None and bytes(row[4] or b"") == refs[row[0]] and not too_many:
                    await self._write(_holder(row), now)
            return None

        # Always, since sending takes longer than finding nothing.
        return await no_sooner(self._dependencies.times.refusal, work(), always=True)

    async def _write(self, holder: LinkHolder, now: datetime) -> None:
        (key,) = await self._store.keys.subjects([holder.customer])
        secret = await link_secret(self._store.keys.system, holder.domain, holder.email, now + LIFE)
        site, minutes = self._dependencies.site, int(LIFE.total_seconds() // 60)
        async with self._store.write() as connection:
            domain = await owned(connection, key, holder.domain, now) if key is not None else None
            email_context = EmailContext(self._store, self._dependencies, now)
            if key is None or domain is None or domain.email is None:
                return
            if not domain.confirmed:  # Only the confirmation e-mail may be sent to an unconfirmed address (S13).
                await ask_owner(connection, email_context, key, domain.id, holder.email, domain.email)
                return
            link = site.link("/registrant/data", secret)
            await notify_owner(connection, email_context, key, RegistrantEmail.LINK, domain, link=link, minutes=minutes)

    async def find(self, secret: str, now: datetime) -> LinkHolder | None:
        """The holder of this link; None if it expired, or if the registrant's address has changed."""
        return await self._found(secret, now, KEY)

    async def find_asked(self, secret: str, now: datetime) -> LinkHolder | None:
        """The holder of this confirmation link; None if it expired, or if the address has changed."""
        return await self._found(secret, now, CONFIRMATION_KEY)

    async def domain_name(self, holder: LinkHolder) -> str | None:
        """The name of the domain; None if its customer was erased."""
        (key,) = await self._store.keys.subjects([holder.customer])
        return None if key is None else opened(key, domains.c.name, holder.domain, holder.name)

    async def data_link(self, holder: LinkHolder, now: datetime) -> str:
        """The secret of a data link, for a registrant who has just confirmed."""
        return await link_secret(self._store.keys.system, holder.domain, holder.email, now + LIFE)

    async def _found(self, secret: str, now: datetime, key: str) -> LinkHolder | None:
        link = RegistrantLink.read(secret)
        rows = await self._store.reader.fetch(self._by_id, {"id": link.domain}) if link is not None else ()
        if link is None or not rows or rows[0][2] is None:
            return None
        holder = _holder(rows[0])
        # The link is bound to the encrypted address: a new address voids it.
        return holder if await link.holds(self._store.keys.system, holder.email, now, key) else None


def _holder(row: Row) -> LinkHolder:
    return LinkHolder(row[0], row[1], bytes(row[2]), bytes(row[3]))


async def ask_erasure(context: CommandContext, domain_id: int) -> str:
    """Erase the registrant of a domain, or schedule it for the end of the registration: ERASED, WAITS, or GONE.

    A running registration needs its registrant, so the details stay; those that the registry does not require are
    hidden at once, since they are published by consent (A10).
    """
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, domain_id, context.now) if key is not None else None
        if key is None or domain is None:
            return "GONE"
        if not domain.live:
            await erase_owner(connection, context, key, domain)
            return "ERASED"
        if domain.erasure_at is None:
            await _await_the_end(connection, context, key, domain)
        return "WAITS"


async def call_off(context: CommandContext, domain_id: int) -> None:
    """Cancel the request; hidden details stay hidden until the customer publishes them again."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, domain_id, context.now) if key is not None else None
        if key is not None and domain is not None:
            await _set(connection, domain, {"registrant_erasure_at": None})


async def erase_owner(connection: AsyncConnection, context: CommandContext, key: SubjectKey, domain: Owned) -> None:
    """Delete all details of the registrant, in the caller's transaction; the registrant and internal systems are
    informed."""
    # Before the address is deleted.
    await notify_owner(connection, email_context_of(context), key, RegistrantEmail.ERASED, domain)
    nothing: dict[str, Any] = {column.name: None for column in DETAILS.values()}
    await _set(connection, domain, nothing | {"registrant_erasure_at": None, "registrant_confirmed_at": None})
    await _notify_others(connection, context, key, domain, list(COORDINATES.values()))


async def erase_due_owners(context: CommandContext) -> int:
    """Erase the registrants with a request whose domain has ended, each in its own transaction; returns their
    number."""
    over = ~runs(literal(context.now, Instant()))
    due = select(domains.c.id, domains.c.customer_id)
    async with context.store.write() as connection:
        found = (
            await connection.execute(due.where(domains.c.registrant_erasure_at.is_not(None), over).limit(MOST))
        ).all()
    done = 0
    for id_, customer in found:
        (key,) = await context.store.keys.subjects([customer])
        async with context.store.write() as connection:
            domain = await owned(connection, key, id_, context.now) if key is not None else None
            # Checked again under the lock: the domain may have been renewed, or the request cancelled.
            if key is not None and domain is not None and domain.erasure_at is not None and not domain.live:
                await erase_owner(connection, context, key, domain)
                done += 1
    return done


async def _await_the_end(connection: AsyncConnection, context: CommandContext, key: SubjectKey, domain: Owned) -> None:
    hidden = [field for field in FIELDS if rule_of(domain.tld, domain.kind, field).free]
    changes: dict[str, Any] = {f"hide_{field}": True for field in hidden}
    await _set(connection, domain, changes | {"registrant_erasure_at": context.now})
    await notify_owner(connection, email_context_of(context), key, RegistrantEmail.WAITS, domain)
    if hidden:
        await _notify_others(connection, context, key, domain, [f"Domain.hide{field.capitalize()}" for field in hidden])


async def _set(connection: AsyncConnection, domain: Owned, values: Mapping[str, Any]) -> None:
    await connection.execute(update(domains).where(domains.c.id == domain.id).values(values))


async def _notify_others(
    connection: AsyncConnection, context: CommandContext, key: SubjectKey, domain: Owned, coordinates: list[str]
) -> None:
    facts: dict[str, Fact] = {"domain": Ref("Domain", domain.id)}
    await record(connection, context, key, coordinates)
    await announce(connection, key, Event.REGISTRANT_CHANGED.wire, context.now, coordinates, facts)
