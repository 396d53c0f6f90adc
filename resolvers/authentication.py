"""Finding out who somebody is: password, then second factor; alike for every account that there is or is not (S1)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete

from resolvers.authentication_credentials import Account, Credentials
from resolvers.authentication_guesses import Bucket, Guesses, Pace
from resolvers.authentication_means import Means
from resolvers.authentication_opening import Opener, Proof, unchanged
from resolvers.authentication_pending import Pending, PendingSignIns, finish
from resolvers.authentication_secrets import hashed
from resolvers.authentication_verdicts import Awaiting, Denied, Lapsed, Opened
from resolvers.factors import Used, confirmed, is_short, use_code
from resolvers.passkeys import Passkeys, Refused
from resolvers.passwords import normal
from resolvers.passwords_hashing import too_long
from resolvers.sessions import SECOND, Session
from resolvers.signins import Visitor, record
from resolvers.signins_places import network_of
from store.database import Store
from store.signin import guesses

Verdict = TypeVar("Verdict")


@dataclass(frozen=True, slots=True, repr=False)
class Claim:
    """Who somebody says they are, and the proof they bring. With `renews` they are signed in already (step-up)."""

    platform: str
    login: str
    password: str
    code: str = ""
    shared: bool = False
    renews: Session | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A passkey that somebody shows: with `pending` after their password, with `renews` to confirm who they are."""

    platform: str
    answer: str
    pending: Pending | None = None
    renews: Session | None = None
    shared: bool = False


class Authentication:
    """The procedure, for all platforms."""

    def __init__(self, store: Store, means: Means) -> None:
        self._store, self._means = store, means
        self.credentials = Credentials(store)
        self.pending = PendingSignIns(store, means, self.credentials)
        self.guesses = Guesses(store)
        self.opener = Opener(store, means)
        self._passkeys = Passkeys(store, means)

    async def by_password(self, claim: Claim, visitor: Visitor, now: datetime) -> Opened | Awaiting | Denied | Lapsed:
        """Believe a password, or not.

        1. What is too long is not hashed. 2. The attempt is counted where guesses at this account from strangers, or
        from this known device, are counted. 3. The password is verified, at the same cost for every account.
        4. A wrong one is written down. 5. After a right one the second factor is awaited, if there is one; 6. else
        they are let in. A refusal leaves no sooner than any other.
        """
        return await no_sooner(self._means.times.refusal, self._by_password(claim, visitor, now))

    async def _by_password(self, claim: Claim, visitor: Visitor, now: datetime) -> Opened | Awaiting | Denied | Lapsed:
        password = normal(claim.password)
        if too_long(claim.password) or too_long(password):  # 1
            return Denied()
        account, subject = await self._account(claim)
        buckets = await self._buckets(account, subject, visitor, claim.code, now)
        if wait := await self.guesses.charge(buckets, now):  # 2
            return Denied(wait)
        while await self._is_right(account, password) and account is not None:  # 3
            found = await self._after_password(account, claim, visitor, now, buckets)
            if found is not None:
                return found
            account = await self.credentials.by_id(account.credential.id)  # It has another hash now: once more.
        return await self._refuse(account, claim.platform, visitor, now)  # 4

    async def _is_right(self, account: Account | None, password: str) -> bool:
        stored = account.credential.password_hash if account else None
        return await self._means.hasher.verify(stored, password)

    async def _account(self, claim: Claim) -> tuple[Account | None, bytes]:
        """The account that is meant, and what its attempts are counted under, whether there is one or not."""
        if claim.renews is not None:
            account = await self.credentials.by_id(claim.renews.credential_id)
            return account, _subject(account) if account else b""
        login_index = self.credentials.login_index(claim.login)
        account = await self.credentials.by_login(claim.platform, login_index)
        return account, claim.platform.encode() + login_index

    async def _buckets(
        self, account: Account | None, subject: bytes, visitor: Visitor, code: str, now: datetime
    ) -> list[Bucket]:
        """Where an attempt is counted (step 2).

        Whoever brings a recovery code, which nobody guesses, is counted by network only; whoever brings a short code
        apart from those who bring none: so guessing passwords keeps nobody out who has a second factor.
        """
        if account is not None and await self.opener.devices.knows(account, visitor, now):
            return [Bucket(Pace.DEVICE, subject + hashed(visitor.device_secret or ""))]
        buckets = [by_network(visitor)]
        if not code:
            buckets.append(Bucket(Pace.PASSWORD, subject))
        elif is_short(code):
            buckets.append(Bucket(Pace.CODE, subject))
        return buckets

    async def _refuse(self, account: Account | None, platform: str, visitor: Visitor, now: datetime) -> Denied:
        """Write it down (R17); for an account that there is not, one write that changes nothing in its place."""
        access = self.opener.history.failed(platform, visitor, now)
        async with self._store.write() as connection:
            if account is not None:
                await record(connection, account.key, self._means, access)
            else:
                await connection.execute(delete(guesses).where(guesses.c.bucket == b""))
        return Denied()

    async def _after_password(
        self, account: Account, claim: Claim, visitor: Visitor, now: datetime, buckets: Sequence[Bucket]
    ) -> Opened | Awaiting | Denied | Lapsed | None:
        """Steps 5 and 6; None when the password was hashed anew, or changed, since it was verified."""
        stored, password = account.credential.password_hash or "", normal(claim.password)
        fresh = await self._means.hasher.hash(password) if self._means.hasher.stale(stored) else None  # S2
        renews = claim.renews.id if claim.renews else None
        access = await self.opener.judged(account, visitor, now, renews is not None)
        async with self._store.write() as connection:
            if not await unchanged(connection, account, fresh):
                return None
            factors = await confirmed(connection, account.credential.id)
            if factors and not claim.code:  # 5
                await self.guesses.forgive(connection, buckets, now)
                secret = await self.pending.begin(connection, account, claim.shared, renews, now)
                return Awaiting(secret, frozenset(each.kind for each in factors))
            used = None
            if factors:
                used = await use_code(connection, account.key, account.credential.id, claim.code, now)
            if used is not None or not factors:  # 6
                await self.guesses.forgive(connection, buckets, now)
                proof = Proof(account, methods("pwd", used), claim.shared, renews, used)
                return await self.opener.open(connection, proof, visitor, access)
        return await self._refuse(account, claim.platform, visitor, now)

    async def by_code(self, pending: Pending, code: str, visitor: Visitor, now: datetime) -> Opened | Denied | Lapsed:
        """Believe a code after a right password, or not; the same steps."""
        return await no_sooner(self._means.times.refusal, self._by_code(pending, code, visitor, now))

    async def _by_code(self, pending: Pending, code: str, visitor: Visitor, now: datetime) -> Opened | Denied | Lapsed:
        account = pending.account
        buckets = await self._buckets(account, _subject(account), visitor, code or "0", now)
        if wait := await self.guesses.charge(buckets, now):
            return Denied(wait)
        access = await self.opener.judged(account, visitor, now, pending.session_id is not None)
        async with self._store.write() as connection:
            used = await use_code(connection, account.key, account.credential.id, code, now)
            if used is not None:
                if not await unchanged(connection, account) or not await finish(connection, pending):
                    return Lapsed()
                await self.guesses.forgive(connection, buckets, now)
                proof = Proof(account, methods("pwd", used), pending.shared, pending.session_id, used)
                return await self.opener.open(connection, proof, visitor, access)
        return await self._refuse(account, account.credential.platform, visitor, now)

    async def by_passkey(self, shown: Shown, visitor: Visitor, now: datetime) -> Opened | Denied | Lapsed:
        """Believe a passkey, or not: after a right password, as a fresh proof, or in place of all that."""
        return await no_sooner(self._means.times.refusal, self._by_passkey(shown, visitor, now))

    async def _by_passkey(self, shown: Shown, visitor: Visitor, now: datetime) -> Opened | Denied | Lapsed:
        if wait := await self.guesses.charge([by_network(visitor)], now):
            return Denied(wait)
        account = shown.pending.account if shown.pending else None
        if account is None and shown.renews is not None:
            account = await self.credentials.by_id(shown.renews.credential_id)
        try:
            presented = await self._passkeys.presented(account, shown.answer, now)
        except Refused:
            return Denied() if account is None else await self._refuse(account, shown.platform, visitor, now)
        account = presented.account
        if account.credential.platform != shown.platform:
            return Denied()
        renews = shown.pending.session_id if shown.pending else shown.renews.id if shown.renews else None
        access = await self.opener.judged(account, visitor, now, renews is not None)
        async with self._store.write() as connection:
            if shown.pending is not None and not (
                await unchanged(connection, account) and await finish(connection, shown.pending)
            ):
                return Lapsed()
            await self.guesses.forgive(connection, [by_network(visitor)], now)
            first = ("pwd",) if shown.pending else ()
            shared = shown.pending.shared if shown.pending else shown.shared
            proof = Proof(account, (*first, *presented.methods, SECOND), shared, renews)
            return await self.opener.open(connection, proof, visitor, access)


async def no_sooner(least: timedelta, work: Awaitable[Verdict], always: bool = False) -> Verdict:
    """Have a refusal (or `always` the answer) wait until every refusal could have been ready (S1)."""
    began = asyncio.get_running_loop().time()
    verdict = await work
    if always or isinstance(verdict, Denied):
        await asyncio.sleep(began + least.total_seconds() - asyncio.get_running_loop().time())
    return verdict


def by_network(visitor: Visitor) -> Bucket:
    """Whatever comes from one household or server is counted together."""
    return Bucket(Pace.NETWORK, network_of(visitor.address, 32, 56))


def methods(first: str, used: Used | None) -> tuple[str, ...]:
    """How somebody was authenticated, in the words of RFC 8176."""
    return (first,) if used is None else (first, *used.methods, SECOND)


def _subject(account: Account) -> bytes:
    return account.credential.platform.encode() + account.credential.login_index
