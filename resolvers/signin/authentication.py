"""Authenticates customers: password, then second factor, with the same work for existing and missing accounts (S1)."""

from __future__ import annotations

import asyncio
from collections import Counter
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
    """A sign-in attempt with a password. With `renews` it is a step-up within this session."""

    platform: str
    login: str
    password: str
    code: str = ""
    shared: bool = False
    renews: Session | None = None


@dataclass(frozen=True, slots=True, repr=False)
class PasskeyAttempt:
    """A sign-in attempt with a passkey: with `pending` after the password, with `renews` as a step-up."""

    platform: str
    answer: str
    pending: Pending | None = None
    renews: Session | None = None
    shared: bool = False


class CustomerAuthentication:
    """The sign-in procedure of all platforms."""

    def __init__(self, store: Store, dependencies: SignInDependencies) -> None:
        self._store, self._dependencies = store, dependencies
        self.credentials = Credentials(store)
        self.pending = PendingSignIns(store, dependencies, self.credentials)
        self.attempts = AttemptLimiter(store)
        self.opener = Opener(store, dependencies)
        self._passkeys = Passkeys(store, dependencies)
        self.counts: Counter[tuple[str, str]] = Counter()
        """Attempts by means and verdict; it names nobody."""

    async def by_password(
        self, attempt: PasswordAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired:
        """Authenticate by password.

        1. Refuse passwords that are too long without hashing. 2. Count the attempt for the account, whatever else was
        sent. 3. Verify the password, at the same cost for every account. 4. Record a failed sign-in. 5. If a second
        factor is active and no code was sent, return SecondFactorRequired. 6. Count a code apart from the password, and
        verify it. 7. Open the session, and only now reset the attempts. All refusals take the same minimum time.
        """
        verdict = await no_sooner(self._least, self._by_password(attempt, visitor, now))
        self.counts["password", type(verdict).__name__] += 1
        return verdict

    async def _by_password(
        self, attempt: PasswordAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired:
        password = normal(attempt.password)
        if too_long(attempt.password) or too_long(password):  # 1
            return Rejected()
        account, counted = await self._account(attempt, visitor, now)
        if wait := await self.attempts.consume(counted.buckets(Secret.PASSWORD), now):  # 2
            return Rejected(wait)
        # Verified first, also without an account, for the same time (S1).
        while await self._is_right(account, password, attempt.password) and account is not None:  # 3
            found = await self._after_password(account, attempt, counted, now)
            if found is not None:
                return found
            account = await self.credentials.by_id(
                account.credential.id
            )  # The hash was replaced meanwhile: verify again.
        return await self._refuse(account, attempt.platform, visitor, now)  # 4

    @property
    def _least(self) -> timedelta:
        """The minimum time of a refusal: the configured one, and what a hash of another system took beside it (S1)."""
        return self._dependencies.times.refusal + timedelta(seconds=self._dependencies.hasher.slowest_foreign)

    async def _is_right(self, account: Account | None, password: str, typed: str) -> bool:
        stored = account.credential.password_hash if account else None
        return await self._dependencies.hasher.verify(stored, password, typed)

    async def _account(
        self, attempt: PasswordAttempt, visitor: Visitor, now: datetime
    ) -> tuple[Account | None, Counted]:
        """The account of the attempt, if it exists, and the buckets of its attempts."""
        if attempt.renews is not None:
            account = await self.credentials.by_id(attempt.renews.credential_id)
            return account, Counted(b"", visitor, renews=(attempt.renews.credential_id, attempt.renews.id))
        login_index = self.credentials.login_index(attempt.login)
        account = await self.credentials.by_login(attempt.platform, login_index)
        known = await self.opener.devices.knows(account, visitor, now)
        return account, Counted(subject(attempt.platform, login_index), visitor, known)

    async def _counted(self, account: Account, session_id: int | None, visitor: Visitor, now: datetime) -> Counted:
        """The buckets of attempts at a known account, possibly in a step-up."""
        known = await self.opener.devices.knows(account, visitor, now)
        renews = (account.credential.id, session_id) if session_id is not None else None
        return Counted(self._subject(account), visitor, known, renews)

    def _subject(self, account: Account) -> bytes:
        return subject(account.credential.platform, self.credentials.index_of(account))

    async def _refuse(self, account: Account | None, platform: str, visitor: Visitor, now: datetime) -> Rejected:
        """Record a failed sign-in (R17), with the same statement for a missing account (G7)."""
        access = self.opener.history.failed(platform, visitor, now)
        async with self._store.write() as connection:
            await record_alike(connection, account.key if account else None, access)
        return Rejected()

    async def _after_password(
        self, account: Account, attempt: PasswordAttempt, counted: Counted, now: datetime
    ) -> SignedIn | SecondFactorRequired | Rejected | Expired | None:
        """Steps 5 to 7; None if the password hash changed since it was verified."""
        stored, password, visitor = account.credential.password_hash or "", normal(attempt.password), counted.visitor
        # Hashed outside the transaction, which holds the lock of the credential.
        fresh = (
            await self._dependencies.hasher.hash(password) if self._dependencies.hasher.stale(stored) else None
        )  # S2
        renews = attempt.renews.id if attempt.renews else None
        # Before the transaction: it reads and decrypts many rows.
        access = await self.opener.evaluate(account, visitor, now, renews is not None)
        spent = counted.buckets(Secret.PASSWORD)
        beside = counted.beside(Secret.of_code(attempt.code)) if attempt.code and await self._guarded(account) else []
        if beside and (wait := await self.attempts.consume(beside, now)):  # 6
            return Rejected(wait)
        async with self._store.write() as connection:
            if not await unchanged(connection, account, fresh):
                return None
            factors = await confirmed(connection, account.credential.id)
            # The password attempt stays counted until the second factor is proven (S11).
            if factors and not beside:  # 5
                secret = await self.pending.begin(connection, account, attempt.shared, renews, now)
                return SecondFactorRequired(secret, frozenset(each.kind for each in factors))
            used = None
            if factors:
                used = await use_code(connection, account.key, account.credential.id, attempt.code, now)
            if used is not None or not factors:  # 7
                await self.attempts.reset(connection, spent + beside, now)
                proof = SignInProof(account, methods("pwd", used), attempt.shared, renews, used)
                return await self.opener.open(connection, proof, visitor, access)
            await record(
                connection, account.key, self._dependencies, self.opener.history.failed(attempt.platform, visitor, now)
            )
        return Rejected()

    async def _guarded(self, account: Account) -> bool:
        """True if a second factor is active."""
        async with self._store.write() as connection:
            return bool(await confirmed(connection, account.credential.id))

    async def by_code(
        self, pending: Pending, code: str, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        """Authenticate by a code after a right password, with the same steps."""
        verdict = await no_sooner(self._least, self._by_code(pending, code, visitor, now))
        self.counts["code", type(verdict).__name__] += 1
        return verdict

    async def _by_code(
        self, pending: Pending, code: str, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        account = pending.account
        counted = await self._counted(account, pending.session_id, visitor, now)
        buckets = counted.buckets(Secret.of_code(code))
        if wait := await self.attempts.consume(buckets, now):
            return Rejected(wait)
        access = await self.opener.evaluate(account, visitor, now, pending.session_id is not None)
        async with self._store.write() as connection:
            # The credential is locked before its factors, as everywhere: one lock order, so no deadlocks.
            if not await unchanged(connection, account):
                return Expired()
            used = await use_code(connection, account.key, account.credential.id, code, now)
            if used is not None:
                # Of concurrent codes for one pending sign-in, one succeeds.
                if not await finish(connection, pending):
                    return Expired()
                await self.attempts.reset(connection, buckets + counted.buckets(Secret.PASSWORD), now)
                proof = SignInProof(account, methods("pwd", used), pending.shared, pending.session_id, used)
                return await self.opener.open(connection, proof, visitor, access)
        return await self._refuse(account, account.credential.platform, visitor, now)

    async def by_passkey(
        self, attempt: PasskeyAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        """Authenticate by passkey: as second factor, as step-up, or instead of the password."""
        verdict = await no_sooner(self._least, self._by_passkey(attempt, visitor, now))
        self.counts["passkey", type(verdict).__name__] += 1
        return verdict

    async def _by_passkey(
        self, attempt: PasskeyAttempt, visitor: Visitor, now: datetime
    ) -> SignedIn | Rejected | Expired:
        account, counted = await self._passkey_account(attempt, visitor, now)
        buckets = counted.buckets(Secret.PASSKEY)
        if wait := await self.attempts.consume(buckets, now):
            return Rejected(wait)
        # Without a first factor the passkey itself says whose it is.
        expected = account if attempt.pending or attempt.renews else None
        try:
            presented = await self._passkeys.presented(expected, attempt.answer, now)
        except PasskeyError:
            return await self._refuse(account, attempt.platform, visitor, now)
        # A passkey of one platform opens no other (R38).
        if presented.account.credential.platform != attempt.platform:
            return Rejected()
        if attempt.pending is not None:
            buckets += counted.buckets(Secret.PASSWORD)
        renews = bool(attempt.renews or (attempt.pending and attempt.pending.session_id))
        access = await self.opener.evaluate(presented.account, visitor, now, renews)
        async with self._store.write() as connection:
            if attempt.pending is not None and not (
                await unchanged(connection, presented.account) and await finish(connection, attempt.pending)
            ):
                return Expired()
            await self.attempts.reset(connection, buckets, now)
            return await self.opener.open(connection, _proof(attempt, presented), visitor, access)

    async def _passkey_account(
        self, attempt: PasskeyAttempt, visitor: Visitor, now: datetime
    ) -> tuple[Account | None, Counted]:
        """The account that the passkey must have, or names, and the buckets of the attempt."""
        if attempt.pending is not None:
            account, session_id = attempt.pending.account, attempt.pending.session_id
            return account, await self._counted(account, session_id, visitor, now)
        if attempt.renews is not None:
            found = await self.credentials.by_id(attempt.renews.credential_id)
            return found, Counted(b"", visitor, renews=(attempt.renews.credential_id, attempt.renews.id))
        named = await self._passkeys.named(attempt.answer)
        known = await self.opener.devices.knows(named, visitor, now)
        return named, Counted(self._subject(named) if named else b"nobody's passkey", visitor, known)


def _proof(attempt: PasskeyAttempt, presented: ProvenPasskey) -> SignInProof:
    first = ("pwd",) if attempt.pending else ()
    renews = attempt.pending.session_id if attempt.pending else attempt.renews.id if attempt.renews else None
    shared = attempt.pending.shared if attempt.pending else attempt.shared
    return SignInProof(presented.account, (*first, *presented.methods, SECOND), shared, renews)


async def no_sooner(least: timedelta, work: Awaitable[Verdict], always: bool = False) -> Verdict:
    """Delay a refusal (or, with `always`, any answer) to a minimum time, so that timing reveals nothing (S1)."""
    began = asyncio.get_running_loop().time()
    verdict = await work
    if always or isinstance(verdict, Rejected):
        # Measured on the monotonic clock of the event loop.
        await asyncio.sleep(began + least.total_seconds() - asyncio.get_running_loop().time())
    return verdict


def methods(first: str, used: Used | None) -> tuple[str, ...]:
    """The authentication methods, as values of RFC 8176."""
    return (first,) if used is None else (first, *used.methods, SECOND)
