"""Finding out who somebody is: password, then second factor; alike for every account that there is or is not (S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from resolvers.commands.dependencies import SignInDependencies
from resolvers.factors.credentials import Account, Credentials
from resolvers.factors.factors import Used, confirmed, use_code
from resolvers.factors.passkeys import PasskeyError, Passkeys, ProvenPasskey
from resolvers.passwords.text import normal, too_long
from resolvers.signin.attempts import AttemptLimiter
from resolvers.signin.buckets import Counted, Secret, subject
from resolvers.signin.opening import Opener, SignInProof, unchanged
from resolvers.signin.pending import Pending, PendingSignIns, finish
from resolvers.signin.sessions import SECOND, Session
from resolvers.signin.verdicts import Expired, Rejected, SecondFactorRequired, SignedIn
from resolvers.signins.signins import Visitor, record, record_alike
from store.database.store import Store

Verdict = TypeVar("Verdict")


@dataclass(frozen=True, slots=True, repr=False)
class PasswordAttempt:
    """Who somebody says they are, and the proof they bring. With `renews` they are signed in already (step-up)."""

    platform: str
    login: str
    password: str
    code: str = ""
    shared: bool = False
    renews: Session | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PasskeyAttempt:
    """A passkey that somebody shows: with `pending` after their password, with `renews` to confirm who they are."""

    platform: str
    answer: str
    pending: Pending | None = None
    renews: Session | None = None
    shared: bool = False


class CustomerAuthentication:
    """The procedure, for all platforms."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self.credentials = Credentials(store)
        self.pending = PendingSignIns(store, dependencies, self.credentials)
        self.guesses = AttemptLimiter(store)
        self.opener = Opener(store, dependencies)
        self._passkeys = Passkeys(store, dependencies)

    async def by_password(
        self, claim: PasswordAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired:
        """Believe a password, or not.

        1. What is too long is not hashed. 2. The attempt is counted for the account, whatever else was sent with it.
        3. The password is verified, at the same cost for every account. 4. A wrong one is written down. 5. After a
        right one the second factor is awaited, if there is one and no code came along; 6. a code that did is counted,
        apart from the password, and checked; 7. else they are let in, and only now the attempts are forgiven. A
        refusal leaves no sooner than any other.
        """
        return await no_sooner(self._dependencies.times.refusal, self._by_password(claim, visitor, now))

    async def _by_password(
        self, claim: PasswordAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired:
        password = normal(claim.password)
        if too_long(claim.password) or too_long(password):  # 1
            return Rejected()
        account, counted = await self._account(claim, visitor, now)
        if wait := await self.guesses.consume(counted.buckets(Secret.PASSWORD), now):  # 2
            return Rejected(wait)
        while await self._is_right(account, password) and account is not None:  # 3
            found = await self._after_password(account, claim, counted, now)
            if found is not None:
                return found
            account = await self.credentials.by_id(account.credential.id)  # It has another hash now: once more.
        return await self._refuse(account, claim.platform, visitor, now)  # 4

    async def _is_right(self, account: Account | None, password: str) -> bool:
        stored = account.credential.password_hash if account else None
        return await self._dependencies.hasher.verify(stored, password)

    async def _account(self, claim: PasswordAttempt, visitor: Visitor, now: datetime) -> tuple[Account | None, Counted]:
        """The account that is meant, and where its attempts are counted, whether there is one or not."""
        if claim.renews is not None:
            account = await self.credentials.by_id(claim.renews.credential_id)
            return account, Counted(b"", visitor, renews=(claim.renews.credential_id, claim.renews.id))
        login_index = self.credentials.login_index(claim.login)
        account = await self.credentials.by_login(claim.platform, login_index)
        known = await self.opener.devices.knows(account, visitor, now)
        return account, Counted(subject(claim.platform, login_index), visitor, known)

    async def _counted(self, account: Account, session_id: int | None, visitor: Visitor, now: datetime) -> Counted:
        """Where attempts at an account are counted that is known already, perhaps by a session that is renewed."""
        known = await self.opener.devices.knows(account, visitor, now)
        renews = (account.credential.id, session_id) if session_id is not None else None
        return Counted(self._subject(account), visitor, known, renews)

    def _subject(self, account: Account) -> bytes:
        return subject(account.credential.platform, self.credentials.index_of(account))

    async def _refuse(self, account: Account | None, platform: str, visitor: Visitor, now: datetime) -> Rejected:
        """Write it down (R17), by the same statement for an account that there is not (G7)."""
        access = self.opener.history.failed(platform, visitor, now)
        async with self._store.write() as connection:
            await record_alike(connection, account.key if account else None, access)
        return Rejected()

    async def _after_password(
        self, account: Account, claim: PasswordAttempt, counted: Counted, now: datetime
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired | None:
        """Steps 5 to 7; None when the password was hashed anew, or changed, since it was verified."""
        stored, password, visitor = account.credential.password_hash or "", normal(claim.password), counted.visitor
        fresh = (
            await self._dependencies.hasher.hash(password) if self._dependencies.hasher.stale(stored) else None
        )  # S2
        renews = claim.renews.id if claim.renews else None
        access = await self.opener.judged(account, visitor, now, renews is not None)
        spent = counted.buckets(Secret.PASSWORD)
        beside = counted.beside(Secret.of_code(claim.code)) if claim.code and await self._guarded(account) else []
        if beside and (wait := await self.guesses.consume(beside, now)):  # 6
            return Rejected(wait)
        async with self._store.write() as connection:
            if not await unchanged(connection, account, fresh):
                return None
            factors = await confirmed(connection, account.credential.id)
            if factors and not beside:  # 5
                secret = await self.pending.begin(connection, account, claim.shared, renews, now)
                return SecondFactorRequired(secret, frozenset(each.kind for each in factors))
            used = None
            if factors:
                used = await use_code(connection, account.key, account.credential.id, claim.code, now)
            if used is not None or not factors:  # 7
                await self.guesses.reset(connection, spent + beside, now)
                proof = SignInProof(account, methods("pwd", used), claim.shared, renews, used)
                return await self.opener.open(connection, proof, visitor, access)
            await record(
                connection, account.key, self._dependencies, self.opener.history.failed(claim.platform, visitor, now)
            )
        return Rejected()

    async def _guarded(self, account: Account) -> bool:
        """Whether a second factor is asked for, so that a code is checked."""
        async with self._store.write() as connection:
            return bool(await confirmed(connection, account.credential.id))

    async def by_code(
        self, pending: Pending, code: str, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        """Believe a code after a right password, or not; the same steps."""
        return await no_sooner(self._dependencies.times.refusal, self._by_code(pending, code, visitor, now))

    async def _by_code(
        self, pending: Pending, code: str, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        account = pending.account
        counted = await self._counted(account, pending.session_id, visitor, now)
        buckets = counted.buckets(Secret.of_code(code))
        if wait := await self.guesses.consume(buckets, now):
            return Rejected(wait)
        access = await self.opener.judged(account, visitor, now, pending.session_id is not None)
        async with self._store.write() as connection:
            # The credential is locked before its factors, everywhere, so that no two wait for each other.
            if not await unchanged(connection, account):
                return Expired()
            used = await use_code(connection, account.key, account.credential.id, code, now)
            if used is not None:
                if not await finish(connection, pending):
                    return Expired()
                await self.guesses.reset(connection, buckets + counted.buckets(Secret.PASSWORD), now)
                proof = SignInProof(account, methods("pwd", used), pending.shared, pending.session_id, used)
                return await self.opener.open(connection, proof, visitor, access)
        return await self._refuse(account, account.credential.platform, visitor, now)

    async def by_passkey(self, shown: PasskeyAttempt, visitor: Visitor, now: datetime) -> SignedIn | Rejected | Expired:
        """Believe a passkey, or not: after a right password, as a fresh proof, or in place of all that."""
        return await no_sooner(self._dependencies.times.refusal, self._by_passkey(shown, visitor, now))

    async def _by_passkey(
        self, shown: PasskeyAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        account, counted = await self._shown(shown, visitor, now)
        buckets = counted.buckets(Secret.PASSKEY)
        if wait := await self.guesses.consume(buckets, now):
            return Rejected(wait)
        expected = account if shown.pending or shown.renews else None
        try:
            presented = await self._passkeys.presented(expected, shown.answer, now)
        except PasskeyError:
            return await self._refuse(account, shown.platform, visitor, now)
        if presented.account.credential.platform != shown.platform:
            return Rejected()
        if shown.pending is not None:
            buckets += counted.buckets(Secret.PASSWORD)
        renews = bool(shown.renews or (shown.pending and shown.pending.session_id))
        access = await self.opener.judged(presented.account, visitor, now, renews)
        async with self._store.write() as connection:
            if shown.pending is not None and not (
                await unchanged(connection, presented.account) and await finish(connection, shown.pending)
            ):
                return Expired()
            await self.guesses.reset(connection, buckets, now)
            return await self.opener.open(connection, _proof(shown, presented), visitor, access)

    async def _shown(self, shown: PasskeyAttempt, visitor: Visitor, now: datetime) -> tuple[Account | None, Counted]:
        """Whose passkey it has to be, or says it is, and where the attempt is counted."""
        if shown.pending is not None:
            account, session_id = shown.pending.account, shown.pending.session_id
            return account, await self._counted(account, session_id, visitor, now)
        if shown.renews is not None:
            found = await self.credentials.by_id(shown.renews.credential_id)
            return found, Counted(b"", visitor, renews=(shown.renews.credential_id, shown.renews.id))
        named = await self._passkeys.named(shown.answer)
        known = await self.opener.devices.knows(named, visitor, now)
        return named, Counted(self._subject(named) if named else b"nobody's passkey", visitor, known)


def _proof(shown: PasskeyAttempt, presented: ProvenPasskey) -> SignInProof:
    first = ("pwd",) if shown.pending else ()
    renews = shown.pending.session_id if shown.pending else shown.renews.id if shown.renews else None
    shared = shown.pending.shared if shown.pending else shown.shared
    return SignInProof(presented.account, (*first, *presented.methods, SECOND), shared, renews)


async def no_sooner(least: timedelta, work: Awaitable[Verdict], always: bool = False) -> Verdict:
    """Have a refusal (or `always` the answer) wait until every refusal could have been ready (S1)."""
    began = asyncio.get_running_loop().time()
    verdict = await work
    if always or isinstance(verdict, Rejected):
        await asyncio.sleep(began + least.total_seconds() - asyncio.get_running_loop().time())
    return verdict


def methods(first: str, used: Used | None) -> tuple[str, ...]:
    """How somebody was authenticated, in the words of RFC 8176."""
    return (first,) if used is None else (first, *used.methods, SECOND)
