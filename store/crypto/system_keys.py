"""The keys that belong to no customer: of the blind indexes, of signatures, and others by name."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.cursors import Cursors
from store.crypto.global_ids import VERSIONS, GlobalIds
from store.crypto.key_tables import signing_keys, system_keys
from store.crypto.root_key import RootKeys
from store.crypto.subject_key import KEY_BYTES
from store.sql.engines import transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.metadata import instant
from store.sql.reading import Reader

INDEX_KEY = "lookups"
"""Of the blind indexes, which never rest by themselves: `store.crypto.epochs` encrypts them."""
FORMER_INDEX_KEY = "blind-index"
"""Of those that earlier releases kept beside the data, in whose backups they are: it goes when all rows were moved."""
IDS_KEY = "global-ids"
WEEK = timedelta(weeks=1)
OF_WEEK = ":week-"
"""Between the name of a key of a week and the number of the week, since 1970."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key in whatever form its maker chose, and the JSON Web Key that everyone may see."""

    kid: str
    private: bytes = field(repr=False)
    public_jwk: str
    created_at: datetime
    retired_at: datetime | None


def insert_new(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that leaves a row alone which is there already."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _now() -> datetime:
    return datetime.now(UTC)


class SystemKeys:
    """Unwraps them once and keeps them; makes those that are asked for first."""

    def __init__(
        self, reader: Reader, engine: AsyncEngine, root: RootKeys, clock: Callable[[], datetime] = _now
    ) -> None:
        self._reader = reader
        self._engine = engine
        self._root = root
        self._clock = clock
        self._kept: dict[str, bytes] = {}
        self._weeks: dict[str, tuple[int, bytes]] = {}
        self._ids: tuple[GlobalIds, Cursors] | None = None
        self._find = reader.prepare(
            select(system_keys.c.root_version, system_keys.c.wrapped).where(system_keys.c.name == bindparam("name"))
        )
        self._all_signing = reader.prepare(select(signing_keys).order_by(signing_keys.c.created_at, signing_keys.c.kid))

    @property
    def index_key(self) -> bytes:
        """The key of the blind indexes; StoreUnavailableError until the store was reached for the first time."""
        self.require()
        return self._kept[INDEX_KEY]

    @property
    def ids(self) -> GlobalIds:
        """The ids that the world outside sees; StoreUnavailableError until the store was reached for the first time."""
        return self._outside()[0]

    @property
    def cursors(self) -> Cursors:
        """The cursors of pages; StoreUnavailableError until the store was reached for the first time."""
        return self._outside()[1]

    def _outside(self) -> tuple[GlobalIds, Cursors]:
        if self._ids is None:
            raise StoreUnavailableError(OutageCause.DOWN)
        return self._ids

    async def load_ids(self, version: int) -> None:
        """Get the keys of ids and cursors: new ones are of this version, those of the versions around it are read.

        The next version is read already, so that replicas may be moved to it one after the other.
        """
        keys = {each: await self.system(f"{IDS_KEY}-{each}") for each in range(1, min(version + 1, VERSIONS) + 1)}
        self._ids = GlobalIds(keys, version), Cursors(keys, version)

    def require(self) -> None:
        """StoreUnavailable until the store was reached and its root key proved right: nothing is made before."""
        if INDEX_KEY not in self._kept:
            raise StoreUnavailableError(OutageCause.DOWN)

    async def system(self, name: str) -> bytes:
        """The 32-byte key of this name, made when it is first asked for; all processes get the same one."""
        if name in self._kept:
            return self._kept[name]
        if not (rows := await self._reader.fetch(self._find, {"name": name})):
            await self._make(name)
            rows = await self._reader.fetch(self._find, {"name": name})
        ((version, wrapped),) = rows
        self._kept[name] = self._root.unwrap(version, f"system:{name}", wrapped)
        return self._kept[name]

    async def weekly(self, name: str, now: datetime) -> bytes:
        """A 32-byte key that is another one each week, in all processes; then the one before is gone.

        For hashes of what anybody may have typed, which no customer's key covers and which count for days at most: in
        a copy they tell nothing once their week is over (D10). A process whose clock is behind goes on with the newest.
        """
        week = int(now.timestamp() // WEEK.total_seconds())
        last = self._weeks.get(name)
        if last is None or last[0] not in (week, week + 1):
            last = await self._of_week(name, week)
            if last is None:
                await self._next_week(name, week)
                last = await self._of_week(name, week)
            if last is None:
                raise StoreUnavailableError(OutageCause.LOCKED)
            self._weeks[name] = last
        return last[1]

    async def end_weeks(self, now: datetime) -> None:
        """Put new keys in the place of those whose week is over: nobody may ask for the next one for long."""
        there = select(system_keys.c.name).where(system_keys.c.name.contains(OF_WEEK))
        for (name,) in await self._reader.fetch(self._reader.prepare(there), {}):
            await self.weekly(name.rpartition(OF_WEEK)[0], now)

    async def _of_week(self, name: str, week: int) -> tuple[int, bytes] | None:
        """The one of this week, or of the next, which a process made whose clock is ahead."""
        for each in (week + 1, week):
            whole = f"{name}{OF_WEEK}{each}"
            if rows := await self._reader.fetch(self._find, {"name": whole}):
                ((version, wrapped),) = rows
                return each, self._root.unwrap(version, f"system:{whole}", wrapped)
        return None

    async def _next_week(self, name: str, week: int) -> None:
        """Put a new one in the place of the last: whoever serves may change rows of the key store, and delete none."""
        row, named = self._fresh(f"{name}{OF_WEEK}{week}"), system_keys.c.name
        former = (
            select(named).where((named == name) | named.startswith(f"{name}{OF_WEEK}", autoescape=True)).order_by(named)
        )
        async with transaction(self._engine) as connection:
            there = list(await connection.scalars(former.with_for_update()))
            if not {row["name"], f"{name}{OF_WEEK}{week + 1}"} & set(there):
                for place, old in enumerate(there):  # More than one only where clocks differed by weeks.
                    change = self._fresh(old) if place else row
                    await connection.execute(update(system_keys).where(named == old).values(change))
                await connection.execute(insert_new(connection, system_keys), row)

    def _fresh(self, name: str) -> dict[str, Any]:
        version, wrapped = self._root.wrap(f"system:{name}", secrets.token_bytes(KEY_BYTES))
        return {"name": name, "root_version": version, "wrapped": wrapped}

    async def _make(self, name: str) -> None:
        async with transaction(self._engine) as connection:
            await connection.execute(insert_new(connection, system_keys), self._fresh(name))

    async def add_signing_key(self, kid: str, private: bytes, public_jwk: str) -> bool:
        """Keep a new signing key; False when one of this id is there already, which then stays as it is."""
        self.require()
        version, wrapped = self._root.wrap(f"signing:{kid}", private)
        row = {"kid": kid, "root_version": version, "wrapped": wrapped, "public_jwk": public_jwk}
        async with transaction(self._engine) as connection:
            done = await connection.execute(insert_new(connection, signing_keys), row | {"created_at": self._clock()})
        return done.rowcount == 1

    async def signing_keys(self) -> list[SigningKey]:
        """All of them, retired ones too, the oldest first."""
        rows = await self._reader.fetch(self._all_signing, {})
        return [self._signing_key(*row) for row in rows]

    def _signing_key(
        self, kid: str, version: int, wrapped: bytes, jwk: str, created: str | datetime, retired: str | datetime | None
    ) -> SigningKey:
        private = self._root.unwrap(version, f"signing:{kid}", wrapped)
        return SigningKey(kid, private, jwk, instant(created), None if retired is None else instant(retired))

    async def retire_signing_key(self, kid: str) -> None:
        """Mark a key as no longer signing; its public half goes on verifying what it signed."""
        retire = update(signing_keys).where(signing_keys.c.kid == kid, signing_keys.c.retired_at.is_(None))
        async with transaction(self._engine) as connection:
            await connection.execute(retire.values(retired_at=self._clock()))
