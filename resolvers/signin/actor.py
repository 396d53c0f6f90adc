"""The signed-in customer in commands on credentials, shared by the API and the pages."""

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

NOT_FOUND = UserProblem("NOT_FOUND", "There is no such sign-in.", ("credentialId",))
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
    """The acting customer, their session and the time."""

    store: Store
    dependencies: SignInDependencies
    customer_id: int
    session_id: int | None
    now: datetime

    async def session(self) -> Session | None:
        """The session; None if it has ended or there is none."""
        if self.session_id is None:
            return None
        found = await Sessions(self.store, self.dependencies).by_id(self.session_id, self.now)
        return found if found is not None and found.customer_id == self.customer_id else None

    async def account(self, credential_id: int | None) -> Account | None:
        """The customer's own credential of this id, or the session's if it is None; None for others' (D6)."""
        if credential_id is None:
            session = await self.session()
            credential_id = session.credential_id if session else None
        account = await Credentials(self.store).by_id(credential_id) if credential_id is not None else None
        return account if account is not None and account.credential.customer_id == self.customer_id else None

    async def consume(self, account: Account, secret: Secret) -> int:
        """Count an attempt within this session; seconds to wait if there were too many, else 0."""
        # Per session: guessing in a stolen session does not slow the owner down.
        buckets = inside(secret, account.credential.id, self.session_id)
        return await AttemptLimiter(self.store).consume(buckets, self.now)

    async def reset(self, connection: AsyncConnection, account: Account, secret: Secret) -> None:
        """Reset the attempts after a right one, in the transaction of the action that it authorised."""
        buckets = inside(secret, account.credential.id, self.session_id)
        await AttemptLimiter(self.store).reset(connection, buckets, self.now)

    async def shows_factor(self, account: Account, code: str) -> UserProblem | None:
        """Verify a recent second factor; the problem, or None if it was proven or there is no factor.

        It was proven within the last five minutes in a session of this credential, or the code proves it now (S3).
        """
        async with self.store.write(apart=True) as connection:
            factors = await confirmed(connection, account.credential.id)
        if not factors:
            return None
        session = await self.session()
        # A factor of another platform proves nothing here: platforms have separate factors (R39).
        own = session is not None and session.credential_id == account.credential.id
        if session is not None and own and SECOND in session.methods and session.fresh(self.now, FRESH):
            return None
        return await self.uses_code(account, code) if code else FACTOR_NEEDED

    async def uses_code(self, account: Account, code: str) -> UserProblem | None:
        """Verify a code and use it up; the problem, or None if it was right."""
        secret = Secret.of_code(code)
        if wait := await self.consume(account, secret):
            return too_often(wait, "code")
        # Apart: a code is used up, whatever becomes of the command that it was shown for.
        async with self.store.write(apart=True) as connection:
            used = await use_code(connection, account.key, account.credential.id, code, self.now)
            if used is None:
                return WRONG_CODE
            await self.reset(connection, account, secret)
        return None


def actor_at(context: CommandContext) -> Actor:
    """The actor of a token; LookupError for a tool's token."""
    return Actor(context.store, context.dependencies, context.subject, context.grant.session_id, context.now)
