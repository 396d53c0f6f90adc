"""The whole store behind one door: reads, writes, keys and the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any

from sqlalchemy import ColumnElement, Table, false, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.crypto.key_store import KeyStore
from store.crypto.key_tables import subject_keys, system_keys
from store.crypto.root_key import RootKeyError, RootKeyMissingError, RootKeys
from store.crypto.system_keys import INDEX_KEY
from store.database.config import StoreConfig
from store.database.schemas import KEYS, LEDGER, MAIN
from store.database.versions import check_version
from store.ledger.append import GroupWriter, LedgerAppender
from store.ledger.append_postgresql import PostgresWriter
from store.ledger.append_sqlite import SqliteWriter
from store.ledger.heads import Containing, Heads, LedgerBehindError, SignedHead
from store.ledger.tally import AnonymousReadTally
from store.operations.index_changes import await_all, index_rebuilds
from store.operations.lookup_counts import differing, key_lookup_count, lookup_count, set_count
from store.operations.value_rewrites import value_rewrites
from store.records.holdings import holdings
from store.sql.engines import make_engine, make_reader, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.horizon import StillVisibleError, mark, passed
from store.sql.reading import Reader
from store.sql.scrubbing import scrub, scrub_statistics
from store.sql.transactions import Transactions
from store.sql.transactions_postgresql import PostgresTransactions
from store.sql.transactions_sqlite import SqliteTransactions
from store.tables.customers import customers
from store.tables.oauth import used_values

__all__ = ["Store", "StoreConfig", "StoreUnavailableError", "open_store"]

log = logging.getLogger(__name__)

CLEANING = 3600.0
"""Seconds that going over a whole table may take."""

TIDYING = 5.0
"""Seconds for which short readings are waited for before everything is tidied."""

RETRY = 1.0
"""Seconds between two attempts to reach a store that was down at the start."""

WATCH = 5.0
"""Seconds between two looks whether the ledger still has what was signed."""

PLACE = 60.0
"""Seconds for which what the further place of heads has said holds."""


class KeyStoreMissingError(RootKeyError):
    """There are customers, and the key store is empty: someone points at the wrong one, or it was lost."""

    def __init__(self) -> None:
        super().__init__(
            "The key store is empty, but the database has customers whose data only its keys can open. Restore the key "
            "store from its backup, or point the settings at the right one. Nothing was changed."
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a store is made of and keeps to itself."""

    config: StoreConfig
    root: RootKeys
    engine: AsyncEngine
    """For what may stand in no transaction, with the role of the owner."""
    transactions: Transactions
    key_reader: Reader
    key_engine: AsyncEngine
    key_owner: AsyncEngine


@dataclass(frozen=True, slots=True)
class Point:
    """A moment in the order of transactions of the main database and of the key store (`store.sql.horizon`)."""

    main: str | None
    keys: str | None


class Store:
    """What `open_store` gives. All of it may be used at once by any number of tasks of one event loop."""

    def __init__(self, config: StoreConfig, reindexing: bool = False) -> None:
        """Connects to nothing yet, and may raise RootKeyMismatchError or RootKeyExposedError; ValueError for a bad
        address.

        `reindexing` is for who finishes what everybody else must wait for (`store.upgrade.reindexing`).
        """
        root = RootKeys(config.root_key_path)
        size, deadline = config.connections, config.read_deadline
        key_reader = make_reader(config.key_store, size, deadline)
        key_engine = make_engine(config.key_store, size, config.patience)
        key_owner = make_engine(config.maintained(config.key_store), 1, config.patience, CLEANING)
        self.reader = make_reader(config.database, size, deadline)
        """The customers' data."""
        self.ledger_reader = make_reader(config.ledger, 1, deadline)
        """The ledger's table, for audits."""
        self.keys = KeyStore(key_reader, key_engine, root, config.keys_kept, config.key_max_age, owner=key_owner)
        self.ledger = LedgerAppender(_ledger_writer(config))
        self.tally = AnonymousReadTally(self.ledger)
        self.heads = Heads(key_reader, key_engine)
        """What of the ledger was signed last."""
        self._containing, self._place = Containing(self.ledger_reader), config.head_place
        self._placed: tuple[float, SignedHead | None] | None = None
        engine = make_engine(config.maintained(config.database), 1, config.patience, CLEANING)
        self._parts = _Parts(config, root, engine, _transactions(config), key_reader, key_engine, key_owner)
        self._reindexing = reindexing
        self._checked = False
        self._watched = False
        self._first: Callable[[], Awaitable[object]] | None = None
        self._checking: asyncio.Task[None] | None = None

    def write(self, *, brief: bool = False, apart: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction on the main database, durable when the block ends; see `store.sql.transactions`.

        On SQLite it is the only writer while the block runs, so keep it short and never open a second one inside; one
        that is `brief`, and awaits nothing but its own statements, is committed together with others. On PostgreSQL it
        is READ COMMITTED: lock with `with_for_update()` what you read in order to change it. What must stand whatever
        becomes of the command around it, such as the count of a guess, is `apart`: here that is always so.
        """
        return self._parts.transactions.begin(brief)

    async def scrub(self, table: Table, *, must: bool = False, whole: bool = False) -> None:
        """Take what was deleted from a table out of the main database's files, too; see `store.sql.scrubbing`."""
        await scrub(self._parts.engine, table, must=must, whole=whole)

    async def scrub_statistics(self) -> None:
        """Take what was sampled of values out of PostgreSQL's own table of samples; see `store.sql.scrubbing`."""
        await scrub_statistics(self._parts.engine)

    @property
    def on_server(self) -> bool:
        """Whether the customers' data rest on a PostgreSQL server."""
        return not self._parts.config.database.is_sqlite

    async def point(self) -> Point:
        """A moment in both databases behind everything that is committed now; StoreUnavailableError."""
        return Point(await mark(self._parts.engine), await mark(self._parts.key_owner))

    async def unseen(self, point: Point, patience: float = 0.0) -> None:
        """Return when nobody can see any more what was removed before a point; StillVisibleError after `patience`
        seconds."""
        await passed(self._parts.engine, point.main, patience)
        await passed(self._parts.key_owner, point.keys, patience)

    async def tidy(self, now: datetime) -> None:
        """Take whatever was removed or changed anywhere out of the files: what was put off when it was removed, because
        somebody could still see it, and what no removal of a row tells of, such as an address before its change. Keys
        of a week that is over end before, also when nobody has asked for those of the next one."""
        await self.keys.house.end_weeks(now)
        point = await self.point()
        try:
            await self.unseen(point, TIDYING)
        except StillVisibleError as seen:
            log.warning("What was removed stays in the files for now: %s (%s)", seen.reason, seen.detail)
        for each in holdings():
            await self.scrub(each.table)
        await self.keys.clean()
        await self.keys.clean_house()

    async def ready(self) -> None:
        """StoreUnavailable unless reads, writes, keys and the ledger would all succeed now."""
        await self.check()
        for writing, table, change in (
            (self.write(brief=True), used_values, {"until": used_values.c.until}),
            (transaction(self._parts.key_engine), system_keys, {"wrapped": system_keys.c.wrapped}),
        ):
            async with writing as connection:
                # Nothing is changed, and a database that takes no writes refuses it all the same.
                await connection.execute(update(table).where(false()).values(change))
        await self.ledger.check()

    async def check(self) -> None:
        """What must be so before the first request, in order; once it was so, it is not asked again.

        (1) All sets of tables are at this release's version, and no value rests in a former form (StoreUnavailableError
        NOT_MIGRATED); every row can be found by this release's form of what it is looked up by, and the look-ups are
        of the same time as the data (NOT_REINDEXED, see `store.operations.lookup_counts`); (2) there is a root key, or
        none is needed yet and it is made now (RootKeyMissingError, KeyStoreMissingError); (3) it unwraps what is there
        (RootKeyMismatchError). (4) The ledger contains what was signed (LedgerBehindError): asked each time, for a
        server may fail over to one that lacks its end (F8); until it does, nothing is recorded, and so nothing revealed
        (D13). (5) What has to be done before the first answer was done.
        """
        if not self._checked:
            await self._check_once()
        await self._check_heads()  # (4)
        if self._first is not None:  # (5)
            await self._first()
            self._first, self.ledger.withheld = None, None

    async def _check_once(self) -> None:
        await self._check_versions()  # (1)
        await self._check_root_key()  # (2)
        await self._check_lookups()  # (1)
        await self.keys.house.system(INDEX_KEY)  # (3)
        await self.keys.house.load_ids(self._parts.config.id_key_version)
        await self.keys.lookups.epochs.load()
        self._checked = True

    async def _check_heads(self) -> None:
        try:
            await self._containing.require([await self.heads.latest(), await self._head_of_place()])
        except LedgerBehindError as behind:
            if not isinstance(self.ledger.withheld, LedgerBehindError):
                log.critical("%s Nothing is answered or signed meanwhile (%s)", behind, behind.detail)
            self.ledger.withheld = behind
            raise
        if self._first is None and self.ledger.withheld is not None:
            log.warning("The ledger has what was signed: requests are answered again")
            self.ledger.withheld = None

    async def _head_of_place(self) -> SignedHead | None:
        """What the further place has said, a minute ago at most; one that cannot be asked stops signing, not this."""
        now = monotonic()
        if self._place is not None and (self._placed is None or now - self._placed[0] >= PLACE):
            try:
                self._placed = now, await self._place.latest()
            except StoreUnavailableError as outage:
                log.warning("Where heads of the ledger are kept cannot be asked: %s (%s)", outage, outage.detail)
                self._placed = now, self._placed and self._placed[1]
        return self._placed[1] if self._placed is not None else None

    async def _check_versions(self) -> None:
        config = self._parts.config
        for schema, address, reader in (
            (MAIN, config.database, self.reader),
            (LEDGER, config.ledger, self.ledger_reader),
            (KEYS, config.key_store, self._parts.key_reader),
        ):
            if address.is_sqlite and not address.path.exists():
                raise StoreUnavailableError(OutageCause.NOT_MIGRATED, schema.name)
            await check_version(reader, schema)
        if not self._reindexing and await _any(self.reader, value_rewrites.c.value):
            raise StoreUnavailableError(OutageCause.NOT_MIGRATED, value_rewrites.name)

    async def _check_lookups(self) -> None:
        """A store that was restored alone is not served: who is not found loses an address to whoever asks for it."""
        anew = await differing(self.reader, self._parts.key_reader)
        if anew is not None:
            log.critical("The data and the key store are of different times, such as after a restore of one of them")
            # That it has to be done is durable before nothing else tells of it.
            async with self.write() as connection:
                await await_all(connection)
                await set_count(connection, lookup_count, anew)
            async with transaction(self._parts.key_engine) as connection:
                await set_count(connection, key_lookup_count, anew)
        if not self._reindexing and await _any(self.reader, index_rebuilds.c.lookup, index_rebuilds.c.awaited):
            raise StoreUnavailableError(OutageCause.NOT_REINDEXED, index_rebuilds.name)

    async def _check_root_key(self) -> None:
        root, key_reader = self._parts.root, self._parts.key_reader
        if await _any(key_reader, system_keys.c.name) or await _any(key_reader, subject_keys.c.customer_id):
            if not root.exists:
                raise RootKeyMissingError(root.path)
        elif await _any(self.reader, customers.c.id):
            raise KeyStoreMissingError
        elif not root.exists:
            root.create()

    def check_until_ready(self) -> None:
        """Go on checking in the background: a store that was down at the start comes back without a restart."""
        if self._checking is None:
            self._checking = asyncio.create_task(self._check_again())

    async def begin_with(self, first: Callable[[], Awaitable[object]]) -> None:
        """Have this done before anything is answered, as soon as the store can be reached: now, if it can."""
        self._first = first
        self.ledger.withheld = self.ledger.withheld or StoreUnavailableError(OutageCause.DOWN, "not begun")
        with suppress(StoreUnavailableError):
            await self.check()

    def watch(self) -> None:
        """The same, and go on looking whether the ledger still has what was signed for as long as the store is open."""
        self._watched = True
        self.check_until_ready()

    async def _check_again(self) -> None:
        fine = self._checked and self.ledger.withheld is None
        while self._watched or not fine:
            await asyncio.sleep(WATCH if fine else RETRY)
            fine = False
            try:
                await self.check()
                fine = True
            except StoreUnavailableError:
                continue
            except RootKeyError as problem:
                log.critical("%s", problem)

    async def close(self) -> None:
        """Write what the ledger still holds, then let go of all connections, whatever goes wrong with one of them."""
        async with AsyncExitStack() as steps:  # Run from the last to the first.
            for engine in (self._parts.engine, self._parts.key_engine, self._parts.key_owner):
                steps.push_async_callback(engine.dispose)
            steps.push_async_callback(self._parts.transactions.close)
            for reader in (self.reader, self.ledger_reader, self._parts.key_reader):
                steps.push_async_callback(reader.close)
            steps.push_async_callback(self.ledger.close)
            steps.push_async_callback(self.tally.close)
            if self._checking is not None:
                self._checking.cancel()
                with suppress(asyncio.CancelledError):
                    await self._checking


def _ledger_writer(config: StoreConfig) -> GroupWriter:
    if config.ledger.is_sqlite:
        return SqliteWriter(config.ledger.path, config.patience)
    return PostgresWriter(config.ledger, config.patience)


def _transactions(config: StoreConfig) -> Transactions:
    if config.database.is_sqlite:
        return SqliteTransactions(config.database, config.patience)
    return PostgresTransactions(config.database, config.connections, config.patience)


async def _any(reader: Reader, column: ColumnElement[Any], *where: ColumnElement[bool]) -> bool:
    return bool(await reader.fetch(reader.prepare(select(column).where(*where).limit(1)), {}))


async def open_store(config: StoreConfig, reindexing: bool = False) -> Store:
    """The store, checked; RootKeyError, or StoreUnavailableError NOT_MIGRATED or NOT_REINDEXED when it must not start.

    A database that is down for now does not stop the start: what is asked of the store raises StoreUnavailableError
    until it is back.
    """
    store = Store(config, reindexing)
    try:
        await store.check()
    except StoreUnavailableError as outage:
        if outage.cause in (OutageCause.NOT_MIGRATED, OutageCause.NOT_REINDEXED):
            await store.close()
            raise
        log.warning("The store is not available yet: %s (%s)", outage, outage.detail)
        store.check_until_ready()
    except BaseException:
        await store.close()
        raise
    return store
