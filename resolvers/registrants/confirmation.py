"""Confirmation by registrants: before it, nothing that a customer typed about them is published or sent (S13).

The first e-mail to a typed address contains neither name nor domain, only a link. Until its reader has confirmed
through the link, nothing else is sent to the address.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext
from resolvers.emails.emails import Stranger, TypedAddress, reader_of, send_typed
from resolvers.emails.limits import EmailKind, EmailLimits
from resolvers.emails.registrants import RegistrantEmail
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from resolvers.registrants.registrants import COORDINATES, EmailContext, notify_owner, opened, owned, same
from store.crypto.subject_key import SubjectKey
from store.links.registrant_links import CONFIRMATION_KEY, link_secret
from store.tables.domains import domains

LIFE = timedelta(days=14)
MOST = 500
"""Maximum number of the customer's newest domains that are compared with the registrant."""


async def is_confirmed(connection: AsyncConnection, key: SubjectKey, email: str | None) -> bool:
    """True for the customer's own address, and for one that confirmed to be the registrant of one of their domains."""
    reader = await reader_of(connection, key)
    if email is None or (reader is not None and same(reader.email, email)):
        return email is not None
    return bool(await _of_owner(connection, key, email, confirmed=True))


async def ask_owner(
    connection: AsyncConnection, context: EmailContext, key: SubjectKey, domain: int, resting: bytes, email: str
) -> int:
    """Send the confirmation e-mail to a registrant; seconds to wait if too many e-mails were sent, or 0.

    If the customer has asked the same registrant before, that is no problem: one answer counts for all domains.
    """
    secret = await link_secret(context.store.keys.system, domain, resting, context.now + LIFE, CONFIRMATION_KEY)
    reader, site = await reader_of(connection, key), context.dependencies.site
    to = Stranger(key, TypedAddress(email), reader.language if reader is not None else "en")
    kind, template = EmailKind.OWNER_CONFIRMATION, RegistrantEmail.CONFIRM
    link, days = site.link("/registrant/confirm", secret), LIFE.days
    limits = EmailLimits(context.store)
    wait = await send_typed(connection, limits, kind, to, site, template, context.now, link=link, days=days)
    # Many domains at once need one question, not one each.
    return 0 if wait and await _is_asked(connection, key, email, domain) else wait


async def _is_asked(connection: AsyncConnection, key: SubjectKey, email: str, domain: int) -> bool:
    return any(each != domain for each in await _of_owner(connection, key, email, confirmed=False))


async def _of_owner(connection: AsyncConnection, key: SubjectKey, email: str, confirmed: bool) -> list[int]:
    """The customer's confirmed, or unconfirmed, domains with this registrant."""
    state = domains.c.registrant_confirmed_at.is_not(None) if confirmed else domains.c.registrant_confirmed_at.is_(None)
    mine = domains.c.customer_id == key.customer_id, domains.c.registrant_email.is_not(None), state
    found = select(domains.c.id, domains.c.registrant_email).where(*mine).order_by(domains.c.id.desc()).limit(MOST)
    rows = (await connection.execute(found)).all()
    # Compared after decryption: the addresses are encrypted, and have no index.
    return [id_ for id_, resting in rows if same(opened(key, domains.c.registrant_email, id_, resting), email)]


async def confirm_owner(context: CommandContext, domain_id: int) -> bool:
    """Record the confirmation, for this domain and the customer's others with the same address; False if it is gone.

    The registrant is informed (GDPR Art. 14), and internal systems get an event.
    """
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, domain_id, context.now) if key is not None else None
        if key is None or domain is None or domain.email is None:
            return False
        if domain.confirmed:
            return True
        # One answer confirms the address, so all domains with it.
        all_ = {domain.id, *await _of_owner(connection, key, domain.email, confirmed=False)}
        await connection.execute(
            update(domains).where(domains.c.id.in_(all_)).values(registrant_confirmed_at=context.now)
        )
        await record(connection, context, key, list(COORDINATES.values()))
        for id_ in sorted(all_):
            facts: dict[str, Fact] = {"domain": Ref("Domain", id_)}
            await announce(
                connection, key, Event.REGISTRANT_CHANGED.wire, context.now, list(COORDINATES.values()), facts
            )
        known = await owned(connection, key, domain_id, context.now)
        assert known is not None  # It is locked.
        await notify_owner(connection, email_context_of(context), key, RegistrantEmail.NOTICE, known)
    return True


async def decline_owner(context: CommandContext, domain_id: int) -> None:
    """Delete the address, since its reader is not the registrant; the customer has to give another one."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, domain_id, context.now) if key is not None else None
        if key is None or domain is None or domain.confirmed:
            return
        # The reader may be a stranger: their address is not kept.
        await connection.execute(update(domains).where(domains.c.id == domain.id).values(registrant_email=None))
        coordinates = [COORDINATES[domains.c.registrant_email]]
        facts: dict[str, Fact] = {"domain": Ref("Domain", domain.id)}
        await record(connection, context, key, coordinates)
        await announce(connection, key, Event.REGISTRANT_CHANGED.wire, context.now, coordinates, facts)


def email_context_of(context: CommandContext) -> EmailContext:
    """The e-mail context of a command."""
    return EmailContext(context.store, context.dependencies, context.now)
