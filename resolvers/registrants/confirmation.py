"""Who is named as the owner of a domain confirms it before anything that was typed of them leaves the house (S13).

The first letter to an address that a customer typed says nothing that was typed: neither name nor domain, only that
somebody named this address, with a link. Until the link is followed and the question behind it is answered, nothing
else is sent there, and nothing is published.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from policy.events import Event
from resolvers.commands.context import CommandContext
from resolvers.events.announcements import Fact, Ref, announce
from resolvers.events.changes import record
from resolvers.letters.letters import Stranger, TypedAddress, reader_of, send_typed
from resolvers.letters.limits import LetterKind, LetterLimits
from resolvers.letters.registrants import RegistrantLetter
from resolvers.registrants.registrants import COORDINATES, LetterContext, opened, owned, same, tell_owner
from store.crypto.subject_key import SubjectKey
from store.links.registrant_links import CONFIRMATION_KEY, link_secret
from store.tables.domains import domains

LIFE = timedelta(days=14)
MOST = 500
"""The customer's newest domains that are looked through for the same owner."""


async def is_confirmed(connection: AsyncConnection, key: SubjectKey, email: str | None) -> bool:
    """Whether this is the customer's own address, or one that has confirmed to be the owner of a domain of theirs."""
    reader = await reader_of(connection, key)
    if email is None or (reader is not None and same(reader.email, email)):
        return email is not None
    return bool(await _of_owner(connection, key, email, confirmed=True))


async def ask_owner(
    connection: AsyncConnection, context: LetterContext, key: SubjectKey, domain: int, resting: bytes, email: str
) -> int:
    """Ask at an address whether its reader is the owner; the seconds to wait when too many letters were sent, or 0.

    When that is because this customer has asked the same owner already, the answer to that question counts for all.
    """
    secret = await link_secret(context.store.keys.house, domain, resting, context.now + LIFE, CONFIRMATION_KEY)
    reader, site = await reader_of(connection, key), context.dependencies.site
    to = Stranger(key, TypedAddress(email), reader.language if reader is not None else "en")
    kind, letter = LetterKind.OWNER_CONFIRMATION, RegistrantLetter.CONFIRM
    link, days = site.link("/registrant/confirm", secret), LIFE.days
    limits = LetterLimits(context.store)
    wait = await send_typed(connection, limits, kind, to, site, letter, context.now, link=link, days=days)
    return 0 if wait and await _is_asked(connection, key, email, domain) else wait


async def _is_asked(connection: AsyncConnection, key: SubjectKey, email: str, domain: int) -> bool:
    return any(each != domain for each in await _of_owner(connection, key, email, confirmed=False))


async def _of_owner(connection: AsyncConnection, key: SubjectKey, email: str, confirmed: bool) -> list[int]:
    """The customer's domains that have this owner and have, or have not, been confirmed."""
    state = domains.c.registrant_confirmed_at.is_not(None) if confirmed else domains.c.registrant_confirmed_at.is_(None)
    mine = domains.c.customer_id == key.customer_id, domains.c.registrant_email.is_not(None), state
    found = select(domains.c.id, domains.c.registrant_email).where(*mine).order_by(domains.c.id.desc()).limit(MOST)
    rows = (await connection.execute(found)).all()
    return [id_ for id_, resting in rows if same(opened(key, domains.c.registrant_email, id_, resting), email)]


async def confirm_owner(context: CommandContext, domain_id: int) -> bool:
    """The reader of the address is the owner: of this domain, and of the customer's others with the same address.

    They are now told what is owed to them (GDPR Art. 14), and internal systems that the details may be passed on.
    """
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, domain_id, context.now) if key is not None else None
        if key is None or domain is None or domain.email is None:
            return False
        if domain.confirmed:
            return True
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
        await tell_owner(connection, writing(context), key, RegistrantLetter.NOTICE, known)
    return True


async def decline_owner(context: CommandContext, domain_id: int) -> None:
    """The reader of the address is not the owner: the address goes, and the customer has to name another one."""
    (key,) = await context.store.keys.subjects([context.subject])
    async with context.store.write() as connection:
        domain = await owned(connection, key, domain_id, context.now) if key is not None else None
        if key is None or domain is None or domain.confirmed:
            return
        await connection.execute(update(domains).where(domains.c.id == domain.id).values(registrant_email=None))
        coordinates = [COORDINATES[domains.c.registrant_email]]
        facts: dict[str, Fact] = {"domain": Ref("Domain", domain.id)}
        await record(connection, context, key, coordinates)
        await announce(connection, key, Event.REGISTRANT_CHANGED.wire, context.now, coordinates, facts)


def writing(context: CommandContext) -> LetterContext:
    """What writing to an owner needs of a command."""
    return LetterContext(context.store, context.dependencies, context.now)
