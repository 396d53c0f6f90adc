"""Slowing down who guesses: counted in the store, so that every replica knows, before the guess is looked at.

An attempt is counted as failed when it begins and forgiven when the whole sign-in is through, so that a hundred at the
same moment gain nothing (S10), and no success at one step resets what guards the next (S11). After its free attempts a
bucket closes for 1, 2, 4, … seconds; what comes meanwhile is refused and does not count, so nobody can keep it closed
for good. Strangers and a customer's known devices have buckets of their own: whoever guesses elsewhere does not slow
the customer down (S1). `authentication_buckets` says which buckets count what.
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
"""The key of a week (`SystemKeys.weekly`): what rests of an account's name, or of a network, tells nobody later."""
FORGOTTEN_AFTER = timedelta(days=1)


class AttemptPace(Enum):
    """What is counted: how many attempts are free, and the most seconds between two after that."""

    PASSWORD = "password", 5, 900
    """Passwords of one account, from devices it does not know."""
    CODE = "code", 5, 900
    """Six-digit codes of one account, from devices it does not know."""
    RECOVERY = "recovery", 5, 900
    """Recovery codes of one account, from devices it does not know."""
    PASSKEY = "passkey", 10, 300
    """Passkeys of one account, from devices it does not know."""
    DEVICE = "device", 10, 900
    """One kind of secret of one account, from one device that it knows."""
    SESSION = "session", 5, 900
    """One kind of secret within one session that is open already."""
    SESSIONS = "sessions", 20, 900
    """One kind of secret of one account within all of its sessions."""
    COMPARED = "compared", 10, 900
    """New passwords, which are compared with the customer's other ones."""
    NETWORK = "network", 40, 300
    """Anything from one network, whoever is asked for."""
    RESET = "reset", 3, 3_600
    """Messages sent because somebody forgot the password of one account."""

    def __init__(self, word: str, free: int, longest: int) -> None:
        self.word, self.free, self.longest = word, free, longest

    def wait(self, failures: int) -> int:
        """Seconds until the next attempt, after so many."""
        return 0 if failures < self.free else min(self.longest, 1 << min(failures - self.free, 20))


@dataclass(frozen=True, slots=True)
class AttemptBucket:
    """What attempts have in common. The subject is hashed with a key of the week before it rests anywhere."""

    pace: AttemptPace
    subject: bytes | str


@dataclass(frozen=True, slots=True)
class Count:
    """A row of the table."""

    bucket: bytes
    failures: int
    closed_until: datetime
    last_at: datetime


class AttemptLimiter:
    """Counts attempts."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def consume(self, buckets: Sequence[AttemptBucket], now: datetime) -> int:
        """Count an attempt in each of these; or the seconds to wait, and nothing was counted."""
        names = await self._names(buckets, now)
        async with self._store.write(apart=True) as connection:
            for name in sorted(names):  # In one order everywhere, so that no two replicas deadlock.
                fresh = {"bucket": name, "failures": 0, "closed_until": now, "last_at": now}
                await connection.execute(_held(connection), fresh)
            rows = await _locked(connection, names)
            if wait := max(_wait(names[row.bucket], row, now) for row in rows):
                # Whoever is to wait leaves no rows behind, whatever names they make up (G14).
                await connection.execute(
                    delete(guesses).where(guesses.c.bucket.in_(list(names)), guesses.c.failures == 0)
                )
                return wait
            for row in rows:
                failures = 1 if _forgotten(row, now) else row.failures + 1
                closed = now + timedelta(seconds=names[row.bucket].pace.wait(failures))
                change = {"failures": failures, "closed_until": closed, "last_at": now}
                await connection.execute(update(guesses).where(guesses.c.bucket == row.bucket).values(change))
        return 0

    async def reset(self, connection: AsyncConnection, buckets: Sequence[AttemptBucket], now: datetime) -> None:
        """All was right: in the caller's transaction. A network is forgiven an attempt for each time it stands here,
        everything else all its attempts."""
        names = await self._names(buckets, now)
        for row in await _locked(connection, names):
            if names[row.bucket].pace is AttemptPace.NETWORK:
                mine = buckets.count(names[row.bucket])
                change = {"failures": max(0, row.failures - mine), "closed_until": now}
                await connection.execute(update(guesses).where(guesses.c.bucket == row.bucket).values(change))
            else:
                await connection.execute(delete(guesses).where(guesses.c.bucket == row.bucket))

    async def _names(self, buckets: Sequence[AttemptBucket], now: datetime) -> dict[bytes, AttemptBucket]:
        key = await self._store.keys.house.weekly(KEY, now)
        return {_name(key, bucket): bucket for bucket in buckets}


async def forget_old(connection: AsyncConnection, now: datetime) -> None:
    """Remove what counts no more."""
    await connection.execute(delete(guesses).where(guesses.c.last_at < now - FORGOTTEN_AFTER))


def _name(key: bytes, bucket: AttemptBucket) -> bytes:
    subject = bucket.subject.encode() if isinstance(bucket.subject, str) else bucket.subject
    return hmac.digest(key, bucket.pace.word.encode() + b"\0" + subject, "sha256")[:16]


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
    return 0 if left > bucket.pace.longest else max(0, -int(-left // 1))


def _forgotten(row: Count, now: datetime) -> bool:
    return row.last_at < now - FORGOTTEN_AFTER
