"""Rate limits of sign-in attempts with exponential backoff, counted in the store, and before an attempt is verified.

An attempt counts as failed when it begins, and is reset when the whole sign-in has succeeded: so a hundred concurrent
ones gain nothing (S10), and a success at one step does not reset the limit of the next (S11). After its free attempts a
bucket closes for 1, 2, 4, … seconds. Attempts meanwhile are refused and do not count, so that nobody can keep a bucket
closed for good. Unknown and known devices have separate buckets: guessing elsewhere does not slow the customer down
(S1). `resolvers.signin.buckets` assigns attempts to buckets.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.tables.signin import guesses

KEY = "guesses"
"""The weekly key (`SystemKeys.weekly`) of bucket names, so that stored hashes of accounts and networks become
useless."""
FORGOTTEN_AFTER = timedelta(days=1)


class AttemptPace(Enum):
    """A kind of limit: the number of free attempts, and the maximum seconds between two after that."""

    PASSWORD = "password", 5, 900
    """Passwords of one account, from unknown devices."""
    CODE = "code", 5, 900
    """Six-digit codes of one account, from unknown devices."""
    RECOVERY = "recovery", 5, 900
    """Recovery codes of one account, from unknown devices."""
    PASSKEY = "passkey", 10, 300
    """Passkeys of one account, from unknown devices."""
    DEVICE = "device", 10, 900
    """One kind of secret of one account, from one known device."""
    SESSION = "session", 5, 900
    """One kind of secret within one open session."""
    SESSIONS = "sessions", 20, 900
    """One kind of secret of one account within all of its sessions."""
    COMPARED = "compared", 10, 900
    """New passwords that are compared with the customer's other ones (R38)."""
    NETWORK = "network", 40, 300
    """All attempts from one network, for any account."""
    RESET = "reset", 3, 3_600
    """Requested reset e-mails of one account."""

    def __init__(self, word: str, free: int, longest: int) -> None:
        self.word, self.free, self.longest = word, free, longest

    def wait(self, failures: int) -> int:
        """Seconds until the next attempt, after this number of failures."""
        # Capped, so that the shift stays small.
        return 0 if failures < self.free else min(self.longest, 1 << min(failures - self.free, 20))


@dataclass(frozen=True, slots=True)
class AttemptBucket:
    """A counter of attempts. The subject is stored as a hash under a weekly key (D10)."""

    rate: AttemptPace
    subject: bytes | str


@dataclass(frozen=True, slots=True)
class Count:
    """A row of the table `guesses`."""

    bucket: bytes
    failures: int
    closed_until: datetime
    last_at: datetime


class AttemptLimiter:
    """Counts attempts in buckets."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def consume(self, buckets: Sequence[AttemptBucket], now: datetime) -> int:
        """Count an attempt in each bucket and return 0; or seconds to wait, and nothing is counted."""
        names = await self._names(buckets, now)
        # A transaction of its own: the count must survive when the command fails or is repeated.
        async with self._store.write(apart=True) as connection:
            for name in sorted(names):  # Sorted, so that replicas lock rows in one order and cannot deadlock.
                fresh = {"bucket": name, "failures": 0, "closed_until": now, "last_at": now}
                await connection.execute(_held(connection), fresh)
            # Locked while counting: a hundred concurrent attempts get a hundred different counts (S10).
            rows = await _locked(connection, names)
            if wait := max(_wait(names[row.bucket], row, now) for row in rows):
                # A refused attempt leaves no new rows, so that made-up names cannot fill the table (G14).
                await connection.execute(
                    delete(guesses).where(guesses.c.bucket.in_(list(names)), guesses.c.failures == 0)
                )
                return wait
            for row in rows:
                # Old failures expire at the next attempt, even before the row is deleted.
                failures = 1 if _forgotten(row, now) else row.failures + 1
                closed = now + timedelta(seconds=names[row.bucket].rate.wait(failures))
                change = {"failures": failures, "closed_until": closed, "last_at": now}
                await connection.execute(update(guesses).where(guesses.c.bucket == row.bucket).values(change))
        return 0

    async def reset(self, connection: AsyncConnection, buckets: Sequence[AttemptBucket], now: datetime) -> None:
        """Reset the buckets after success, in the caller's transaction. A network loses one failure per occurrence,
        since it also counts other accounts; every other bucket loses all."""
        names = await self._names(buckets, now)
        for row in await _locked(connection, names):
            if names[row.bucket].rate is AttemptPace.NETWORK:
                mine = buckets.count(names[row.bucket])
                change = {"failures": max(0, row.failures - mine), "closed_until": now}
                await connection.execute(update(guesses).where(guesses.c.bucket == row.bucket).values(change))
            else:
                await connection.execute(delete(guesses).where(guesses.c.bucket == row.bucket))

    async def _names(self, buckets: Sequence[AttemptBucket], now: datetime) -> dict[bytes, AttemptBucket]:
        key = await self._store.keys.system.weekly(KEY, now)
        return {_name(key, bucket): bucket for bucket in buckets}


async def forget_old(connection: AsyncConnection, now: datetime) -> None:
    """Delete counters that have expired."""
    await connection.execute(delete(guesses).where(guesses.c.last_at < now - FORGOTTEN_AFTER))


def _name(key: bytes, bucket: AttemptBucket) -> bytes:
    subject = bucket.subject.encode() if isinstance(bucket.subject, str) else bucket.subject
    return hmac.digest(key, bucket.rate.word.encode() + b"\0" + subject, "sha256")[:16]


def _held(connection: AsyncConnection) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that locks a row which is there already: left alone, another one could forgive it away meanwhile."""
    change = {"bucket": guesses.c.bucket}
    if connection.dialect.name == "postgresql":
        return postgresql.insert(guesses).on_conflict_do_update(index_elements=["bucket"], set_=change)
    return sqlite.insert(guesses).on_conflict_do_update(index_elements=["bucket"], set_=change)


async def _locked(connection: AsyncConnection, names: dict[bytes, AttemptBucket]) -> Sequence[Count]:
    found = select(guesses.c.bucket, guesses.c.failures, guesses.c.closed_until, guesses.c.last_at).where(
        guesses.c.bucket.in_(list(names))
    )
    rows = await connection.execute(found.order_by(guesses.c.bucket).with_for_update())
    return [Count(bytes(name), failures, closed, last) for name, failures, closed, last in rows]


def _wait(bucket: AttemptBucket, row: Count, now: datetime) -> int:
    """Seconds. A time further ahead than the bucket ever closes for comes from a clock that was set back (F3)."""
    left = (row.closed_until - now).total_seconds()
    return 0 if left > bucket.rate.longest else max(0, -int(-left // 1))


def _forgotten(row: Count, now: datetime) -> bool:
    return row.last_at < now - FORGOTTEN_AFTER
