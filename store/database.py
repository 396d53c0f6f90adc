"""The whole store behind one door: reads, writes, keys and the ledger."""

from __future__ import annotations

import asyncio
import logging
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Table, delete, false, select, table
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.config import StoreConfig
from store.customers import customers
from store.engines import make_engine, make_reader, transaction
from store.faults import Cause, StoreUnavailable
from store.housekeys import INDEX_KEY
from store.keys import subject_keys, system_keys
from store.keystore import KeyStore
from store.ledger import Ledger, Writer
from store.ledger_postgresql import PostgresWriter
from store.ledger_sqlite import SqliteWriter
from store.reading import Reader
from store.rootkey import RootKeyMissing, RootKeyProblem, RootKeys
from store.schemas import KEYS, LEDGER, MAIN
from store.scrubbing import scrub
from store.transactions import Transactions
from store.transactions_postgresql import PostgresTransactions
from store.transactions_sqlite import SqliteTransactions
from store.versions import check_version

__all__ = ["Store", "StoreConfig", "StoreUnavailable", "open_store"]

log = logging.getLogger(__name__)

RETRY = 1.0
"""Seconds between two attempts to reach a store that was down at the start."""


class KeyStoreMissing(RootKeyProblem):
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
    """For what may stand in no transaction."""
    transactions: Transactions
    key_reader: Reader
    key_engine: AsyncEngine


class Store:
    """What `open_store` gives. All of it may be used at once by any number of tasks of one event loop."""

    def __init__(self, config: StoreConfig) -> None:
        """Connects to nothing yet, and may raise RootKeyWrong or RootKeyExposed; ValueError for a bad address."""
        root = RootKeys(config.root_key_path)
        size, deadline = config.connections, config.read_deadline
        key_reader = make_reader(config.key_store, size, deadline)
        key_engine = make_engine(config.key_store, size, config.patience)
        self.reader = make_reader(config.database, size, deadline)
        """The customers' data."""
        self.ledger_reader = make_reader(config.ledger, 1, deadline)
        """The ledger's table, for audits."""
        self.keys = KeyStore(key_reader, key_engine, root, config.keys_kept, config.key_max_age)
        self.ledger = Ledger(_ledger_writer(config))
        engine, transactions = make_engine(config.database, 1, config.patience), _transactions(config)
        self._parts = _Parts(config, root, engine, transactions, key_reader, key_engine)
        self._checked = False
        self._checking: asyncio.Task[None] | None = None

    def write(self, *, brief: bool = False) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction on the main database, durable when the block ends; see `store.transactions`.

        On SQLite it is the only writer while the block runs, so keep it short and never open a second one inside; one
        that is `brief`, and awaits nothing but its own statements, is committed together with others. On PostgreSQL it
        is READ COMMITTED: lock with `with_for_update()` what you read in order to change it.
        """
        return self._parts.transactions.begin(brief)

    async def scrub(self, table: Table) -> None:
        """Take what was deleted from a table out of the main database's files, too; see `store.scrubbing`."""
        await scrub(self._parts.engine, table)

    async def ready(self) -> None:
        """StoreUnavailable unless reads, writes, keys and the ledger would all succeed now."""
        await self.check()
        for writing, schema in ((self.write(), MAIN), (transaction(self._parts.key_engine), KEYS)):
            async with writing as connection:
                # Nothing is deleted, and a database that takes no writes refuses it all the same.
                await connection.execute(delete(table(schema.version_table)).where(false()))
        await self.ledger.check()

    async def check(self) -> None:
        """What must be so before the first request, in order; once it was so, it is not asked again.

        (1) All sets of tables are at this release's version (StoreUnavailable NOT_MIGRATED); (2) there is a root key,
        or none is needed yet and it is made now (RootKeyMissing, KeyStoreMissing); (3) it unwraps what is there
        (RootKeyWrong).
        """
        if self._checked:
            return
        await self._check_versions()  # (1)
        await self._check_root_key()  # (2)
        await self.keys.house.system(INDEX_KEY)  # (3)
        await self.keys.house.load_ids(self._parts.config.id_key_version)
        self._checked = True

    async def _check_versions(self) -> None:
        config = self._parts.config
        for schema, address, reader in (
            (MAIN, config.database, self.reader),
            (LEDGER, config.ledger, self.ledger_reader),
            (KEYS, config.key_store, self._parts.key_reader),
        ):
            if address.is_sqlite and not address.path.exists():
                raise StoreUnavailable(Cause.NOT_MIGRATED, schema.name)
            await check_version(reader, schema)

    async def _check_root_key(self) -> None:
        root, key_reader = self._parts.root, self._parts.key_reader
        if await _any(key_reader, system_keys.c.name) or await _any(key_reader, subject_keys.c.customer_id):
            if not root.exists:
                raise RootKeyMissing(root.path)
        elif await _any(self.reader, customers.c.id):
            raise KeyStoreMissing
        elif not root.exists:
            root.create()

    def check_until_ready(self) -> None:
        """Go on checking in the background: a store that was down at the start comes back without a restart."""
        self._checking = asyncio.create_task(self._check_again())

    async def _check_again(self) -> None:
        while not self._checked:
            await asyncio.sleep(RETRY)
            try:
                await self.check()
            except StoreUnavailable:
                continue
            except RootKeyProblem as problem:
                log.critical("%s", problem)

    async def close(self) -> None:
        """Write what the ledger still holds, then let go of all connections, whatever goes wrong with one of them."""
        async with AsyncExitStack() as steps:  # Run from the last to the first.
            for engine in (self._parts.engine, self._parts.key_engine):
                steps.push_async_callback(engine.dispose)
            steps.push_async_callback(self._parts.transactions.close)
            for reader in (self.reader, self.ledger_reader, self._parts.key_reader):
                steps.push_async_callback(reader.close)
            steps.push_async_callback(self.ledger.close)
            if self._checking is not None:
                self._checking.cancel()
                with suppress(asyncio.CancelledError):
                    await self._checking


def _ledger_writer(config: StoreConfig) -> Writer:
    if config.ledger.is_sqlite:
        return SqliteWriter(config.ledger.path, config.patience)
    return PostgresWriter(config.ledger, config.patience)


def _transactions(config: StoreConfig) -> Transactions:
    if config.database.is_sqlite:
        return SqliteTransactions(config.database, config.patience)
    return PostgresTransactions(config.database, config.connections, config.patience)


async def _any(reader: Reader, column: ColumnElement[Any]) -> bool:
    return bool(await reader.fetch(reader.prepare(select(column).limit(1)), {}))


async def open_store(config: StoreConfig) -> Store:
    """The store, checked; RootKeyProblem or StoreUnavailable NOT_MIGRATED when the process must not start.

    A database that is down for now does not stop the start: what is asked of the store raises StoreUnavailable until
    it is back.
    """
    store = Store(config)
    try:
        await store.check()
    except StoreUnavailable as outage:
        if outage.cause is Cause.NOT_MIGRATED:
            await store.close()
            raise
        log.warning("The store is not available yet: %s (%s)", outage, outage.detail)
        store.check_until_ready()
    except BaseException:
        await store.close()
        raise
    return store
