"""Makes the database engines: writes are durable, exclusive, and fail with a typed error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from time import monotonic
from typing import Any

import aiosqlite
from sqlalchemy import AsyncAdaptedQueuePool, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.sql import commits
from store.sql.addresses import Address, connect_postgresql
from store.sql.errors import DRIVER_ERRORS, STATEMENT_ERRORS, OutageCause, cause_of, unavailable
from store.sql.reading import Reader
from store.sql.reading_postgresql import PostgresReader
from store.sql.reading_sqlite import SqliteReader
from store.sql.writing_sqlite import WritingConnection, sqlite_file

PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "secure_delete = ON",
    "journal_size_limit = 67108864",
)
"""FULL: a commit in WAL mode is on the disk when it returns, also after a power failure. secure_delete: deleted bytes
are overwritten with zeros (R35). The limit truncates the log after a burst."""


def tune(connection: Any) -> None:
    """Set the pragmas of an SQLite connection that writes."""
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


LASTING = (OutageCause.READ_ONLY, OutageCause.DOWN, OutageCause.DAMAGED)
"""Causes after which a connection must be discarded."""

POOLED = "pooled"
"""The execution option of an engine that `is_pooled` asks for."""

LAST_USED = "last used"
IDLE = 5.0
"""Seconds after which an idle pooled connection is pinged before use."""


def make_engine(
    address: Address, size: int = 8, lock_timeout: float = 5.0, longest: float | None = 30.0
) -> AsyncEngine:
    """Make an engine for writing.

    `lock_timeout` is the maximum time in seconds to wait for a lock or a connection; `longest` the maximum duration of
    a statement on PostgreSQL in seconds (None: no limit).
    """
    # One is kept; more are opened when they are needed, and closed after their use: writes by this way are rare.
    engine = _engine(address, (1, size), lock_timeout, longest)
    (_begin_at_once if address.is_sqlite else _look_after)(engine)
    return engine


def bare_engine(address: Address, size: int, lock_timeout: float) -> AsyncEngine:
    """Make an engine for `store.sql.transactions`: SQLAlchemy neither begins nor ends transactions on its
    connections."""
    # AUTOCOMMIT: SQLAlchemy must send no BEGIN. Without the second option it would send a ROLLBACK at each return.
    return _engine(address, (size, size), lock_timeout, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _engine(
    address: Address, sizes: tuple[int, int], lock_timeout: float, longest: float | None = 30.0, **options: Any
) -> AsyncEngine:
    """An engine on one connection to an SQLite file, or on connections to a server: how many are kept, and the most."""
    if address.is_sqlite:
        engine = _sqlite_engine(address, lock_timeout, **options)
    else:
        engine = _server_engine(address, sizes, lock_timeout, longest, **options)

    @event.listens_for(engine.sync_engine, "handle_error")
    def failed(context: Any) -> None:
        # A connection that found the store read-only would find it so for ever: the next one may not.
        if cause_of(context.original_exception) in LASTING:
            context.is_disconnect = True

    return engine


def _server_engine(
    address: Address, sizes: tuple[int, int], lock_timeout: float, longest: float | None, **options: Any
) -> AsyncEngine:
    # Behind a pooler the next transaction has another session of the server, which knows no statement of this one.
    unnamed: dict[str, Any] = {"prepared_statement_cache_size": 0, "prepared_statement_name_func": str}

    def connect() -> Any:
        driver: Any = engine.dialect.dbapi
        return driver.connect(
            async_creator_fn=lambda: connect_postgresql(address, "gateway-write", lock_timeout, longest),
            **(unnamed if address.pooled else {}),
        )

    engine = create_async_engine(
        "postgresql+asyncpg://",
        creator=connect,
        # Under load requests wait here, instead of exhausting the connections of the server.
        pool_size=sizes[0],
        max_overflow=sizes[1] - sizes[0],
        pool_timeout=lock_timeout,
        hide_parameters=True,  # Error messages must not contain values (D1).
        execution_options={POOLED: address.pooled},
        **options,
    )
    return engine


def is_pooled(engine: AsyncEngine) -> bool:
    """Return whether a pooler may give each statement of the engine's connections another session of the server."""
    return bool(engine.get_execution_options().get(POOLED))


def _look_after(engine: AsyncEngine) -> None:
    """Discard dead connections at checkout, with a ping only after IDLE seconds."""

    @event.listens_for(engine.sync_engine, "checkin")
    def put_back(_: Any, record: Any) -> None:
        record.info[LAST_USED] = monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def taken(connection: Any, record: Any, _: Any) -> None:
        # A connection whose server has gone is known to be closed without asking; one that was silently cut off is
        # not. Asking before each transaction (`pool_pre_ping`) would cost as many round trips as the transaction.
        if connection.driver_connection.is_closed():
            raise DisconnectionError
        if monotonic() - record.info.get(LAST_USED, monotonic()) > IDLE:
            try:
                engine.sync_engine.dialect.do_ping(connection)
            except DRIVER_ERRORS:
                raise DisconnectionError from None


def _sqlite_engine(address: Address, lock_timeout: float, **options: Any) -> AsyncEngine:
    async def create() -> aiosqlite.Connection:
        return await WritingConnection(sqlite_file(address.path), lock_timeout)

    # One connection: SQLite has one writer anyway, and the pool's queue is fair where its busy handler is not.
    engine = create_async_engine(
        "sqlite+aiosqlite://",
        async_creator=create,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=1,
        max_overflow=0,
        pool_timeout=lock_timeout,
        hide_parameters=True,
        **options,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        tune(connection)

    return engine


def _begin_at_once(engine: AsyncEngine) -> None:
    """Take the write lock of an SQLite file when a transaction begins, not at its first write."""

    @event.listens_for(engine.sync_engine, "begin")
    def begun(connection: Any) -> None:
        # As a statement of SQLAlchemy's it would cost more than all that follows it.
        connection.connection.dbapi_connection.run_async(WritingConnection.begin)


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """Run a write transaction: committed and durable when the block ends, rolled back when it raises.

    StoreUnavailableError when the database cannot be reached, is locked for too long, read-only, full or slow.
    """
    try:
        connection = await engine.connect()
    except DRIVER_ERRORS as error:
        raise unavailable(error) from None
    try:
        async with aclosing(connection), connection.begin():
            yield connection
            commits.sent()
    except STATEMENT_ERRORS as error:
        raise unavailable(error) from None


async def outside(connection: AsyncConnection, statement: str) -> None:
    """Run a statement that is not allowed in a transaction, such as VACUUM and most pragmas; its rows are discarded."""
    driver: Any = (await connection.get_raw_connection()).driver_connection
    # A row that is not fetched would keep the file locked until its cursor is garbage collected.
    await (driver.execute_fetchall if isinstance(driver, WritingConnection) else driver.execute)(statement)


def make_reader(address: Address, size: int = 8, deadline: float = 2.0) -> Reader:
    """Make a reader; `deadline` is the maximum duration of a statement in seconds, `size` the number of connections."""
    if address.is_sqlite:
        return SqliteReader(address.path, deadline)
    return PostgresReader(address, size, deadline)
