"""Sets a new password: checks the rules, compares it with the customer's other ones (R38), writes and notifies."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from resolvers.account.passwords import measure, password_problems
from resolvers.account.passwords_own_words import OwnWords
from resolvers.commands.context import CommandContext, Result, UserProblem
from resolvers.commands.dependencies import SignInDependencies
from resolvers.emails.emails import write
from resolvers.emails.signin import SignInEmail
from resolvers.factors.credentials import Account, Credential, Credentials, sealed_hash
from resolvers.passwords.text import normal, too_long
from resolvers.signin.actor import NOT_FOUND, Actor, actor_at, too_often
from resolvers.signin.attempts import AttemptBucket, AttemptLimiter
from resolvers.signin.buckets import Secret, compared, inside
from resolvers.signin.sessions import end_where
from resolvers.signin.verdicts import Rejected
from store.crypto.subject_key import SubjectKey
from store.database.store import Store
from store.tables.access import sessions
from store.tables.credentials import credentials, second_factors
from store.tables.signin import email_links, pending_sign_ins, reset_links

WRONG_PASSWORD = UserProblem("WRONG_PASSWORD", "This is not the present password.", ("currentPassword",))
SAME = UserProblem("PASSWORD_SAME", "This is the present password. Choose another.")
REUSED = UserProblem(
    "PASSWORD_REUSED", "You use this password for another of your services. Choose a different one for each."
)
CONFLICT = UserProblem("CONFLICT", "One of your passwords was changed in the meantime. Try again.")


@dataclass(frozen=True, slots=True, repr=False)
class CheckedPassword:
    """An accepted password with its hash, and the credentials that it was compared with."""

    account: Account
    everyone: tuple[Credential, ...]
    hash: str
    strength: str


class NewPasswords:
    """Checks and writes new passwords."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self._credentials = Credentials(store)
        self._attempts = AttemptLimiter(store)
        self._own = OwnWords(store)
        on = (
            select(second_factors.c.id)
            .where(
                second_factors.c.credential_id == bindparam("credential"), second_factors.c.confirmed_at.is_not(None)
            )
            .limit(1)
        )
        self._factor = store.reader.prepare(on)

    async def prepared(
        self, account: Account, password: str, now: datetime
    ) -> CheckedPassword | Rejected | tuple[UserProblem, ...]:
        """Check and hash a password; or the problems, or Rejected when it was tried too often.

        It is verified against the Argon2id hash of each other password: nothing that compares faster is stored (R38).
        The answer reveals whether it equals one of them, so each comparison counts as a guess (S11).
        """
        text = normal(password)
        own = [] if too_long(password) else await self._own.of(account.key)
        guarded = await self.guarded(account.credential.id)
        # In a thread: the lists are read from disk, and zxcvbn computes for milliseconds.
        if found := await asyncio.to_thread(password_problems, text, own, self._dependencies.passwords, guarded):
            return tuple(found)
        everyone = await self._credentials.of_customer(account.key)
        others = [each.password_hash for each in everyone if each.id != account.credential.id and each.password_hash]
        present = [account.credential.password_hash] if account.credential.password_hash else []
        # After the rules: a password that they refuse is not compared, so it is no guess.
        if wait := await self._attempts.consume(compared(account.credential.customer_id), now):
            return Rejected(wait)
        # The present password first: that problem reveals nothing about the other platforms.
        if await self._dependencies.hasher.any_of(present, text):
            return (SAME,)
        if await self._dependencies.hasher.any_of(others, text):
            return (REUSED,)
        # Outside the transaction: hashing takes 20 ms or more, in which rows would be locked.
        hash_ = await self._dependencies.hasher.hash(text)
        strength = (await asyncio.to_thread(measure, text, own)).strength
        return CheckedPassword(account, tuple(everyone), hash_, strength)

    async def platforms_of(self, key: SubjectKey) -> frozenset[str]:
        """The platforms that a customer can sign in to."""
        return frozenset(each.platform for each in await self._credentials.of_customer(key))

    async def guarded(self, credential_id: int) -> bool:
        """True if a second factor is active, so that a shorter password may suffice."""
        return bool(await self._store.reader.fetch(self._factor, {"credential": credential_id}))

    async def least(self, credential_id: int) -> int:
        """The minimum number of characters of a new password of this credential."""
        return self._dependencies.passwords.least(await self.guarded(credential_id))

    async def write(
        self,
        connection: AsyncConnection,
        new: CheckedPassword,
        now: datetime,
        forgiven: Sequence[AttemptBucket] = (),
        keep_session: int | None = None,
    ) -> UserProblem | None:
        """Set the password in the caller's transaction, as its last act: all other sessions of the platform end (S6).

        The customer's credentials are locked and compared first, so that two passwords changed concurrently cannot
        become equal. The attempts in `forgiven` are reset only after that lock, to keep the lock order. Returns a
        problem if a password was changed in the meantime.
        """
        account = new.account
        # Another password may have become equal to this one since they were compared (R38).
        if not await unchanged(connection, new):
            return CONFLICT
        sealed = sealed_hash(account.key, account.credential.id, new.hash)
        change = {"password_hash": sealed, "changed_at": now, "strength": new.strength}
        await connection.execute(update(credentials).where(credentials.c.id == account.credential.id).values(change))
        # Links and pending sign-ins could otherwise open new sessions after these have ended.
        await void_links(connection, account.credential)
        counted = [*forgiven, *compared(account.credential.customer_id)]
        await self._attempts.reset(connection, counted, now)
        template, platform = SignInEmail.PASSWORD_CHANGED, account.credential.platform
        await write(connection, account.key, self._dependencies.site, template, now, platform=platform)
        which: list[ColumnElement[bool]] = [sessions.c.platform == platform]
        if keep_session is not None:
            which.append(sessions.c.id != keep_session)
        await end_where(connection, account.credential.customer_id, which, now)
        return None


async def unchanged(connection: AsyncConnection, new: CheckedPassword) -> bool:
    """Lock the customer's credentials; True if they are those that the password was compared with."""
    customer = new.account.credential.customer_id
    found = (
        select(credentials.c.id, credentials.c.password_hash)
        .where(credentials.c.customer_id == customer)
        .order_by(credentials.c.id)
        .with_for_update()
    )
    # Ciphertexts differ after every write, so equal ones prove that nothing was changed.
    now = {id_: None if resting is None else bytes(resting) for id_, resting in await connection.execute(found)}
    return now == {each.id: each.sealed_hash for each in new.everyone}


async def void_links(connection: AsyncConnection, credential: Credential) -> None:
    """Delete reset links and pending sign-ins of the old password, and links to a new e-mail address, which an attacker
    with the old password may have requested (S8)."""
    for table in (reset_links, pending_sign_ins):
        await connection.execute(delete(table).where(table.c.credential_id == credential.id))
    await connection.execute(delete(email_links).where(email_links.c.customer_id == credential.customer_id))


async def change(actor: Actor, credential_id: int | None, current: str, new: str) -> Result:
    """Change the password of one platform, given the current one; the other sessions there end."""
    account = await actor.account(credential_id)
    if account is None:
        return Result(problems=(NOT_FOUND,))
    # Counted within the session: a stolen session must not be used to guess the password.
    if wait := await actor.consume(account, Secret.PASSWORD):
        return Result(problems=(too_often(wait, "currentPassword"),))
    # The length first: a long text is not hashed (S2).
    right = not too_long(current) and await actor.dependencies.hasher.verify(
        account.credential.password_hash, normal(current)
    )
    if not right:
        return Result(problems=(WRONG_PASSWORD,))
    passwords = NewPasswords(actor.store, actor.dependencies)
    prepared = await passwords.prepared(account, new, actor.now)
    if isinstance(prepared, Rejected):
        return Result(problems=(too_often(prepared.wait, "newPassword"),))
    if not isinstance(prepared, CheckedPassword):
        return Result(problems=at_field(prepared, "newPassword"))
    async with actor.store.write() as connection:
        counted = inside(Secret.PASSWORD, account.credential.id, actor.session_id)
        problem = await passwords.write(connection, prepared, actor.now, counted, actor.session_id)
    return Result(affected={"credential": account.credential.id}, problems=(problem,) if problem else ())


def at_field(problems: tuple[UserProblem, ...], field: str) -> tuple[UserProblem, ...]:
    """The problems with the path of the input field that they concern."""
    return tuple(replace(problem, field=(field,)) for problem in problems)


async def change_password(context: CommandContext, given: Mapping[str, Any]) -> Result:
    """The command of the API."""
    return await change(
        actor_at(context), given.get("credentialId"), given.get("currentPassword") or "", given.get("newPassword") or ""
    )
