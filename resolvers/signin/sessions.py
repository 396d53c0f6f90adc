"""Browser sessions: opened after authentication, found by the hash of a cookie, renewed and ended (R41)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SKEW, SignInDependencies
from resolvers.signins.secrets import hashed, new_secret
from resolvers.signins.signins import PlatformAccess, sealed
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.queue.revocations import end_sessions
from store.sql.ids import new_id
from store.sql.metadata import instant
from store.tables.access import sessions
from store.tables.signin import pending_sign_ins, session_proofs

SECOND = "mfa"
"""The authentication method of RFC 8176 for multiple factors."""
TOUCHED_AFTER = timedelta(minutes=1)
"""The minimum time between updates of `last_seen_at`."""


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """An open session, with the time and methods of its authentication."""

    id: int
    customer_id: int
    credential_id: int
    platform: str
    authenticated_at: datetime
    methods: tuple[str, ...]
    shared: bool
    last_seen_at: datetime
    contexts: bytes | None = None
    """Hashes of the known contexts (`resolvers.signins.contexts`)."""

    def fresh(self, now: datetime, seconds: int) -> bool:
        """True if the authentication is at most this old; a time further ahead than SKEW does not count (F3)."""
        return timedelta(seconds=-SKEW) <= now - self.authenticated_at <= timedelta(seconds=seconds)


class Sessions:
    """Finds sessions."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        columns = (
            sessions.c.id,
            sessions.c.customer_id,
            session_proofs.c.credential_id,
            sessions.c.platform,
            session_proofs.c.authenticated_at,
            session_proofs.c.methods,
            session_proofs.c.shared,
            sessions.c.last_seen_at,
            sessions.c.expires_at,
            session_proofs.c.contexts,
        )
        found = (
            select(*columns)
            .join_from(session_proofs, sessions, sessions.c.id == session_proofs.c.session_id)
            .where(sessions.c.ended_at.is_(None))
        )
        self._by_secret = store.reader.prepare(found.where(session_proofs.c.secret_hash == bindparam("secret")))
        self._by_id = store.reader.prepare(found.where(sessions.c.id == bindparam("id")))

    async def find(self, secret: str, now: datetime) -> Session | None:
        """The session of a cookie; None if it was ended, expired, idle for too long, or never existed."""
        return await self._found(self._by_secret, {"secret": hashed(secret)}, now)

    async def by_id(self, session_id: int, now: datetime) -> Session | None:
        """The session of a token; None if it is not open."""
        return await self._found(self._by_id, {"id": session_id}, now)

    async def _found(self, prepared: object, values: dict[str, object], now: datetime) -> Session | None:
        rows = await self._store.reader.fetch(prepared, values)  # type: ignore[arg-type]
        if not rows:
            return None
        id_, customer, credential, platform, proven, methods, shared, seen, expires, held = rows[0]
        at, words, contexts = instant(proven), tuple(methods.split()), None if held is None else bytes(held)
        session = Session(id_, customer, credential, platform, at, words, bool(shared), instant(seen), contexts)
        (key,) = await self._store.keys.subjects([customer])
        if key is None:  # The customer is being erased, and this row will be deleted.
            return None
        # Idle sessions expire when they are looked at: nothing has to run in time.
        idle = self._dependencies.times.idle_for(session.shared)
        return None if now >= instant(expires) or now - session.last_seen_at > idle else session

    async def touch(self, session: Session, now: datetime) -> None:
        """Update `last_seen_at`, at most once a minute."""
        # Not on every request: each would write to the database.
        if now - session.last_seen_at >= TOUCHED_AFTER:
            async with self._store.write() as connection:
                seen = update(sessions).where(
                    sessions.c.id == session.id, sessions.c.ended_at.is_(None), sessions.c.last_seen_at < now
                )
                await connection.execute(seen.values(last_seen_at=now))


@dataclass(frozen=True, slots=True, repr=False)
class Opening:
    """The parameters of a session to open."""

    credential_id: int
    methods: tuple[str, ...]
    shared: bool


async def open_session(
    connection: AsyncConnection,
    key: SubjectKey,
    dependencies: SignInDependencies,
    access: PlatformAccess,
    opening: Opening,
) -> tuple[int, str]:
    """Open a session, in the caller's transaction; returns its id and the secret for the cookie."""
    id_, secret = new_id(), new_secret()
    row = {
        "id": id_,
        "customer_id": key.customer_id,
        "platform": access.platform,
        "started_at": access.at,
        "last_seen_at": access.at,
        "expires_at": access.at + dependencies.times.session_for(opening.shared),
        "ip_address": sealed(key, sessions.c.ip_address, id_, access.address),
        "country": sealed(key, sessions.c.country, id_, access.place.country),
        "device": sealed(key, sessions.c.device, id_, access.device),
    }
    await connection.execute(insert(sessions).values(row))
    proof = {
        "id": new_id(),
        "customer_id": key.customer_id,
        "session_id": id_,
        "credential_id": opening.credential_id,
        "secret_hash": hashed(secret),
        "authenticated_at": access.at,
        "methods": " ".join(opening.methods),
        "shared": opening.shared,
        "contexts": None if access.context is None else access.context.proven(id_),
    }
    await connection.execute(insert(session_proofs).values(proof))
    return id_, secret


async def renew_session(
    connection: AsyncConnection, session_id: int, methods: tuple[str, ...], access: PlatformAccess
) -> str | None:
    """Renew a session after a step-up; returns a new secret, which voids the old one (S6); None if it was ended."""
    secret = new_secret()
    # Locked, so that ending the session and renewing it cannot both succeed.
    open_ = select(sessions.c.id).where(sessions.c.id == session_id, sessions.c.ended_at.is_(None)).with_for_update()
    if (await connection.execute(open_)).one_or_none() is None:
        return None
    proof: dict[str, object] = {
        "secret_hash": hashed(secret),
        "authenticated_at": access.at,
        "methods": " ".join(methods),
    }
    if access.context is not None:
        held = await connection.scalar(
            select(session_proofs.c.contexts).where(session_proofs.c.session_id == session_id)
        )
        proof["contexts"] = access.context.proven(session_id, held)
    await connection.execute(update(session_proofs).where(session_proofs.c.session_id == session_id).values(proof))
    return secret


async def add_method(connection: AsyncConnection, session_id: int, words: tuple[str, ...]) -> None:
    """Add authentication methods to a session, after the enrolment of a factor, which proves it."""
    found = await connection.scalar(
        select(session_proofs.c.methods).where(session_proofs.c.session_id == session_id).with_for_update()
    )
    if found is not None:
        methods = " ".join(dict.fromkeys((*found.split(), *words)))
        await connection.execute(
            update(session_proofs).where(session_proofs.c.session_id == session_id).values(methods=methods)
        )


async def end_where(
    connection: AsyncConnection, customer_id: int, which: Sequence[ColumnElement[bool]], now: datetime
) -> list[int]:
    """End the customer's open sessions that meet all these conditions, and revoke their tokens; returns their ids.

    It must be the last statement of the caller's transaction: see `store.queue.revocations.announce`.
    """
    ended = update(sessions).where(sessions.c.customer_id == customer_id, sessions.c.ended_at.is_(None), *which)
    found = list((await connection.execute(ended.values(ended_at=now).returning(sessions.c.id))).scalars())
    if found:
        # A pending step-up must not revive a session that has ended.
        await connection.execute(delete(pending_sign_ins).where(pending_sign_ins.c.session_id.in_(found)))
        await connection.execute(delete(session_proofs).where(session_proofs.c.session_id.in_(found)))
        await end_sessions(connection, found, now)
    return found
