"""Sessions and token families are evaluated with each use: one that turns up elsewhere is an access (R17, R18, S12).

The row holds what is known of its contexts, so that nothing is written while nothing changes; whoever replaces what the
row held writes the access down, so of two replicas that see the same change one does.
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
    """A token family that turned up in a context that it did not hold."""

    family_id: int
    customer_id: int
    platform: str
    finding: ContextMatch


class Evaluator:
    """Judges where sessions and families turn up."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._history = History(store, dependencies)

    def contexts(self, visitor: Visitor) -> Callable[[int], SignInContext | None]:
        """Network, country and device of a visitor, for the customer whose token family it will be; None for somebody
        erased. To be asked within `run_sync`."""

        def of(customer_id: int) -> SignInContext | None:
            (key,) = await_only(self._store.keys.subjects([customer_id]))
            return None if key is None else self._history.context(key, visitor)

        return of

    async def admits(self, session: Session, visitor: Visitor, now: datetime) -> bool:
        """Whether the session may be used from here; where it may not its customer signs in again."""
        (key,) = await self._store.keys.subjects([session.customer_id])
        if key is None:
            return False
        finding = self._history.context(key, visitor).compare(session.id, session.contexts)
        if not finding.news:
            return finding.verdict.admits
        judged = await self._judged(session.customer_id, session.platform, visitor, now, finding)
        async with self._store.write() as connection:
            here = session_proofs.c.session_id == session.id
            held = (
                update(session_proofs)
                .where(here, _held(session_proofs.c.contexts, finding))
                .values(contexts=finding.held)
            )
            first = (await connection.execute(held)).rowcount == 1
            if judged is not None and first:
                key, access = judged
                await record(connection, key, self._dependencies, access, session.credential_id)
                if finding.verdict is Verdict.ENDED:
                    await end_where(connection, session.customer_id, [sessions.c.id == session.id], now)
        return finding.verdict.admits

    async def arrived(self, connection: AsyncConnection, arrival: Arrival, visitor: Visitor, now: datetime) -> None:
        """Write down that a family turned up elsewhere, in the caller's transaction, and end it if it must end."""
        finding = arrival.finding
        here = oauth_families.c.id == arrival.family_id
        held = (
            update(oauth_families).where(here, _held(oauth_families.c.contexts, finding)).values(contexts=finding.held)
        )
        if (await connection.execute(held)).rowcount != 1:
            return
        judged = await self._judged(arrival.customer_id, arrival.platform, visitor, now, finding)
        if judged is not None:
            key, access = judged
            await record(connection, key, self._dependencies, access)
            if finding.verdict is Verdict.ENDED:
                await connection.run_sync(_end, here, now)

    async def _judged(
        self, customer_id: int, platform: str, visitor: Visitor, now: datetime, finding: ContextMatch
    ) -> tuple[SubjectKey, PlatformAccess] | None:
        """None where there is nothing to tell: the row was made before contexts were kept, or the customer is gone."""
        (key,) = await self._store.keys.subjects([customer_id])
        if key is None or finding.verdict is Verdict.SAME:
            return None
        return key, await self._history.moved(key, platform, visitor, now, finding)


def _held(column: Column[bytes], finding: ContextMatch) -> ColumnElement[bool]:
    """The row still holds what the finding was made from."""
    return column.is_(None) if finding.before is None else column == finding.before


def _end(connection: Connection, which: ColumnElement[bool], now: datetime) -> None:
    """As with reuse: somebody else has a copy, so the whole family ends."""
    announce(connection, revoke_families(connection, which, "REUSED", now))
