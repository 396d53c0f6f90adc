"""The facade of the store: reads, writes, keys and the ledger."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
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
from store.ledger.append import Append, GroupWriter, LedgerAppender
from store.ledger.append_postgresql import PostgresWriter
from store.ledger.append_sqlite import SqliteWriter
from store.ledger.failover import FailoverWatch, LedgerTailLostError
from store.ledger.heads import Containing, Heads, LedgerBehindError, SignedHead
from store.ledger.tally import AnonymousReadTally
from store.operations.index_changes import await_all, index_rebuilds
from store.operations.lookup_counts import differing, key_lookup_count, lookup_count, set_count
from store.operations.value_rewrites import value_rewrites
from store.records.holdings import holdings
from store.sql.engines import make_engine, make_reader, transaction
from store.sql.errors import OutageCause, StoreUnavailableError
from store.sql.horizon import StillVisibleError, mark, passed
from store.sql.reading import Fetch, Reader, Row
from store.sql.reading_postgresql import PostgresReader
from store.sql.scrubbing import scrub, scrub_statistics
from store.sql.semaphore import Slots
from store.sql.statements import Statement
from store.sql.transactions import Transactions
from store.sql.transactions_postgresql import PostgresTransactions
from store.sql.transactions_sqlite import SqliteTransactions
from store.tables.customers import customers
from store.tables.oauth import used_values

__all__ = ["Store", "StoreConfig", "StoreUnavailableError", "open_store"]

log = logging.getLogger(__name__)

CLEANING = 3600.0
"""Maximum duration of a statement over a whole table, such as VACUUM, in seconds."""

TIDYING = 5.0
"""Maximum wait for short reads to end before `tidy`, in seconds."""

RETRY = 1.0
"""Seconds between two attempts to reach a store that is down."""

WATCH = 5.0
"""Seconds between two checks that the ledger still contains the signed tree head."""

PLACE = 60.0
"""Seconds for which the answer of the further place of tree heads is cached."""


class KeyStoreMissingError(RootKeyError):
    """There are customers, but the key store is empty: the settings name the wrong one, or it was lost."""

    def __init__(self) -> None:
        super().__init__(
            "The key store is empty, but the database has customers whose data only its keys can open. Restore the key "
            "store from its backup, or point the settings at the right one. Nothing was changed."
        )


@dataclass(frozen=True, slots=True)
class _Parts:
    """The private parts of a store."""

    config: StoreConfig
    root: RootKeys
    engine: AsyncEngine
    """For statements that are not allowed in a transaction, with the role of the owner."""
    transactions: Transactions
    key_reader: Reader
    key_engine: AsyncEngine
    key_owner: AsyncEngine


@dataclass(frozen=True, slots=True)
class Point:
    """A point in the order of transactions of the main database and of the key store (`store.sql.horizon`)."""

    main: str | None
    keys: str | None


class Store:
    """An open store, made by `open_store`; safe for any number of concurrent tasks of one event loop."""

    def __init__(self, config: StoreConfig, reindexing: bool = False) -> None:
        """Does not connect yet; may raise RootKeyMismatchError or RootKeyExposedError, and ValueError for a bad
        address.

        `reindexing` opens a store whose look-ups are still to be rebuilt, in order to do so
        (`store.upgrade.reindexing`).
        """
        root = RootKeys(config.root_key_path)
        pools, deadline = config.pools, config.read_deadline
        key_reader = make_reader(config.key_store, pools.key_readers, deadline)
        key_engine = make_engine(config.key_store, pools.key_writers, config.lock_timeout)
        key_owner = make_engine(config.maintained(config.key_store), 1, config.lock_timeout, CLEANING)
        self.reader = make_reader(config.database, pools.readers, deadline)
        """Reads the customer data."""
        self.ledger_reader = make_reader(config.ledger, 1, deadline)
        """Reads the ledger's tables, for audits."""
        self.keys = KeyStore(key_reader, key_engine, root, config.keys_kept, config.key_max_age, owner=key_owner)
        writer = _ledger_writer(config)
        self.ledger = LedgerAppender(writer)
        self.tally = AnonymousReadTally(self.ledger)
        self.failover = (
            FailoverWatch(self.ledger_reader, key_reader, key_engine, writer)
            if isinstance(writer, PostgresWriter)
            else None
        )
        """Notices another server of the ledger; None on SQLite."""
        self.heads = Heads(key_reader, key_engine, guard=self.failover.check if self.failover is not None else None)
        """The latest signed tree heads of the ledger."""
        self._containing, self._place = Containing(self.ledger_reader), config.head_place
        self._placed: tuple[float, SignedHead | None] | None = None
        engine = make_engine(config.maintained(config.database), 1, config.lock_timeout, CLEANING)
        self._parts = _Parts(config, root, engine, _transactions(config), key_reader, key_engine, key_owner)
        self._reindexing = reindexing
        self._checked = False
        self._watched = False
        self._first: Callable[[], Awaitable[object]] | None = None
        self._checking: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        if isinstance(writer, PostgresWriter):
            writer.on_another = self._hurry.set

    def observe(self, fetching: Callable[[str, Fetch], Fetch], appending: Callable[[Append], Append]) -> None:
        """Run each later reading, with the name of its database, and each append to the ledger through these."""
        for name, reader in (
            (MAIN.name, self.reader),
            (LEDGER.name, self.ledger_reader),
            (KEYS.name, self._parts.key_reader),
        ):
            reader.observe(partial(fetching, name))
        self.ledger.observe(appending)

    def write(self, *, group_commit: bool = False, apart: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """Run a transaction on the main database, durable when the block ends; see `store.sql.transactions`.

        On SQLite it is the only writer while the block runs, so keep it short and never open a second one inside; a
        `group_commit` block, which awaits nothing but its own statements, takes part in group commit. On PostgreSQL it
        is READ COMMITTED: lock rows that you read in order to change them with `with_for_update()`. A write that must
        persist even if the mutation around it is rolled back, such as the count of a failed attempt, is `apart`; here
        every transaction is.
        """
        return self._parts.transactions.begin(group_commit)

    @property
    def at_once(self) -> bool:
        """True if `once` is possible, and saves round trips."""
        return isinstance(self._parts.transactions, PostgresTransactions)

    async def once(self, statement: Statement, values: Mapping[str, Any]) -> Sequence[Row]:
        """Run one statement that is a durable transaction by itself, and return its rows; only if `at_once`."""
        transactions = self._parts.transactions
        if not isinstance(transactions, PostgresTransactions):
            raise TypeError("a statement by itself is a transaction on PostgreSQL alone")
        return await transactions.once(statement, values)

    async def afterwards(self, act: Callable[[], Awaitable[None]]) -> None:
        """Do what follows a transaction: at once, since it has ended. A store that holds its transaction open waits."""
        await act()

    async def scrub(self, table: Table, *, must: bool = False, whole: bool = False) -> None:
        """Remove the deleted rows of a table from the main database's files, too; see `store.sql.scrubbing`."""
        await scrub(self._parts.engine, table, must=must, whole=whole)

    async def scrub_statistics(self) -> None:
        """Remove dropped samples from PostgreSQL's table of statistics; see `store.sql.scrubbing`."""
        await scrub_statistics(self._parts.engine)

    @property
    def on_server(self) -> bool:
        """True if the customer data is on a PostgreSQL server."""
        return not self._parts.config.database.is_sqlite

    def pools(self) -> dict[str, Slots]:
        """Return the slots of the pools of connections to PostgreSQL by name; none on SQLite."""
        found = {"read": self.reader, "write": self._parts.transactions, "keys": self._parts.key_reader}
        return {
            name: pool.slots for name, pool in found.items() if isinstance(pool, (PostgresReader, PostgresTransactions))
        }

    async def point(self) -> Point:
        """Return a point in both databases after everything that is committed now; StoreUnavailableError."""
        return Point(await mark(self._parts.engine), await mark(self._parts.key_owner))

    async def unseen(self, point: Point, max_wait: float = 0.0) -> None:
        """Wait until no snapshot sees rows deleted before a point; StillVisibleError after `max_wait` seconds."""
        await passed(self._parts.engine, point.main, max_wait)
        await passed(self._parts.key_owner, point.keys, max_wait)

    async def tidy(self, now: datetime) -> None:
        """Remove deleted and overwritten values of all tables from the files: those whose removal was postponed because
        a snapshot still saw them, and former values of changed rows, such as an old address. Weekly keys whose week is
        over are destroyed first, even if nobody has requested the next one."""
        await self.keys.system.end_weeks(now)
        point = await self.point()
        try:
            await self.unseen(point, TIDYING)
        except StillVisibleError as seen:
            log.warning("What was removed stays in the files for now: %s (%s)", seen.reason, seen.detail)
        for each in holdings():
            await self.scrub(each.table)
        await self.keys.clean()
        await self.keys.clean_system()

    async def ready(self) -> None:
        """Check that reads, writes, keys and the ledger all work now; else StoreUnavailableError."""
        await self.check()
        for writing, table, change in (
            (self.write(group_commit=True), used_values, {"until": used_values.c.until}),
            (transaction(self._parts.key_engine), system_keys, {"wrapped": system_keys.c.wrapped}),
        ):
            async with writing as connection:
                # It changes no row, and a read-only database refuses it all the same: a probe must not write.
                await connection.execute(update(table).where(false()).values(change))
        await self.ledger.check()

    async def check(self) -> None:
        """Check the preconditions of the first request, in order; (1) to (3) only until they hold once.

        (1) All sets of tables are at this release's version, and no value is stored in a former form
        (StoreUnavailableError NOT_MIGRATED); every row can be found by this release's form of its look-ups, and the
        look-ups are from the same time as the data (NOT_REINDEXED, see `store.operations.lookup_counts`); (2) there is
        a root key, or none is needed yet and it is made now (RootKeyMissingError, KeyStoreMissingError); (3) it unwraps
        the stored keys (RootKeyMismatchError). (4) The ledger contains the signed tree head
        (LedgerBehindError), and its server the last entry that was acknowledged (LedgerTailLostError): checked each
        time, since a server may fail over to a standby that lacks the last entries (F8); until it does, nothing is
        recorded, and so nothing is revealed (D13). (5) The start-up work of `begin_with` is done.
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
        await self.keys.system.named(INDEX_KEY)  # (3)
        await self.keys.system.load_ids(self._parts.config.id_key_version)
        await self.keys.lookups.epochs.load()
        self._checked = True

    async def _check_heads(self) -> None:
        try:
            await self._containing.require([await self.heads.latest(), await self._head_of_place()])
            if self.failover is not None:
                await self.failover.check()
        except (LedgerBehindError, LedgerTailLostError) as behind:
            # Logged once, not at every check.
            if not isinstance(self.ledger.withheld, type(behind)):
                log.critical("%s Nothing is answered or signed meanwhile (%s)", behind, behind.detail)
            self.ledger.withheld = behind
            raise
        # Not while start-up work is outstanding, which withholds the ledger as well.
        if self._first is None and self.ledger.withheld is not None:
            log.warning("The ledger has what was signed: requests are answered again")
            self.ledger.withheld = None

    async def _head_of_place(self) -> SignedHead | None:
        """Return the head of the further place, cached for PLACE seconds; an outage of it stops signing, but not
        serving."""
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
        """Refuse to serve a database that was restored without the other: an address that is not found could be
        taken."""
        anew = await differing(self.reader, self._parts.key_reader)
        if anew is not None:
            log.critical("The data and the key store are of different times, such as after a restore of one of them")
            # The order is for crashes: the rebuild is recorded durably before the counts agree and hide the need for
            # it.
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
            # Neither keys nor customers: a new store.
            root.create()

    def check_until_ready(self) -> None:
        """Keep checking in the background: a store that was down at the start recovers without a restart."""
        if self._checking is None:
            self._checking = asyncio.create_task(self._check_again())

    async def begin_with(self, first: Callable[[], Awaitable[object]]) -> None:
        """Run start-up work before any request is answered: now, or as soon as the store can be reached."""
        self._first = first
        # Until the work is done nothing is recorded, and so nothing is revealed.
        self.ledger.withheld = self.ledger.withheld or StoreUnavailableError(OutageCause.DOWN, "not begun")
        with suppress(StoreUnavailableError):
            await self.check()

    def watch(self) -> None:
        """Keep checking as `check_until_ready` does, and then the ledger against its signed head until the store
        closes."""
        self._watched = True
        self.check_until_ready()

    async def _check_again(self) -> None:
        fine = self._checked and self.ledger.withheld is None
        while self._watched or not fine:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), WATCH if fine else RETRY)
                await asyncio.sleep(RETRY)  # As often as a store that is down, and no oftener.
            self._hurry.clear()
            fine = False
            try:
                await self.check()
                fine = True
            except StoreUnavailableError:
                continue
            except RootKeyError as problem:
                # An operator may restore the file, so go on checking.
                log.critical("%s", problem)

    async def close(self) -> None:
        """Write the pending ledger entries, then close all connections, even if closing one of them fails."""
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
        return SqliteWriter(config.ledger.path, config.lock_timeout)
    return PostgresWriter(config.ledger, config.lock_timeout)


def _transactions(config: StoreConfig) -> Transactions:
    if config.database.is_sqlite:
        return SqliteTransactions(config.database, config.lock_timeout)
    return PostgresTransactions(config.database, config.pools.writers, config.lock_timeout)


async def _any(reader: Reader, column: ColumnElement[Any], *where: ColumnElement[bool]) -> bool:
    return bool(await reader.fetch(reader.prepare(select(column).where(*where).limit(1)), {}))


async def open_store(config: StoreConfig, reindexing: bool = False) -> Store:
    """Open and check a store; RootKeyError, or StoreUnavailableError NOT_MIGRATED or NOT_REINDEXED when it must not
    start.

    A database that is temporarily down does not prevent the start: calls raise StoreUnavailableError until it is back.
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
