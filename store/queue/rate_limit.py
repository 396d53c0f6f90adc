"""Rate limits for failed attempts, shared by all replicas, without lockout: the generic cell rate algorithm (GCRA)."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, BindParameter, Case, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from store.database.store import Store
from store.sql.reading import any_of
from store.tables.oauth import slowdowns

KEY = "slowdowns"
"""The name of the weekly key (`SystemKeys.weekly`): counts restart with each, and rows of the last are useless."""


@dataclass(frozen=True, slots=True)
class AttemptRate:
    """A rate limit: the number of failures in a burst, and the seconds after which each of them is forgotten."""

    burst: int
    seconds: float

    @property
    def step(self) -> int:
        """The emission interval of the GCRA: milliseconds that one failure costs."""
        return int(self.seconds * 1000)

    @property
    def allowance(self) -> int:
        """The tolerance of the GCRA: milliseconds that the theoretical arrival time may be ahead."""
        return self.step * (self.burst - 1)


class FailureLimiter:
    """Counts failures by name. Names are hashed with a weekly key, so that the table reveals no address."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        columns = slowdowns.c.key, slowdowns.c.due
        self._find = store.reader.prepare(select(*columns).where(any_of(slowdowns.c.key, "keys")))

    async def waits(self, limits: Mapping[str, AttemptRate]) -> dict[str, float]:
        """Return the seconds that each name must wait for its next attempt; 0: it may try now."""
        now = self._now()
        keys = {await self._hashed(name, now): name for name in limits}
        waits = dict.fromkeys(limits, 0.0)
        for key, due in await self._store.reader.fetch(self._find, {"keys": list(keys)}):
            limit = limits[keys[key]]
            # A later time than failures can reach comes from a clock that was set back (F3).
            if due - now <= 2 * (limit.allowance + limit.step):
                waits[keys[key]] = max(0, due - now - limit.allowance) / 1000
        return waits

    async def count(self, limits: Mapping[str, AttemptRate]) -> None:
        """Record one failure for each name."""
        now = self._now()
        rows = [
            {
                "name": await self._hashed(name, now),
                "step": limit.step,
                "most": now + 2 * (limit.allowance + limit.step),
            }
            for name, limit in limits.items()
        ]
        rows.sort(key=lambda row: str(row["name"]))  # In one order everywhere, so that no two replicas deadlock.
        async with self._store.write() as connection:
            statement = _counting(connection.dialect.name)
            for row in rows:
                await connection.execute(statement, row | {"now": now})

    async def _hashed(self, name: str, now: int) -> str:
        key = await self._store.keys.system.weekly(KEY, datetime.fromtimestamp(now / 1000, UTC))
        return hmac.digest(key, name.encode(), "sha256")[:16].hex()

    def _now(self) -> int:
        return int(self._clock() * 1000)


async def take(connection: AsyncConnection, limits: Mapping[str, AttemptRate], now: int) -> float:
    """Record one attempt for each of these hashed names in the caller's transaction and return 0; or record none, and
    return the seconds to wait.

    A single statement for each name decides, so that it is atomic across replicas. `now` is in Unix milliseconds.
    """
    statement, taken = _taking(connection.dialect.name), list[str]()
    for name in sorted(limits):  # In one order everywhere, so that no two replicas deadlock.
        limit = limits[name]
        most, latest = now + 2 * (limit.allowance + limit.step), now + limit.allowance
        values = {"name": name, "step": limit.step, "most": most, "latest": latest, "now": now}
        if (await connection.execute(statement, values)).first() is None:
            # Undo the names before it by hand: a savepoint for each attempt would cost more than this rare case.
            for other in taken:
                back = update(slowdowns).where(slowdowns.c.key == other)
                await connection.execute(back.values(due=slowdowns.c.due - limits[other].step))
            due = await connection.scalar(select(slowdowns.c.due).where(slowdowns.c.key == name))
            return max(1, (due or now) - latest) / 1000
        taken.append(name)
    return 0


def hashed(key: bytes, *parts: str | int) -> str:
    """Return the hashed name of a limit for `take`, so that the table reveals no address."""
    return hmac.digest(key, "\0".join(map(str, parts)).encode(), "sha256")[:16].hex()


def _taking(dialect: str) -> Any:
    """Return the statement of `_counting` with a limit: it returns no row when the limit is exceeded."""
    now: BindParameter[int] = bindparam("now", type_=BigInteger)
    step: BindParameter[int] = bindparam("step", type_=BigInteger)
    first = {"key": bindparam("name"), "due": now + step}
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    found = insert(slowdowns).values(first).on_conflict_do_update(
        index_elements=["key"], set_={"due": _ahead() + step}, where=_ahead() <= bindparam("latest", type_=BigInteger)
    )  # fmt: skip
    return found.returning(slowdowns.c.due)


def _ahead() -> Case[int]:
    """Return the theoretical arrival time; now, if the stored one has passed or comes from a clock set back (F3)."""
    due = slowdowns.c.due
    now: BindParameter[int] = bindparam("now", type_=BigInteger)
    return case((due.between(now, bindparam("most", type_=BigInteger)), due), else_=now)


def _counting(dialect: str) -> postgresql.Insert | sqlite.Insert:
    now: BindParameter[int] = bindparam("now", type_=BigInteger)
    step: BindParameter[int] = bindparam("step", type_=BigInteger)
    first = {"key": bindparam("name"), "due": now + step}
    change = {"due": _ahead() + step}
    if dialect == "postgresql":
        return postgresql.insert(slowdowns).values(first).on_conflict_do_update(index_elements=["key"], set_=change)
    return sqlite.insert(slowdowns).values(first).on_conflict_do_update(index_elements=["key"], set_=change)
