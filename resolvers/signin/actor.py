"""A customer who is signed in and changes how they sign in: what both the API and the pages know of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from messages.message import Message
from resolvers.commands.context import CommandContext, UserProblem
from resolvers.commands.dependencies import FRESH, SignInDependencies
from resolvers.factors.credentials import Account, Credentials
from resolvers.factors.factors import confirmed, use_code
from resolvers.signin.attempts import AttemptLimiter
from resolvers.signin.buckets import Secret, inside
from resolvers.signin.sessions import SECOND, Session, Sessions
from store.database.store import Store

NOT_FOUND = UserProblem("NOT_FOUND", "There is no such sign-in.", ("credential",))
WRONG_CODE = UserProblem("WRONG_CODE", "This code is not right, or was used already: wait for the next one.", ("code",))
FACTOR_NEEDED = UserProblem(
    "SECOND_FACTOR_REQUIRED", "Show the second factor again: give a current code, or sign in again.", ("code",)
)


def too_often(wait: int, field: str) -> UserProblem:
    """Too many wrong ones."""
    said = Message(
        "Too many wrong attempts. Try again in {count} second.",
        plural="Too many wrong attempts. Try again in {count} seconds.",
        count=wait,
    )
    return UserProblem("TOO_MANY_ATTEMPTS", said, (field,))


@dataclass(frozen=True, slots=True, repr=False)
class Actor:
    """Who acts, in which session, and when."""

    store: Store
    means: SignInDependencies
    customer_id: int
    session_id: int | None
    now: datetime

    async def session(self) -> Session | None:
        """The session, while it is open."""
        if self.session_id is None:
            return None
        found = await Sessions(self.store, self.means).by_id(self.session_id, self.now)
        return found if found is not None and found.customer_id == self.customer_id else None

    async def account(self, credential_id: int | None) -> Account | None:
        """One of the customer's own credentials; the session's when none is named. None for anybody else's (D6)."""
        if credential_id is None:
            session = await self.session()
            credential_id = session.credential_id if session else None
        account = await Credentials(self.store).by_id(credential_id) if credential_id is not None else None
        return account if account is not None and account.credential.customer_id == self.customer_id else None

    async def charge(self, account: Account, secret: Secret) -> int:
        """Count an attempt within this session; the seconds to wait when there were too many."""
        buckets = inside(secret, account.credential.id, self.session_id)
        return await AttemptLimiter(self.store).charge(buckets, self.now)

    async def forgive(self, connection: AsyncConnection, account: Account, secret: Secret) -> None:
        """The attempt was right, and what it was for is done, in the caller's transaction."""
        buckets = inside(secret, account.credential.id, self.session_id)
        await AttemptLimiter(self.store).forgive(connection, buckets, self.now)

    async def shows_factor(self, account: Account, code: str) -> UserProblem | None:
        """What keeps the second factor from being believed here and now; None when it is, or when there is none yet.

        It was shown within the last five minutes in a session of this very credential, or a code is shown now (S3).
        """
        async with self.store.write() as connection:
            factors = await confirmed(connection, account.credential.id)
        if not factors:
            return None
        session = await self.session()
        own = session is not None and session.credential_id == account.credential.id
        if session is not None and own and SECOND in session.methods and session.fresh(self.now, FRESH):
            return None
        return await self.uses_code(account, code) if code else FACTOR_NEEDED

    async def uses_code(self, account: Account, code: str) -> UserProblem | None:
        """What keeps a code from being believed; None: it was right, and is used up."""
        secret = Secret.of_code(code)
        if wait := await self.charge(account, secret):
            return too_often(wait, "code")
        async with self.store.write() as connection:
            used = await use_code(connection, account.key, account.credential.id, code, self.now)
            if used is None:
                return WRONG_CODE
            await self.forgive(connection, account, secret)
        return None


def actor_at(desk: CommandContext) -> Actor:
    """The customer behind a token."""
    return Actor(desk.store, desk.means, desk.subject, desk.grant.session_id, desk.now)
