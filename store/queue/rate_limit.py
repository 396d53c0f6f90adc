"""Slowing down who guesses, across replicas and without locking anyone out: the generic cell rate algorithm."""

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
"""The key of a week (`SystemKeys.weekly`): counts begin anew with each, and what rests of the last tells nobody."""


@dataclass(frozen=True, slots=True)
class AttemptRate:
    """How many failures may come at once, and the seconds after which each of them is forgotten."""

    burst: int
    seconds: float

    @property
    def step(self) -> int:
        """Milliseconds that one failure costs."""
        return int(self.seconds * 1000)

    @property
    def allowance(self) -> int:
        """Milliseconds that failures may run ahead of time."""
        return self.step * (self.burst - 1)


class Slowdowns:
    """Counts failures by whose they are. Names are hashed with a key of the week: the table tells nobody's address."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock
        columns = slowdowns.c.key, slowdowns.c.due
        self._find = store.reader.prepare(select(*columns).where(any_of(slowdowns.c.key, "keys")))

    async def waits(self, paces: Mapping[str, AttemptRate]) -> dict[str, float]:
        """For each name the seconds before it may try again; 0 for one that may try now."""
        now = self._now()
        keys = {await self._hashed(name, now): name for name in paces}
        waits = dict.fromkeys(paces, 0.0)
        for key, due in await self._store.reader.fetch(self._find, {"keys": list(keys)}):
            pace = paces[keys[key]]
            # A time that failures cannot have run ahead to comes from a clock that was set back (F3).
            if due - now <= 2 * (pace.allowance + pace.step):
                waits[keys[key]] = max(0, due - now - pace.allowance) / 1000
        return waits

    async def count(self, paces: Mapping[str, AttemptRate]) -> None:
        """Count one failure for each name."""
        now = self._now()
        rows = [
            {"name": await self._hashed(name, now), "step": pace.step, "most": now + 2 * (pace.allowance + pace.step)}
            for name, pace in paces.items()
        ]
        rows.sort(key=lambda row: str(row["name"]))  # In one order everywhere, so that no two replicas deadlock.
        async with self._store.write() as connection:
            statement = _counting(connection.dialect.name)
            for row in rows:
                await connection.execute(statement, row | {"now": now})

    async def _hashed(self, name: str, now: int) -> str:
        key = await self._store.keys.house.weekly(KEY, datetime.fromtimestamp(now / 1000, UTC))
        return hmac.digest(key, name.encode(), "sha256")[:16].hex()

    def _now(self) -> int:
        return int(self._clock() * 1000)


async def take(connection: AsyncConnection, paces: Mapping[str, AttemptRate], now: int) -> float:
    """Count one for each of these hashed names, in the caller's transaction; or the seconds to wait, and nothing was.

    One statement a name decides, whichever replica it runs at. `now` is in Unix milliseconds.
    """
    statement, taken = _taking(connection.dialect.name), list[str]()
    for name in sorted(paces):  # In one order everywhere, so that no two replicas deadlock.
        pace = paces[name]
        most, latest = now + 2 * (pace.allowance + pace.step), now + pace.allowance
        values = {"name": name, "step": pace.step, "most": most, "latest": latest, "now": now}
        if (await connection.execute(statement, values)).first() is None:
            for other in taken:
                back = update(slowdowns).where(slowdowns.c.key == other)
                await connection.execute(back.values(due=slowdowns.c.due - paces[other].step))
            due = await connection.scalar(select(slowdowns.c.due).where(slowdowns.c.key == name))
            return max(1, (due or now) - latest) / 1000
        taken.append(name)
    return 0


def hashed(key: bytes, *parts: str | int) -> str:
    """The name of a count for `take`: what is counted is hashed with a key, so the table tells nobody's address."""
    return hmac.digest(key, "\0".join(map(str, parts)).encode(), "sha256")[:16].hex()


def _taking(dialect: str) -> Any:
    """As `_counting`, but only while there is room: no row comes back when there is none."""
    now: BindParameter[int] = bindparam("now", type_=BigInteger)
    step: BindParameter[int] = bindparam("step", type_=BigInteger)
    first = {"key": bindparam("name"), "due": now + step}
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    found = insert(slowdowns).values(first).on_conflict_do_update(
        index_elements=["key"], set_={"due": _ahead() + step}, where=_ahead() <= bindparam("latest", type_=BigInteger)
    )  # fmt: skip
    return found.returning(slowdowns.c.due)


def _ahead() -> Case[int]:
    """The time that is used up; now, where the one that rests is over or comes from a clock that was set back (F3)."""
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
