"""The system keys, which belong to no customer: of the blind indexes, of signatures, and others by name."""

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
"""The key of the blind indexes, which are stored only in encrypted form (`store.crypto.epochs`)."""
FORMER_INDEX_KEY = "blind-index"
"""The key of the blind indexes that earlier releases stored beside the data; destroyed when all rows have moved."""
IDS_KEY = "global-ids"
WEEK = timedelta(weeks=1)
OF_WEEK = ":week-"
"""The separator between the name of a weekly key and the number of its week since 1970."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private signing key, in the encoding of its maker, and its public JSON Web Key."""

    kid: str
    private: bytes = field(repr=False)
    public_jwk: str
    created_at: datetime
    retired_at: datetime | None


def insert_new(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that does nothing if the row exists (ON CONFLICT DO NOTHING)."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _now() -> datetime:
    return datetime.now(UTC)


class SystemKeys:
    """Unwraps and caches the system keys; makes a key at its first use."""

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
        """The key of the blind indexes; StoreUnavailableError until the store was reached once."""
        self.require()
        return self._kept[INDEX_KEY]

    @property
    def ids(self) -> GlobalIds:
        """The codec of global ids; StoreUnavailableError until the store was reached once."""
        return self._outside()[0]

    @property
    def cursors(self) -> Cursors:
        """The codec of cursors; StoreUnavailableError until the store was reached once."""
        return self._outside()[1]

    def _outside(self) -> tuple[GlobalIds, Cursors]:
        if self._ids is None:
            raise StoreUnavailableError(OutageCause.DOWN)
        return self._ids

    async def load_ids(self, version: int) -> None:
        """Load the keys of ids and cursors: new ones get this version, those of every version up to the next are
        decoded.

        The next version is decoded already, so that replicas can be switched to it one by one.
        """
        keys = {each: await self.named(f"{IDS_KEY}-{each}") for each in range(1, min(version + 1, VERSIONS) + 1)}
        self._ids = GlobalIds(keys, version), Cursors(keys, version)

    def require(self) -> None:
        """Raise StoreUnavailableError until the store was reached and the root key verified: no key is made before."""
        if INDEX_KEY not in self._kept:
            raise StoreUnavailableError(OutageCause.DOWN)

    async def named(self, name: str) -> bytes:
        """Return the 32-byte key of this name, made at its first use; all processes get the same one."""
        if name in self._kept:
            return self._kept[name]
        if not (rows := await self._reader.fetch(self._find, {"name": name})):
            await self._make(name)
            # Read back: another process may have made it first, and that one is stored.
            rows = await self._reader.fetch(self._find, {"name": name})
        ((version, wrapped),) = rows
        self._kept[name] = self._root.unwrap(version, f"system:{name}", wrapped)
        return self._kept[name]

    async def weekly(self, name: str, now: datetime) -> bytes:
        """Return a 32-byte key that changes every week, the same in all processes; the former one is destroyed.

        For hashes of typed input that no customer's key covers and that are needed for days at most: copies of them are
        useless once their week is over (D10). A process whose clock is behind uses the newest key.
        """
        week = int(now.timestamp() // WEEK.total_seconds())
        last = self._weeks.get(name)
        # The key of the next week was made by a process whose clock is ahead.
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
        """Replace weekly keys whose week is over, even if the next one is not requested for a long time."""
        there = select(system_keys.c.name).where(system_keys.c.name.contains(OF_WEEK))
        for (name,) in await self._reader.fetch(self._reader.prepare(there), {}):
            await self.weekly(name.rpartition(OF_WEEK)[0], now)

    async def _of_week(self, name: str, week: int) -> tuple[int, bytes] | None:
        """Return the key of this week, or of the next one, made by a process whose clock is ahead."""
        for each in (week + 1, week):
            whole = f"{name}{OF_WEEK}{each}"
            if rows := await self._reader.fetch(self._find, {"name": whole}):
                ((version, wrapped),) = rows
                return each, self._root.unwrap(version, f"system:{whole}", wrapped)
        return None

    async def _next_week(self, name: str, week: int) -> None:
        """Overwrite the last weekly key with a new one: the serving role may update rows of the key store, not delete
        them."""
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
        """Store a new signing key; False if its id exists already, which is not changed."""
        self.require()
        version, wrapped = self._root.wrap(f"signing:{kid}", private)
        row = {"kid": kid, "root_version": version, "wrapped": wrapped, "public_jwk": public_jwk}
        async with transaction(self._engine) as connection:
            done = await connection.execute(insert_new(connection, signing_keys), row | {"created_at": self._clock()})
        return done.rowcount == 1

    async def signing_keys(self) -> list[SigningKey]:
        """Return all signing keys, also retired ones, the oldest first."""
        rows = await self._reader.fetch(self._all_signing, {})
        return [self._signing_key(*row) for row in rows]

    def _signing_key(
        self, kid: str, version: int, wrapped: bytes, jwk: str, created: str | datetime, retired: str | datetime | None
    ) -> SigningKey:
        private = self._root.unwrap(version, f"signing:{kid}", wrapped)
        return SigningKey(kid, private, jwk, instant(created), None if retired is None else instant(retired))

    async def retire_signing_key(self, kid: str) -> None:
        """Mark a key as no longer signing; its public key still verifies earlier signatures."""
        retire = update(signing_keys).where(signing_keys.c.kid == kid, signing_keys.c.retired_at.is_(None))
        async with transaction(self._engine) as connection:
            await connection.execute(retire.values(retired_at=self._clock()))
