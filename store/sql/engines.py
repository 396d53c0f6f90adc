"""Makes the database engines: writes are durable, exclusive, and fail with a typed error."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import aiosqlite
import asyncpg
from sqlalchemy import URL, AsyncAdaptedQueuePool, event, make_url
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from store.sql.errors import DRIVER_ERRORS, STATEMENT_ERRORS, OutageCause, cause_of, unavailable
from store.sql.reading import Reader
from store.sql.reading_postgresql import PostgresReader
from store.sql.reading_sqlite import SqliteReader
from store.sql.writing_sqlite import WritingConnection, sqlite_file


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a database: `sqlite:////folder/file.db` or `postgresql://user:password@host/database`."""

    url: URL

    @classmethod
    def parse(cls, text: str) -> Address:
        """Parse a setting; ValueError for any other kind, without the text, which may contain a password."""
        try:
            url = make_url(text)
        except SQLAlchemyError:
            raise ValueError("not a database address") from None
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise ValueError(f"a database is sqlite:// or postgresql://, not {url.get_backend_name()}://")
        # Without a path it would be an in-memory database, a separate one for each connection.
        if url.get_backend_name() == "sqlite" and not url.database:
            raise ValueError("an SQLite database needs a file: sqlite:///path")
        return cls(url)

    @property
    def is_sqlite(self) -> bool:
        """True for a local file, False for a server."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path:
        """The path of the SQLite file."""
        return Path(self.url.database or "")

    @property
    def dsn(self) -> str:
        """The address in the form of asyncpg, with the password."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)


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
    engine = _engine(address, size, lock_timeout, longest)
    (_begin_at_once if address.is_sqlite else _look_after)(engine)
    return engine


def bare_engine(address: Address, size: int, lock_timeout: float) -> AsyncEngine:
    """Make an engine for `store.sql.transactions`: SQLAlchemy neither begins nor ends transactions on its
    connections."""
    # AUTOCOMMIT: SQLAlchemy must send no BEGIN. Without the second option it would send a ROLLBACK at each return.
    return _engine(address, size, lock_timeout, isolation_level="AUTOCOMMIT", skip_autocommit_rollback=True)


def _engine(
    address: Address, size: int, lock_timeout: float, longest: float | None = 30.0, **options: Any
) -> AsyncEngine:
    if address.is_sqlite:
        engine = _sqlite_engine(address, lock_timeout, **options)
    else:
        engine = _server_engine(address, size, lock_timeout, longest, **options)

    @event.listens_for(engine.sync_engine, "handle_error")
    def failed(context: Any) -> None:
        # A connection that found the store read-only would find it so for ever: the next one may not.
        if cause_of(context.original_exception) in LASTING:
            context.is_disconnect = True

    return engine


def _server_engine(
    address: Address, size: int, lock_timeout: float, longest: float | None, **options: Any
) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: connect_postgresql(address, "gateway-write", lock_timeout, longest),
        pool_size=size,
        max_overflow=0,  # Under load requests wait here, instead of exhausting the connections of the server.
        pool_timeout=lock_timeout,
        hide_parameters=True,  # Error messages must not contain values (D1).
        **options,
    )


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


async def connect_postgresql(
    address: Address, name: str, lock_timeout: float, longest: float | None = 30.0
) -> asyncpg.Connection[Any]:
    """Connect; the connection gives up on locks after `lock_timeout` seconds and on statements after `longest`
    seconds."""
    settings = {
        "application_name": name,
        "timezone": "UTC",
        "lock_timeout": f"{lock_timeout * 1000:.0f}ms",
        "jit": "off",  # Compiling takes longer than the short statements of this product.
    }
    return await asyncpg.connect(address.dsn, timeout=5, command_timeout=longest, server_settings=settings)


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
    return PostgresReader(address.dsn, size, deadline)
