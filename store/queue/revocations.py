"""Revocation of tokens, written so that every replica sees it before it answers its next request (O5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from store.queue.logouts import note_ended_sessions
from store.tables.oauth import oauth_codes, oauth_consents, oauth_families, revocations

LONGEST = timedelta(days=7)
"""The longest lifetime that the settings allow for a token; revocations are stored for as long."""

BATCH = 500
"""Families in one transaction, which blocks other writers on SQLite."""

LOCK = 0x7265_766F
"""The advisory lock that serialises writers on PostgreSQL: "revo" in ASCII."""


@dataclass(frozen=True, slots=True)
class News:
    """One revocation: of a token by its id, a family, a session or a customer; or a CLIENT whose registration has
    changed and must be read again."""

    kind: str
    value: str
    until: datetime


def announce(connection: Connection, news: Iterable[News]) -> None:
    """Append to the list that every replica follows; must be the last statement of a transaction.

    Numbers increase by one in the order of commits, because only one transaction at a time holds the lock: a replica
    that has read up to a number has missed none before it.
    """
    if connection.dialect.name == "postgresql":  # SQLite has one writer anyway.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    last: int = connection.scalar(select(func.coalesce(func.max(revocations.c.sequence), 0))) or 0
    rows = [
        {"sequence": number, "kind": each.kind, "value": each.value, "until": each.until}
        for number, each in enumerate(news, last + 1)
    ]
    if rows:
        connection.execute(insert(revocations), rows)


def revoke_families(connection: Connection, which: ColumnElement[bool], cause: str, now: datetime) -> list[News]:
    """Revoke the matching families; returns the revocations to announce, so that their access tokens end, too."""
    ended = update(oauth_families).where(which, oauth_families.c.revoked_at.is_(None))
    found = connection.execute(ended.values(revoked_at=now, cause=cause).returning(oauth_families.c.id)).scalars()
    return [News("FAMILY", str(family), now + LONGEST) for family in found]


async def end_sessions(connection: AsyncConnection, sessions: Sequence[int], now: datetime) -> None:
    """Revoke every token issued in these sessions, effective on the next request, and have the programs told that
    signed customers in by them; in the caller's transaction."""

    def end(inner: Connection) -> None:
        note_ended_sessions(inner, sessions, now)
        revoke_families(inner, oauth_families.c.session_id.in_(sessions), "SESSION_ENDED", now)
        announce(inner, [News("SESSION", str(session), now + LONGEST) for session in sessions])

    if sessions:
        await connection.run_sync(end)


async def end_customer(connection: AsyncConnection, customer_id: int, now: datetime) -> None:
    """Revoke every token with this customer as subject, effective on the next request, for an erasure."""

    def end(inner: Connection) -> None:
        revoke_families(inner, oauth_families.c.customer_id == customer_id, "CUSTOMER_GONE", now)
        announce(inner, [News("CUSTOMER", str(customer_id), now + LONGEST)])

    await connection.run_sync(end)


async def withdraw_app(connection: AsyncConnection, customer_id: int, client_id: str, now: datetime) -> None:
    """Withdraw a customer's consent to a client, and revoke all its tokens; in the caller's transaction.

    Codes, consent, families: the redemption of a code locks them in the same order, so that the two cannot deadlock,
    and tokens issued at the same time are found and revoked.
    """

    def end(inner: Connection) -> None:
        codes, consents, families = oauth_codes.c, oauth_consents.c, oauth_families.c
        mine = (codes.customer_id == customer_id, codes.client_id == client_id, codes.used_at.is_(None))
        inner.execute(delete(oauth_codes).where(*mine))
        standing = (consents.customer_id == customer_id, consents.client_id == client_id)
        taken = update(oauth_consents).where(*standing, consents.withdrawn_at.is_(None))
        inner.execute(taken.values(withdrawn_at=now))
        given = (families.customer_id == customer_id) & (families.client_id == client_id)
        announce(inner, revoke_families(inner, given, "WITHDRAWN", now))

    await connection.run_sync(end)


async def end_family(connection: AsyncConnection, family_id: int, now: datetime) -> None:
    """Revoke one app's tokens at the customer's request; in the caller's transaction."""

    def end(inner: Connection) -> None:
        announce(inner, revoke_families(inner, oauth_families.c.id == family_id, "ASKED", now))

    await connection.run_sync(end)


async def void_client(connection: AsyncConnection, client_id: str) -> None:
    """Delete the codes of a disabled client, in the caller's transaction. Everything else that was issued to it, such
    as pushed requests, is void by `clients.void_until`, which is checked at each use."""
    unused = (oauth_codes.c.client_id == client_id, oauth_codes.c.used_at.is_(None))
    await connection.execute(delete(oauth_codes).where(*unused))


async def void_families(connection: AsyncConnection, client_id: str, before: datetime, now: datetime) -> bool:
    """Mark a batch of families of a disabled client as ended, so that customers see it; True while there are more."""
    families = oauth_families.c
    mine = (families.client_id == client_id, families.revoked_at.is_(None), families.created_at <= before)
    some = select(families.id).where(*mine).order_by(families.id).limit(BATCH)
    ids = list((await connection.execute(some)).scalars())
    ended = update(oauth_families).where(families.id.in_(ids))
    await connection.execute(ended.values(revoked_at=now, cause="CLIENT_OFF"))
    return len(ids) == BATCH


async def client_changed(connection: AsyncConnection, client_id: str, now: datetime) -> None:
    """Make every replica reload a client's registration before it answers its next request."""
    # Minutes suffice: it revokes nothing, and every replica reads the list before its next request.
    await connection.run_sync(announce, [News("CLIENT", client_id, now + timedelta(minutes=5))])
