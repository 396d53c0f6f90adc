"""Evaluates each use of sessions and token families: a use in a new context is an access (R17, R18, S12).

The row stores its known contexts, so nothing is written while none is new. The update is conditional on the old value
(compare-and-swap): of two replicas that see the same change, one records the access.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Connection, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.util import await_only

from resolvers.commands.dependencies import SignInDependencies
from resolvers.signin.sessions import Session, end_where
from resolvers.signins.contexts import ContextMatch, SignInContext, Verdict
from resolvers.signins.signins import History, PlatformAccess, Visitor, record
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.queue.revocations import announce, revoke_families
from store.tables.access import sessions
from store.tables.oauth import oauth_families
from store.tables.signin import session_proofs


@dataclass(frozen=True, slots=True, repr=False)
class Arrival:
    """A token family used in a context that is new for it."""

    family_id: int
    customer_id: int
    platform: str
    finding: ContextMatch


class Evaluator:
    """Evaluates the contexts of sessions and token families."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._history = History(store, dependencies)

    def contexts(self, visitor: Visitor) -> Callable[[int], SignInContext | None]:
        """A function from a customer id to the visitor's context; it returns None for an erased customer, and must be
        called within `run_sync`."""

        def of(customer_id: int) -> SignInContext | None:
            # The OAuth grants run synchronously inside `run_sync`; greenlet switches back to await this.
            (key,) = await_only(self._store.keys.subjects([customer_id]))
            return None if key is None else self._history.context(key, visitor)

        return of

    async def admits(self, session: Session, visitor: Visitor, now: datetime) -> bool:
        """True if the session may be used in this context; otherwise the customer has to sign in again."""
        (key,) = await self._store.keys.subjects([session.customer_id])
        if key is None:
            return False
        finding = self._history.context(key, visitor).compare(session.id, session.contexts)
        if not finding.news:
            return finding.verdict.admits
        # Before the transaction: it decrypts earlier accesses.
        evaluated = await self._evaluated(session.customer_id, session.platform, visitor, now, finding)
        async with self._store.write() as connection:
            here = session_proofs.c.session_id == session.id
            held = (
                update(session_proofs)
                .where(here, _held(session_proofs.c.contexts, finding))
                .values(contexts=finding.held)
            )
            # Of concurrent requests one changes the row, and only that one records the access.
            first = (await connection.execute(held)).rowcount == 1
            if evaluated is not None and first:
                key, access = evaluated
                await record(connection, key, self._dependencies, access, session.credential_id)
                if finding.verdict is Verdict.ENDED:
                    await end_where(connection, session.customer_id, [sessions.c.id == session.id], now)
        return finding.verdict.admits

    async def arrived(self, connection: AsyncConnection, arrival: Arrival, visitor: Visitor, now: datetime) -> None:
        """Record the use of a family in a new context, in the caller's transaction, and end the family if required."""
        finding = arrival.finding
        here = oauth_families.c.id == arrival.family_id
        held = (
            update(oauth_families).where(here, _held(oauth_families.c.contexts, finding)).values(contexts=finding.held)
        )
        # Another replica was first, and records the access.
        if (await connection.execute(held)).rowcount != 1:
            return
        evaluated = await self._evaluated(arrival.customer_id, arrival.platform, visitor, now, finding)
        if evaluated is not None:
            key, access = evaluated
            await record(connection, key, self._dependencies, access)
            if finding.verdict is Verdict.ENDED:
                await connection.run_sync(_end, here, now)

    async def _evaluated(
        self, customer_id: int, platform: str, visitor: Visitor, now: datetime, finding: ContextMatch
    ) -> tuple[SubjectKey, PlatformAccess] | None:
        """The access to record; None for a row without contexts, made before they were stored, or an erased
        customer."""
        (key,) = await self._store.keys.subjects([customer_id])
        if key is None or finding.verdict is Verdict.SAME:
            return None
        return key, await self._history.moved(key, platform, visitor, now, finding)


def _held(column: Column[bytes], finding: ContextMatch) -> ColumnElement[bool]:
    """The condition that the row still has the contexts that were compared."""
    return column.is_(None) if finding.before is None else column == finding.before


def _end(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """Revoke the whole family, as for refresh token reuse: somebody else has a copy (RFC 9700, section 4.14)."""
    announce(connection, revoke_families(connection, which, "REUSED", now))
