"""Pending sign-ins: the password was right, and the second factor is awaited; identified by a secret cookie."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.commands.dependencies import SignInDependencies
from resolvers.factors.credentials import Account, Credentials
from resolvers.signins.secrets import hashed, new_secret
from store.database.store import Store
from store.sql.ids import new_id
from store.sql.metadata import instant
from store.tables.signin import pending_sign_ins


@dataclass(frozen=True, slots=True, repr=False)
class Pending:
    """A pending sign-in; with `session_id` it is a step-up in that session."""

    id: int
    account: Account
    session_id: int | None
    shared: bool


class PendingSignIns:
    """Stores and finds pending sign-ins."""

    def __init__(self, store: Store, dependencies: SignInDependencies, credentials: Credentials) -> None:
        self._store, self._dependencies, self._credentials = store, dependencies, credentials
        found = select(
            pending_sign_ins.c.id,
            pending_sign_ins.c.credential_id,
            pending_sign_ins.c.session_id,
            pending_sign_ins.c.shared,
            pending_sign_ins.c.expires_at,
        )
        self._find = store.reader.prepare(found.where(pending_sign_ins.c.secret_hash == bindparam("secret")))

    async def begin(
        self, connection: AsyncConnection, account: Account, shared: bool, session_id: int | None, now: datetime
    ) -> str:
        """Store a pending sign-in, in the caller's transaction; returns the secret for the cookie."""
        secret = new_secret()
        row = {
            "id": new_id(),
            "customer_id": account.credential.customer_id,
            "credential_id": account.credential.id,
            "session_id": session_id,
            "secret_hash": hashed(secret),
            "shared": shared,
            "expires_at": now + self._dependencies.times.pending,
        }
        await connection.execute(insert(pending_sign_ins).values(row))
        return secret

    async def find(self, secret: str, now: datetime) -> Pending | None:
        """The pending sign-in of this secret; None if it expired."""
        rows = await self._store.reader.fetch(self._find, {"secret": hashed(secret)})
        if not rows or instant(rows[0][4]) <= now:
            return None
        id_, credential_id, session_id, shared, _ = rows[0]
        account = await self._credentials.by_id(credential_id)
        return None if account is None else Pending(id_, account, session_id, bool(shared))


async def finish(connection: AsyncConnection, pending: Pending) -> bool:
    """Delete the pending sign-in, in the caller's transaction; True for exactly one of concurrent requests."""
    done = await connection.execute(delete(pending_sign_ins).where(pending_sign_ins.c.id == pending.id))
    # The deletion decides, so no lock is needed.
    return done.rowcount == 1
